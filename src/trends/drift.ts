import { studentBelow } from './normal.ts';

/** One way in which the drift may be distributed: Student's, by one shape under one noise. */
export interface DriftPart {
  readonly weight: number;
  /** Drift over the whole window. */
  readonly mean: number;
  readonly deviation: number;
  readonly degrees: number;
}

/** Share of the belief in `parts` that puts the drift at or under `value`; one half where there is no part. */
export function driftBelow(parts: readonly DriftPart[], value: number): number {
  let below = 0;
  let all = 0;
  for (const { weight, mean, deviation, degrees } of parts) {
    all += weight;
    below += weight * studentBelow((value - mean) / Math.max(deviation, 1e-300), degrees);
  }
  return all > 0 ? below / all : 0.5;
}

/** Width of the last bracket, as a share of the first. */
const FINE = 1e-5;

/** The drift that this share of the belief lies under, by bisection. 0 where there is no part. */
export function driftQuantile(parts: readonly DriftPart[], share: number): number {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { mean, deviation } of parts) {
    low = Math.min(low, mean - 5 * deviation);
    high = Math.max(high, mean + 5 * deviation);
  }
  if (!(low < high)) return low === Number.POSITIVE_INFINITY ? 0 : low;
  for (const width = high - low; high - low > FINE * width; ) {
    const middle = (low + high) / 2;
    if (driftBelow(parts, middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
