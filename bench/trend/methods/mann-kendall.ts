import { normalCdf } from '../../../src/trends/model/student-t.ts';

/**
 * Mann 1945, "Nonparametric Tests Against Trend", with the variance of Hamed & Rao 1998, "A Modified Mann-Kendall Trend Test for
 * Autocorrelated Data": ranks of the residuals of Sen's slope, autocorrelations that are significant at 5 %. One-sided p of a rise.
 */
export function mannKendall(y: Float64Array): number {
  const n = y.length;
  let s = 0;
  const slopes = new Float64Array((n * (n - 1)) / 2);
  let pairs = 0;
  for (let i = 0; i < n; i++)
    for (let j = i + 1; j < n; j++) {
      s += Math.sign(y[j]! - y[i]!);
      slopes[pairs++] = (y[j]! - y[i]!) / (j - i);
    }
  slopes.sort();
  const sen = slopes[pairs >> 1]!;
  const ties = tieSizes(y).reduce((sum, size) => sum + size * (size - 1) * (2 * size + 5), 0);
  const independent = (n * (n - 1) * (2 * n + 5) - ties) / 18;
  const ranks = ranksOf(y.map((value, i) => value - sen * i));
  const middle = (n + 1) / 2;
  let variance = 0;
  for (const rank of ranks) variance += (rank - middle) ** 2;
  let correction = 0;
  for (let lag = 1; lag < n - 2; lag++) {
    let sum = 0;
    for (let i = lag; i < n; i++) sum += (ranks[i]! - middle) * (ranks[i - lag]! - middle);
    const rho = sum / variance;
    if (Math.abs(rho) > 1.96 / Math.sqrt(n)) correction += (n - lag) * (n - lag - 1) * (n - lag - 2) * rho;
  }
  const inflation = Math.max(0.05, 1 + (2 / (n * (n - 1) * (n - 2))) * correction);
  const z = independent > 0 ? (s - Math.sign(s)) / Math.sqrt(independent * inflation) : 0;
  return 1 - normalCdf(z);
}

function tieSizes(y: Float64Array): number[] {
  const sizes = new Map<number, number>();
  for (const value of y) sizes.set(value, (sizes.get(value) ?? 0) + 1);
  return [...sizes.values()].filter((size) => size > 1);
}

/** Ranks from 1; equal values get the mean of their ranks. */
function ranksOf(y: Float64Array): Float64Array {
  const order = Array.from(y, (_, i) => i).sort((a, b) => y[a]! - y[b]!);
  const ranks = new Float64Array(y.length);
  for (let i = 0; i < order.length; ) {
    let end = i;
    while (end + 1 < order.length && y[order[end + 1]!] === y[order[i]!]) end++;
    for (let k = i; k <= end; k++) ranks[order[k]!] = 1 + (i + end) / 2;
    i = end + 1;
  }
  return ranks;
}
