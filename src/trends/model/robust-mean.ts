import type { RobustMeans } from './arithmetic.ts';

/** Neighbours are averaged in so many groups. */
const GROUPS = 16;

/**
 * Mean of the values that a spike or two do not move: neighbours are averaged in up to 16 groups, and of the groups' means a fifth at either end
 * is left out. Where nothing is wrong it is nearly as exact as the mean, and it takes linear time. NaN where any value is NaN, or where there is
 * none. In the unit of the values.
 *
 * Tukey & McLaughlin 1963, "Less Vulnerable Confidence and Significance Procedures for Location" (trimming).
 */
export function robustMean(values: Float64Array): number {
  const n = values.length;
  const groups = Math.min(n, GROUPS);
  const means = Array.from({ length: groups }, (_, g) =>
    mean(values.subarray(Math.floor((g * n) / groups), Math.floor(((g + 1) * n) / groups))),
  );
  if (means.some(Number.isNaN)) return Number.NaN;
  const trimmed = Math.floor((groups + 2) / 5);
  return mean(means.sort((a, b) => a - b).slice(trimmed, groups - trimmed));
}

/** Robust means of the values between each index of `edges` (ascending) and the next. Gaps (NaN) are left out. */
export function robustMeans(values: Float64Array, edges: readonly number[]): RobustMeans {
  let points = 0;
  const means = Float64Array.from({ length: Math.max(0, edges.length - 1) }, (_, block) => {
    const known = values.subarray(edges[block], edges[block + 1]).filter((value) => !Number.isNaN(value));
    points += known.length;
    return robustMean(known);
  });
  return { means, points };
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i]!;
  return sum / values.length;
}
