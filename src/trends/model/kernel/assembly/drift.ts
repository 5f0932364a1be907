import { f64At } from './memory';

/** Normal distribution function: Marsaglia 2004, "Evaluating the Normal Distribution"; in the tails the continued fraction of Mills' ratio. */
export function normalBelow(z: f64): f64 {
  if (z > 8) return 1;
  if (z < -38) return 0;
  const a = Math.abs(z);
  let tail: f64;
  if (a < 3) {
    let sum = a;
    let term = a;
    for (let i: f64 = 3; Math.abs(term) > 1e-17 * sum && i < 200; i += 2) {
      term *= (a * a) / i;
      sum += term;
    }
    tail = 0.5 - sum * Math.exp(-0.5 * a * a - 0.9189385332046728);
  } else {
    let f = a;
    for (let i: f64 = 60; i >= 1; i--) f = a + i / f;
    tail = Math.exp(-0.5 * a * a - 0.9189385332046728) / f;
  }
  return z > 0 ? 1 - tail : tail;
}

/**
 * Student's distribution function by way of the normal: Wallace 1959, "Bounds on Normal Approximations to Student's and the Chi-square
 * Distributions"; good to some 1e-3 from 3 degrees on.
 */
export function studentBelow(t: f64, degrees: f64): f64 {
  if (degrees < 1) return 0.5;
  const z = (Math.sqrt(degrees * Math.log(1 + (t * t) / degrees)) * (8 * degrees + 1)) / (8 * degrees + 3);
  return normalBelow(t > 0 ? z : -z);
}

/** Share of the belief in `count` parts (of each its weight, mean, deviation and degrees of freedom) that puts the drift at or under `value`. */
export function below(parts: usize, count: i32, value: f64): f64 {
  let under: f64 = 0;
  let all: f64 = 0;
  for (let k = 0; k < 4 * count; k += 4) {
    const weight = f64At(parts, k);
    all += weight;
    under += weight * studentBelow((value - f64At(parts, k + 1)) / Math.max(f64At(parts, k + 2), 1e-300), f64At(parts, k + 3));
  }
  return all > 0 ? under / all : 0.5;
}

/** Halvings of the first bracket: to a hundred-thousandth of it. */
const HALVINGS = 17;

/** The drift that this share of the belief lies under, by bisection. 0 where there is no part. */
export function quantile(parts: usize, count: i32, share: f64): f64 {
  let low: f64 = Infinity;
  let high: f64 = -Infinity;
  for (let k = 0; k < 4 * count; k += 4) {
    const mean = f64At(parts, k + 1);
    const reach = 5 * f64At(parts, k + 2);
    low = Math.min(low, mean - reach);
    high = Math.max(high, mean + reach);
  }
  if (!(low < high)) return low === Infinity ? 0 : low;
  for (let k = 0; k < HALVINGS; k++) {
    const middle = (low + high) / 2;
    if (below(parts, count, middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
