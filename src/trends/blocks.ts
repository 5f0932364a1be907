/** A field thinned to a few hundred values at even steps, which is all that a slope over the whole window needs. */
export interface Blocks {
  /** Middle of each block that has values, seconds after `fromT`. */
  readonly x: Float64Array;
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
const EVEN = [60, 120, 300, 600, 900, 1200, 1800, 2700, 3600, 5400, 7200, 10_800, 14_400];

function blockSeconds(windowS: number, intervalS: number, most: number): number {
  const least = Math.max(windowS / most, intervalS);
  if (windowS < 1.2 * DAY) return least;
  return EVEN.find((step) => step >= least) ?? least;
}

/** Groups of neighbours whose means are trimmed. */
const GROUPS = 16;
const means = new Float64Array(GROUPS);

/**
 * Mean of the values `from` (inclusive) to `to` (exclusive) that a spike or two do not move: values are averaged in up to 16 groups of
 * neighbours, and of the groups' means a fifth at either end is left out. Nearly as exact as the mean where nothing is wrong, and linear
 * in their number. NaN where any of them is. Tukey & McLaughlin 1963, "Less Vulnerable Confidence and Significance Procedures for
 * Location" (trimming).
 */
export function robustMean(values: Float64Array, from: number, to: number): number {
  const count = to - from;
  if (count === 1) return values[from]!;
  const groups = Math.min(count, GROUPS);
  let first = from;
  for (let g = 0; g < groups; g++) {
    const end = from + Math.floor(((g + 1) * count) / groups);
    let sum = 0;
    for (let i = first; i < end; i++) sum += values[i]!;
    // Few and short: kept in order as they come (insertion sort).
    let at = g;
    const mean = sum / (end - first);
    if (Number.isNaN(mean)) return mean;
    first = end;
    while (at > 0 && means[at - 1]! > mean) {
      means[at] = means[at - 1]!;
      at--;
    }
    means[at] = mean;
  }
  const left = Math.floor((groups + 2) / 5);
  let sum = 0;
  for (let g = left; g < groups - left; g++) sum += means[g]!;
  return sum / (groups - 2 * left);
}

/** Robust means of samples `from` (inclusive) to `to` (exclusive) by blocks of time; NaN is a gap. At most about `most` blocks. */
export function blockMeans(
  t: Float64Array,
  values: Float64Array,
  from: number,
  to: number,
  intervalS: number,
  most: number,
): Blocks {
  const fromT = t[from] ?? 0;
  const windowS = (t[to - 1] ?? fromT) - fromT;
  const stepS = blockSeconds(windowS, intervalS, most);
  const x: number[] = [];
  const y: number[] = [];
  let points = 0;
  // A window of just so many steps ends with a sample at the last edge: it belongs to the block before, and is none of its own.
  const blocks = Math.max(1, Math.ceil(windowS / stepS - 1e-9));
  let start = from;
  for (let block = 0; block < blocks && start < to; block++) {
    const end = block === blocks - 1 ? to : firstAt(t, fromT + (block + 1) * stepS, start, to);
    if (end > start) {
      let count = end - start;
      let mean = robustMean(values, start, end);
      if (Number.isNaN(mean)) {
        const told = values.subarray(start, end).filter((value) => !Number.isNaN(value));
        count = told.length;
        if (count > 0) mean = robustMean(told, 0, count);
      }
      if (count > 0) {
        x.push((block + 0.5) * stepS);
        y.push(mean);
        points += count;
      }
    }
    start = end;
  }
  return { x: Float64Array.from(x), y: Float64Array.from(y), fromT, stepS, points, windowS };
}

/** First of the samples `from` to `to` that is no earlier than `at`. Steps are nearly even: it is looked for by halves. */
export function firstAt(t: Float64Array, at: number, from: number, to: number): number {
  let low = from;
  let high = to;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (t[middle]! < at) low = middle + 1;
    else high = middle;
  }
  return low;
}
