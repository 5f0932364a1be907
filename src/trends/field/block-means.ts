import { DAY_S } from '../../units.ts';
import type { Blocks } from './shared-work.ts';
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
  // If the window is a whole number of steps, its last sample is at the last edge. It belongs to the block before that edge.
  const all = Math.max(1, Math.ceil(windowS / stepS - 1e-9));
  const skipped = Math.max(0, all - newest);
  const { first, edges, timesS } = shared.blocks(t, { from, to, stepS, skipped }, () => {
    const span = { t, from, to, fromT, windowS };
    return { ...blockEdges(span, stepS, skipped, all), timesS: blockTimes(span, stepS, skipped, all, intervalS) };
  });
  const { means, points } = shared.arithmetic.robustMeans(values.subarray(first, to), edges);
  const known = means.includes(Number.NaN) ? withoutGaps(timesS, means) : { timesS, y: means };
  return { ...known, fromT, stepS, points, windowS };
}

interface Span {
  readonly t: Float64Array;
  readonly from: number;
  readonly to: number;
  readonly fromT: number;
  readonly windowS: number;
}

/** Index of the first sample of the blocks from number `skipped` on, and counted from there that of each of them, and of the end. */
function blockEdges({ t, from, to, fromT }: Span, stepS: number, skipped: number, all: number): Pick<Blocks, 'first' | 'edges'> {
  const first = skipped === 0 ? from : lowerBound(t, fromT + skipped * stepS, from, to);
  const edges = [0];
  for (let block = skipped + 1; block < all; block++)
    edges.push(lowerBound(t, fromT + block * stepS, first + edges[edges.length - 1]!, to) - first);
  edges.push(Math.max(0, to - first));
  return { first, edges };
}

/** As of even samples, so that containers that are sampled unevenly share their times. The last block has the sample at its end, too. */
function blockTimes({ windowS }: Span, stepS: number, skipped: number, all: number, intervalS: number): Float64Array {
  const times = new Float64Array(all - skipped);
  for (let i = 0; i < times.length; i++) times[i] = (skipped + i) * stepS + (stepS - intervalS) / 2;
  times[times.length - 1] = ((all - 1) * stepS + windowS) / 2;
  return times;
}

function withoutGaps(timesS: Float64Array, y: Float64Array): Pick<BlockMeans, 'timesS' | 'y'> {
  let count = 0;
  const [times, known] = [new Float64Array(y.length), new Float64Array(y.length)];
  for (let block = 0; block < y.length; block++) {
    if (Number.isNaN(y[block]!)) continue;
    times[count] = timesS[block]!;
    known[count++] = y[block]!;
  }
  return { timesS: times.subarray(0, count), y: known.subarray(0, count) };
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
