/** The values that are known, from a time on, with their times. */
export function finiteSince(
  t: Float64Array,
  values: Float64Array,
  fromS: number,
): { readonly t: Float64Array; readonly values: Float64Array } {
  const times = new Float64Array(values.length);
  const known = new Float64Array(values.length);
  let length = 0;
  // Each value is read once, because each read allocates an object in V8's interpreter.
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (!Number.isFinite(value)) continue;
    const at = t[i]!;
    if (at < fromS) continue;
    times[length] = at;
    known[length++] = value;
  }
  return { t: times.subarray(0, length), values: known.subarray(0, length) };
}
