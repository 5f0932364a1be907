import type { FieldTrend } from '../types.ts';

/** A slope with its 90 % interval, in bytes (or counts) an hour. */
export interface GrowthRate {
  readonly slope: number;
  readonly low: number;
  readonly high: number;
}

export const growthRateOf = ({ slopeBytesPerHour, low, high }: FieldTrend): GrowthRate => ({
  slope: slopeBytesPerHour ?? 0,
  low: low ?? 0,
  high: high ?? 0,
});

/** Sum of the slopes of several parts. The interval is the widest possible: it assumes that all errors have the same sign. */
export function sumOfRates(rates: readonly GrowthRate[]): GrowthRate {
  let [slope, low, high] = [0, 0, 0];
  for (const rate of rates) {
    slope += rate.slope;
    low += rate.low;
    high += rate.high;
  }
  return { slope, low, high };
}

/** Half of the 90 % interval of a normal distribution, in standard deviations. */
export const Z90 = 1.645;

/** Half of the 99 % interval of a normal distribution, in standard deviations. */
export const Z99 = 2.576;

/** The standard error of a slope, from its 90 % interval. */
export const standardError = ({ low, high }: GrowthRate): number => (high - low) / (2 * Z90);

/** Combines two estimates of one slope: their mean weighted by inverse variances if they agree, else the first. */
export function inverseVarianceMean(first: GrowthRate, second: GrowthRate): GrowthRate {
  const variance = (rate: GrowthRate): number => Math.max(standardError(rate), 1e-9) ** 2;
  const [a, b] = [variance(first), variance(second)];
  if (Math.abs(first.slope - second.slope) > Z99 * Math.sqrt(a + b)) return first;
  const slope = (first.slope / a + second.slope / b) / (1 / a + 1 / b);
  const half = Z90 / Math.sqrt(1 / a + 1 / b);
  return { slope, low: slope - half, high: slope + half };
}
