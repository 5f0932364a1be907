import { median } from '../median.ts';
import { centredSums } from '../straight-line.ts';
import type { SawtoothFloor } from './sawtooth-floor.ts';

/**
 * A saw-tooth without its teeth: what is collected fills up alike in each cycle, so its mean course is known from all cycles and can be taken off.
 *
 *      /|  /|  /|                       What is left rises with the floor, and has a value a sample, where the floor itself has one
 *     / | / | / |   -   /|  /|  /|      a collection: too few to know a slope and its noise by.
 *    /  |/  |/  |      / | / | / |
 */
export function withoutGarbage(t: Float64Array, values: Float64Array, floor: SawtoothFloor): Float64Array {
  if (!isEven(floor.t)) return values;
  const phases = phasesOf(t, floor.t);
  const garbage = garbageOfCycle(values, floor.t, phases);
  return garbage > 0 ? values.map((value, i) => value - garbage * phases.share[i]!) : values;
}

/** Cycles that differ by more are not alike, or some between them were not seen. */
const MAX_UNEVENNESS = 2;

function isEven(t: Float64Array): boolean {
  const lengths = t
    .subarray(1)
    .map((at, k) => at - t[k]!)
    .sort();
  return lengths.at(-1)! <= MAX_UNEVENNESS * lengths[0]!;
}

interface Phases {
  /** Cycle of each sample: 0 before the first trough. */
  readonly cycle: Int32Array;
  /** Of its cycle, how much had passed at each sample, 0 to 1. */
  readonly share: Float64Array;
  readonly cycleS: number;
}

/** The first cycle is seen from some time on and the last one until some time; both are taken to be as long as the others. */
function phasesOf(t: Float64Array, troughs: Float64Array): Phases {
  const cycleS = median(troughs.subarray(1).map((at, k) => at - troughs[k]!));
  const cycle = new Int32Array(t.length);
  const share = new Float64Array(t.length);
  let k = 0;
  for (let i = 0; i < t.length; i++) {
    while (k < troughs.length && troughs[k]! <= t[i]!) k++;
    const from = k === 0 ? troughs[0]! - cycleS : troughs[k - 1]!;
    const lengthS = k === 0 || k === troughs.length ? cycleS : troughs[k]! - from;
    cycle[i] = k;
    share[i] = Math.min(1, Math.max(0, (t[i]! - from) / lengthS));
  }
  return { cycle, share, cycleS };
}

/** What a whole cycle adds, less what the floor rises by in that time. */
function garbageOfCycle(values: Float64Array, troughs: Float64Array, { cycle, share, cycleS }: Phases): number {
  const levels: number[] = [];
  const shares: number[] = [];
  let [sxx, sxy] = [0, 0];
  // The first and the last cycle are seen in part.
  for (let k = 1; k < troughs.length; k++) {
    const [from, to] = [cycle.indexOf(k), cycle.lastIndexOf(k) + 1];
    const sums = centredSums(share.subarray(from, to), values.subarray(from, to));
    sxx += sums.sxx;
    sxy += sums.sxy;
    levels.push(sums.meanY);
    shares.push(sums.meanX);
  }
  const within = sxy / sxx;
  const floor = centredSums(
    troughs.subarray(0, -1),
    levels.map((level, k) => level - within * shares[k]!),
  );
  return within - (floor.sxy / floor.sxx) * cycleS;
}
