/**
 * Indices of the rows to keep where there are more than `points`: the last of each of so many equal stretches of time, so that a chart is as
 * dense at its old end, where rows are minutes apart, as at its new one, where they are seconds apart. `times` in seconds, rising; rows are
 * kept as they are, never mixed; the oldest and the newest are always among them. null: all, there are no more than `points`. Pure.
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
    // A stretch without a row is a gap, and stays one.
    if (latest > begin) kept.push(latest - 1);
  }
  return Int32Array.from(kept);
}
