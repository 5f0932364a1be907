/**
 * Indices of the rows to keep if there are more than `points`: the last row of each of `points` equal intervals of time. So a chart is equally
 * dense at its old end, where rows are minutes apart, and at its new end, where they are seconds apart. `times` are in seconds and rise. Rows
 * are never averaged. The oldest and the newest are always kept. null: keep all. Pure.
 */
export function downsample(times: Float64Array, first: number, end: number, points: number | null): Int32Array | null {
  const rows = end - first;
  if (points === null || rows <= points) return null;
  const last = end - 1;
  if (points === 1) return Int32Array.of(last);
  const [from, to] = [times[first]!, times[last]!];
  const kept = [first];
  let latest = first + 1;
  for (let stretch = 1; stretch < points; stretch++) {
    const until = stretch === points - 1 ? to : from + ((to - from) * stretch) / (points - 1);
    const begin = latest;
    while (latest < end && times[latest]! <= until) latest++;
    // An interval without a row is a gap, and remains one.
    if (latest > begin) kept.push(latest - 1);
  }
  return Int32Array.from(kept);
}
