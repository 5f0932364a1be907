import { f64At, i32At, put } from './memory';

const GROUPS = 16;
const groupMeans = memory.data(GROUPS * 8);

/** As `robustMean` in ../../robust-mean.ts, of the values `from` (inclusive) to `to` (exclusive). */
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
 * As `robustMeans` in ../../robust-mean.ts: the means of `count` blocks, whose `count + 1` edges are at `edges`, into `out`. Gaps (NaN) are overwritten by
 * the values after them. Returns how many values are not NaN.
 */
export function means(values: usize, edges: usize, count: i32, out: usize): i32 {
  let points = 0;
  for (let block = 0; block < count; block++) {
    const from = i32At(edges, block);
    let to = i32At(edges, block + 1);
    let mean = to > from ? robustMean(values, from, to) : NaN;
    if (isNaN(mean)) {
      let known = from;
      for (let i = from; i < to; i++) if (!isNaN(f64At(values, i))) put(values, known++, f64At(values, i));
      to = known;
      if (to > from) mean = robustMean(values, from, to);
    }
    points += to - from;
    put(out, block, mean);
  }
  return points;
}
