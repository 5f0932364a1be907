import type { Random } from '../random.ts';
import type { Grid, SeriesPart } from './parts.ts';

export interface HeapPlan {
  /** The live set in bytes at each point of the grid. */
  readonly live: Float64Array;
  /** The live set at the end without its noise. */
  readonly liveNow: number;
  readonly slope: number;
  readonly sinceS: number;
  /** Maximum garbage of a minor cycle, and of a major one (0: every collection is full). */
  readonly young: number;
  readonly youngPeriodS: number;
  readonly old: number;
  readonly oldPeriodS: number;
  readonly max: number;
}

/**
 * heap_used of a generational collector: minor cycles on top of garbage that only major collections remove. The live set shows at the
 * troughs of the slower of the two.
 */
export function heapOf(
  grid: Grid,
  random: Random,
  plan: HeapPlan,
): { readonly used: SeriesPart; readonly highWater: SeriesPart } {
  const { live, liveNow, young, youngPeriodS, old, oldPeriodS, max } = plan;
  const used = new Float64Array(grid.n);
  const dead = new Float64Array(grid.n);
  const high = new Float64Array(grid.n);
  let youngAt = youngPeriodS * random.next();
  let youngS = youngPeriodS;
  let oldAt = oldPeriodS * random.next();
  let oldS = oldPeriodS;
  let maxSoFar = 0;
  for (let i = 0; i < grid.n; i++) {
    if (youngAt >= youngS) {
      youngAt %= youngS;
      youngS = youngPeriodS * random.between(0.85, 1.15);
    }
    if (oldAt >= oldS) {
      oldAt = 0;
      oldS = oldPeriodS * random.between(0.9, 1.1);
    }
    used[i] = Math.min(max, live[i]! + (young * youngAt) / youngPeriodS + (old * oldAt) / oldPeriodS);
    dead[i] = used[i]! - live[i]!;
    youngAt += grid.stepS;
    oldAt += grid.stepS;
    // A committed heap is not returned to the kernel; it is touched up to about its maximum so far.
    maxSoFar = Math.max(maxSoFar, Math.min(max, live[i]! + young + old));
    high[i] = maxSoFar;
  }
  const slow = old > 0 ? oldPeriodS : youngPeriodS;
  const garbage = old > 0 ? old : young;
  const late =
    (garbage * grid.stepS) / slow + (old > 0 ? young * Math.min(1, (youngPeriodS + grid.stepS) / oldPeriodS + 0.3) : 0);
  const common = { slope: plan.slope, sinceS: plan.sinceS, toCome: 0 };
  const leaked = Float64Array.from({ length: grid.n }, (_, i) => plan.slope * Math.max(0, i * grid.stepS - plan.sinceS));
  return {
    used: {
      ...common,
      liveNow,
      values: used,
      courses: [leaked, dead],
      pending: grid.windowS - plan.sinceS < 3 * slow ? young + old : 0,
      variance: (spanS) => (12 * (late * late)) / 12 / Math.max(1.5, spanS / slow) + (spanS < 3 * slow ? (young + old) ** 2 : 0),
    },
    highWater: {
      ...common,
      values: high,
      courses: [leaked, high.map((value, i) => value - leaked[i]!)],
      pending: 0,
      variance: () => 0,
    },
  };
}
