/** The middle value; the upper of the two if their number is even. */
export const upperMedian = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
