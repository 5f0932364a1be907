import { blocks, type Points } from './prepare.ts';
import { fitLine, quantile95, tailP } from './regression.ts';
import type { FieldTrend, Trend, TrendBasis } from './types.ts';

export interface FieldOptions {
  readonly minSeconds: number;
  readonly minPoints: number;
  /** Judge the floor of a saw-tooth, not its middle. */
  readonly floor: boolean;
  /** A rise below this over the window is not material, in the field's unit. */
  readonly leastRise: number;
}

const BLOCKS = 96;
const P_GROWING = 0.005;

/** One field's trend in its current life: least squares on blocks, with rules for what looks like a trend and is none. */
export function fieldTrend(points: Points, options: FieldOptions): FieldTrend {
  const { t } = points;
  const windowSeconds = t.length > 1 ? t[t.length - 1]! - t[0]! : 0;
  const none = (because: string): FieldTrend => ({
    trend: 'not-enough-data',
    slopeBytesPerHour: null,
    low: null,
    high: null,
    p: null,
    points: t.length,
    windowSeconds,
    basis: { segments: [t[0] ?? 0], line: null, fits: [], tests: {}, because },
  });
  if (windowSeconds < options.minSeconds || t.length < options.minPoints) return none('the history is too short');
  const thin = blocks(points, BLOCKS, options.floor);
  const line = fitLine(thin);
  if (line === null) return none('too few points to fit a line');
  const half = { t: thin.t.slice(thin.t.length >> 1), y: thin.y.slice(thin.t.length >> 1) };
  const late = fitLine(half);
  const tValue = line.standardError > 0 ? line.slope / line.standardError : line.slope === 0 ? 0 : Math.sign(line.slope) * 100;
  const p = tailP(tValue, line.degrees);
  const rise = line.slope * windowSeconds;
  const margin = quantile95(line.degrees) * line.standardError;
  const lateShare = late !== null && line.slope !== 0 ? late.slope / line.slope : 0;
  const tests = { t: tValue, degrees: line.degrees, rise, lateShare, residualSd: line.residualSd };
  const { trend, because } = decide({ p, rise, lateShare, leastRise: options.leastRise, steps: largestStepShare(thin, rise) });
  const basis: TrendBasis = {
    segments: [t[0]!],
    line: {
      fromT: t[0]!,
      toT: t[t.length - 1]!,
      level: line.level + line.slope * (t[0]! - line.meanT),
      slopePerSecond: line.slope,
    },
    fits: [{ model: 'line', score: line.residualSd }],
    tests,
    because,
  };
  const hour = (perSecond: number): number => perSecond * 3600;
  return {
    trend,
    slopeBytesPerHour: hour(line.slope),
    low: hour(line.slope - margin),
    high: hour(line.slope + margin),
    p,
    points: t.length,
    windowSeconds,
    basis,
  };
}

function decide(x: { p: number; rise: number; lateShare: number; leastRise: number; steps: number }): {
  trend: Trend;
  because: string;
} {
  if (Math.abs(x.rise) < x.leastRise) return { trend: 'stable', because: 'the rise over the window is not material' };
  if (x.p > P_GROWING && x.p < 1 - P_GROWING) return { trend: 'stable', because: 'no drift that stands out from its own swings' };
  if (x.rise < 0) return { trend: 'shrinking', because: 'a lasting fall' };
  if (x.steps > 0.6) return { trend: 'stable', because: 'the rise is one step, not a slope' };
  if (x.lateShare < 0.5)
    return {
      trend: x.lateShare > 0.15 ? 'settling' : 'stable',
      because: 'the second half grows less than half as fast as the whole',
    };
  return { trend: 'growing', because: 'a steady rise in both halves of the window' };
}

/** How much of the whole rise the largest step between neighbours makes up: 1 for a single step. */
function largestStepShare({ y }: Points, rise: number): number {
  let largest = 0;
  for (let i = 2; i < y.length; i++) largest = Math.max(largest, y[i]! - y[i - 2]!);
  return rise > 0 ? largest / rise : 0;
}
