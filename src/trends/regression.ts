import type { Points } from './prepare.ts';

/** A straight line through points. Slopes per second; `level` is the line's value at the mean time. */
export interface Line {
  readonly slope: number;
  readonly level: number;
  readonly meanT: number;
  /** Of the slope, widened for autocorrelation. */
  readonly standardError: number;
  readonly degrees: number;
  readonly residualSd: number;
}

/**
 * Least squares on centred axes: raw sums of epoch seconds and bytes would lose the digits that matter. The standard error is widened
 * by the residuals' lag-one correlation r, as if there were n (1 - r) / (1 + r) independent points (Bartlett 1935). null below three
 * points or without any spread in time.
 */
export function fitLine({ t, y }: Points): Line | null {
  const n = t.length;
  if (n < 3) return null;
  const meanT = mean(t);
  const meanY = mean(y);
  let tt = 0;
  let ty = 0;
  for (let i = 0; i < n; i++) {
    tt += (t[i]! - meanT) ** 2;
    ty += (t[i]! - meanT) * (y[i]! - meanY);
  }
  if (tt === 0) return null;
  const slope = ty / tt;
  let squares = 0;
  let lagged = 0;
  let before = 0;
  for (let i = 0; i < n; i++) {
    const residual = y[i]! - meanY - slope * (t[i]! - meanT);
    squares += residual * residual;
    if (i > 0) lagged += residual * before;
    before = residual;
  }
  const r = squares > 0 ? Math.min(0.97, Math.max(0, lagged / squares)) : 0;
  const effective = Math.max(3, (n * (1 - r)) / (1 + r));
  const variance = squares / (n - 2);
  return {
    slope,
    level: meanY,
    meanT,
    standardError: Math.sqrt((variance / tt) * (n / effective)),
    degrees: Math.max(1, effective - 2),
    residualSd: Math.sqrt(variance),
  };
}

function mean(values: Float64Array): number {
  let sum = 0;
  for (const v of values) sum += v;
  return sum / values.length;
}

/** Student's t quantile at 0.95 one-sided (90 % two-sided), by Hill's expansion in 1/degrees from the normal quantile (Abramowitz & Stegun 26.7.5). */
export function quantile95(degrees: number): number {
  const z = 1.6448536269514722;
  const d = Math.max(1, degrees);
  if (d < 2) return 6.314;
  return (
    z +
    (z ** 3 + z) / (4 * d) +
    (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * d * d) +
    (3 * z ** 7 + 19 * z ** 5 + 17 * z ** 3 - 15 * z) / (384 * d ** 3)
  );
}

/** One-sided p of a t value: normal tail after the transformation of Wallace (1959), good to some 1 % of p. */
export function tailP(value: number, degrees: number): number {
  const d = Math.max(1, degrees);
  const z = Math.sqrt(d * Math.log1p((value * value) / d)) * (1 - 3 / (4 * d + 1) / 4);
  const tail = 0.5 * erfc(z / Math.SQRT2);
  return value >= 0 ? tail : 1 - tail;
}

/** Complementary error function for x >= 0, Abramowitz & Stegun 7.1.26 (error below 1.5e-7). */
function erfc(x: number): number {
  const k = 1 / (1 + 0.3275911 * x);
  return k * (0.254829592 + k * (-0.284496736 + k * (1.421413741 + k * (-1.453152027 + k * 1.061405429)))) * Math.exp(-x * x);
}
