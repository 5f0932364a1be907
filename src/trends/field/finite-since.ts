import { lowerBound } from './block-means.ts';

/** The values that are known, from a time on, with their times: those of the arrays themselves where there is no gap. `t` ascends. */
export function finiteSince(
  t: Float64Array,
  values: Float64Array,
  fromS: number,
): { readonly t: Float64Array; readonly values: Float64Array } {
  const from = lowerBound(t, fromS, 0, values.length);
  const all = values.subarray(from);
  // V8 searches an array without a step of its interpreter.
  if (!all.includes(Number.NaN)) return { t: t.subarray(from, values.length), values: all };
  const times = new Float64Array(all.length);
  const known = new Float64Array(all.length);
  let length = 0;
  // Each value is read once, because each read allocates an object in V8's interpreter.
  for (let i = 0; i < all.length; i++) {
    const value = all[i]!;
    if (!Number.isFinite(value)) continue;
    times[length] = t[from + i]!;
    known[length++] = value;
  }
  return { t: times.subarray(0, length), values: known.subarray(0, length) };
}
