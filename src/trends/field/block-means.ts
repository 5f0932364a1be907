import { DAY_S } from '../../units.ts';
import type { Window } from './window.ts';

/** A field thinned to about a hundred values at even steps. The slope over the whole window needs no more. */
export interface BlockMeans {
  /** Mean time of the samples in each block that has values, in seconds after `fromT`. */
  readonly timesS: Float64Array;
  /** Robust mean of each of these blocks, in the field's unit. */
  readonly y: Float64Array;
  readonly fromT: number;
  readonly stepS: number;
  /** Number of samples in all blocks. */
  readonly points: number;
  readonly windowS: number;
}

/** Block lengths (seconds) that divide a day evenly, so that the same hours of two days can be compared. */
const DAY_DIVISORS = [60, 120, 300, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200, 10_800, 14_400];

function blockSeconds(windowS: number, intervalS: number, most: number): number {
  const least = Math.max(windowS / most, intervalS);
  if (windowS < 1.2 * DAY_S) return least;
  return DAY_DIVISORS.find((step) => step >= least) ?? least;
}

/** Robust means of the samples in a window, one a block of time. NaN is a gap. There are about `most` blocks or fewer; of these the last `newest`. */
export function blockMeans(
  values: Float64Array,
  { t, from, to, intervalS, shared }: Pick<Window, 't' | 'from' | 'to' | 'intervalS' | 'shared'>,
  most: number,
  newest = Number.POSITIVE_INFINITY,
): BlockMeans {
  const fromT = t[from] ?? 0;
  const windowS = (t[to - 1] ?? fromT) - fromT;
  const stepS = blockSeconds(windowS, intervalS, most);
  const all = shared.edges(t, from, to, stepS, () => blockEdges(t, from, to, stepS, windowS));
  const skipped = Math.max(0, all.length - 1 - newest);
  const first = all[skipped]!;
  const edges = skipped === 0 ? all : all.slice(skipped).map((edge) => edge - first);
  const { means, points } = shared.robustMeans(values.subarray(from + first, to), edges);
  let count = 0;
  const x = new Float64Array(means.length);
  for (let block = 0; block < means.length; block++) {
    if (Number.isNaN(means[block]!)) continue;
    const fromS = (skipped + block) * stepS;
    // As of even samples, so that containers that are sampled unevenly share their times. The last block has the sample at its end, too.
    x[count] = block === means.length - 1 ? (fromS + windowS) / 2 : fromS + (stepS - intervalS) / 2;
    means[count++] = means[block]!;
  }
  return { timesS: x.subarray(0, count), y: means.subarray(0, count), fromT, stepS, points, windowS };
}

/** Index of the first sample of each block, counted from `from`, and of the end. */
function blockEdges(t: Float64Array, from: number, to: number, stepS: number, windowS: number): readonly number[] {
  // If the window is a whole number of steps, its last sample is at the last edge. It belongs to the block before that edge.
  const blocks = Math.max(1, Math.ceil(windowS / stepS - 1e-9));
  const fromT = t[from] ?? 0;
  const edges = [0];
  for (let block = 1; block < blocks; block++)
    edges.push(lowerBound(t, fromT + block * stepS, from + edges[block - 1]!, to) - from);
  edges.push(Math.max(0, to - from));
  return edges;
}

/** Index of the first of the samples `from` to `to` at or after the time `at`, by bisection. */
export function lowerBound(t: Float64Array, at: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (t[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
