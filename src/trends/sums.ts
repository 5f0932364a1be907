/** The mean of the values that are finite; NaN: there are none. */
export function meanOfKnown(values: Float64Array): number {
  let sum = 0;
  let count = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    sum += value;
    count++;
  }
  return sum / count;
}

/** A number that is another one where a value is, or where values next to each other are exchanged. */
export function checksum(values: Float64Array): number {
  let sum = 0;
  values.forEach((value, i) => {
    if (Number.isFinite(value)) sum += value * (1 + (i & 7));
  });
  return sum;
}
