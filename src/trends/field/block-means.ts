import { wasmKernel } from '../model/kernel/kernel.ts';

/** A field thinned to a few hundred values at even steps, which is all that a slope over the whole window needs. */
export interface BlockMeans {
  /** Middle of each block that has values, seconds after `fromT`. */
  readonly timesS: Float64Array;
  /** Robust mean of the block. */
  readonly y: Float64Array;
  readonly fromT: number;
  readonly stepS: number;
  /** Samples that stand behind them. */
  readonly points: number;
  readonly windowS: number;
}

const DAY = 86_400;
/** Blocks that go evenly into a day, so that hours of a day can be compared. */
const DAY_DIVISORS = [60, 120, 300, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200, 10_800, 14_400];

function blockSeconds(windowS: number, intervalS: number, most: number): number {
  const least = Math.max(windowS / most, intervalS);
  if (windowS < 1.2 * DAY) return least;
  return DAY_DIVISORS.find((step) => step >= least) ?? least;
}

/** Robust means of samples `from` (inclusive) to `to` (exclusive) by blocks of time; NaN is a gap. At most about `most` blocks. */
export function blockMeans(
  t: Float64Array,
  values: Float64Array,
  from: number,
  to: number,
  intervalS: number,
  most: number,
): BlockMeans {
  const fromT = t[from] ?? 0;
  const windowS = (t[to - 1] ?? fromT) - fromT;
  const stepS = blockSeconds(windowS, intervalS, most);
  const edges = edgesOf(t, from, to, stepS, windowS);
  const { means, points } = robustMeans(values.subarray(from, to), edges);
  let count = 0;
  const x = new Float64Array(means.length);
  for (let block = 0; block < means.length; block++) {
    if (Number.isNaN(means[block]!)) continue;
    x[count] = (block + 0.5) * stepS;
    means[count++] = means[block]!;
  }
  return { timesS: x.subarray(0, count), y: means.subarray(0, count), fromT, stepS, points, windowS };
}

/** Edges in the newest window by their step: most fields are there in all of it. Kept for speed alone. */
let edgeCache: { t: Float64Array; from: number; to: number; byStep: Map<number, readonly number[]> } | null = null;

/** They hold on to the times, which nobody needs until the next judgement. */
export function clearEdgeCache(): void {
  edgeCache = null;
}

/** Index of the first sample of each block, from `from` on, and of the end. */
function edgesOf(t: Float64Array, from: number, to: number, stepS: number, windowS: number): readonly number[] {
  if (edgeCache?.t !== t || edgeCache.from !== from || edgeCache.to !== to) edgeCache = { t, from, to, byStep: new Map() };
  const known = edgeCache.byStep.get(stepS);
  if (known !== undefined) return known;
  // A window of just so many steps ends with a sample at the last edge: it belongs to the block before, and is none of its own.
  const blocks = Math.max(1, Math.ceil(windowS / stepS - 1e-9));
  const fromT = t[from] ?? 0;
  const edges = [0];
  for (let block = 1; block < blocks; block++)
    edges.push(lowerBound(t, fromT + block * stepS, from + edges[block - 1]!, to) - from);
  edges.push(Math.max(0, to - from));
  edgeCache.byStep.set(stepS, edges);
  return edges;
}

/**
 * Means of the values between each of the indexes `edges` and the next that a spike or two do not move (kernel/assembly/means.ts); NaN where
 * nothing is known. `points`: values that stand behind them.
 */
export function robustMeans(values: Float64Array, edges: readonly number[]): { means: Float64Array; points: number } {
  const k = wasmKernel();
  return k.withScratch(() => {
    const [at, list, out] = [k.copyFloats(values), k.copyInts(edges), k.allocate(edges.length)];
    const points = k.exports.means(at, list, edges.length - 1, out);
    return { means: k.readFloats(out, edges.length - 1), points };
  });
}

/** First of the samples `from` to `to` that is no earlier than `at`. Steps are nearly even: it is looked for by halves. */
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
