import { f64At, i32At, put } from './memory';

/** Groups of neighbours whose means are trimmed. */
const GROUPS = 16;
const groupMeans = memory.data(GROUPS * 8);

/**
 * Mean of the values `from` (inclusive) to `to` (exclusive) that a spike or two do not move: values are averaged in up to 16 groups of
 * neighbours, and of the groups' means a fifth at either end is left out. Nearly as exact as the mean where nothing is wrong, and linear
 * in their number. NaN where any of them is. Tukey & McLaughlin 1963, "Less Vulnerable Confidence and Significance Procedures for
 * Location" (trimming).
 */
function robustMean(values: usize, from: i32, to: i32): f64 {
  const count = to - from;
  if (count === 1) return f64At(values, from);
  const groups = min(count, GROUPS);
  let first = from;
  for (let g = 0; g < groups; g++) {
    const end = from + <i32>((<i64>(g + 1) * count) / groups);
    let sum: f64 = 0;
    for (let i = first; i < end; i++) sum += f64At(values, i);
    const mean = sum / (end - first);
    if (isNaN(mean)) return mean;
    first = end;
    // Few and short: kept in order as they come (insertion sort).
    let at = g;
    while (at > 0 && f64At(groupMeans, at - 1) > mean) {
      put(groupMeans, at, f64At(groupMeans, at - 1));
      at--;
    }
    put(groupMeans, at, mean);
  }
  const left = (groups + 2) / 5;
  let sum: f64 = 0;
  for (let g = left; g < groups - left; g++) sum += f64At(groupMeans, g);
  return sum / (groups - 2 * left);
}

/**
 * Robust means of the values between each of `count + 1` indexes and the next, into `out`; NaN where nothing is known. Gaps (NaN) are left
 * out: the values are moved together. Returns how many values stand behind them.
 */
export function means(values: usize, edges: usize, count: i32, out: usize): i32 {
  let points = 0;
  for (let block = 0; block < count; block++) {
    const from = i32At(edges, block);
    let to = i32At(edges, block + 1);
    let mean = to > from ? robustMean(values, from, to) : NaN;
    if (isNaN(mean)) {
      let told = from;
      for (let i = from; i < to; i++) if (!isNaN(f64At(values, i))) put(values, told++, f64At(values, i));
      to = told;
      if (to > from) mean = robustMean(values, from, to);
    }
    points += to - from;
    put(out, block, mean);
  }
  return points;
}
