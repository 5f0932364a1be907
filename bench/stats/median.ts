/** The middle value, of an even number the upper of two. */
export const upperMedian = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1]!;
