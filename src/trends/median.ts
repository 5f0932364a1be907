/** The median; of an even number of values, the upper of the two in the middle. NaN counts as the largest. */
export function median(values: Float64Array): number {
  return values.slice().sort()[values.length >> 1]!;
}
