import { f64At } from './memory';

/** As `normalCdf` in ../../student-t.ts. */
export function normalCdf(z: f64): f64 {
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

/** The normal z of a Student's t, of one degree of freedom or more. */
function normalOf(t: f64, degrees: f64): f64 {
  const z = (Math.sqrt(degrees * Math.log(1 + (t * t) / degrees)) * (8 * degrees + 1)) / (8 * degrees + 3);
  return t > 0 ? z : -z;
}

/** As `studentTCdf` in ../../student-t.ts. */
export function studentTCdf(t: f64, degrees: f64): f64 {
  return degrees < 1 ? 0.5 : normalCdf(normalOf(t, degrees));
}

/** As `slopeCdf` in ../../slope-posterior.ts, of `count` components. */
export function slopeCdf(posterior: usize, count: i32, slope: f64): f64 {
  let under: f64 = 0;
  let all: f64 = 0;
  for (let k = 0; k < 4 * count; k += 4) {
    const weight = f64At(posterior, k);
    all += weight;
    under +=
      weight *
      studentTCdf((slope - f64At(posterior, k + 1)) / Math.max(f64At(posterior, k + 2), 1e-300), f64At(posterior, k + 3));
  }
  return all > 0 ? under / all : 0.5;
}

const BISECTIONS = 17;

/** Beyond this z a component counts as wholly above or below: an error of 1.3e-12 of its weight. */
const FAR: f64 = 7;
/** Share of all weight that decides a comparison; more than the errors of `nearNormalCdf` and of what is left out. */
const MARGIN: f64 = 1e-7;

/**
 * `normalCdf` to 7.5e-8, which is enough for most comparisons and takes a fifth of the time. Abramowitz & Stegun 1964, "Handbook of Mathematical
 * Functions", 26.2.17.
 */
function nearNormalCdf(z: f64): f64 {
  const a = Math.abs(z);
  const k = 1 / (1 + 0.2316419 * a);
  const tail =
    Math.exp(-0.5 * a * a - 0.9189385332046728) *
    k *
    (0.31938153 + k * (-0.356563782 + k * (1.781477937 + k * (-1.821255978 + k * 1.330274429))));
  return z > 0 ? 1 - tail : tail;
}

/**
 * Whether slopeCdf(slope) < probability, of a mixture whose weights add up to `all`. Components come with the most probable model first, so most
 * comparisons are decided before all components are looked at; one that is not decided with a margin is made in full.
 */
function isUnder(posterior: usize, count: i32, slope: f64, probability: f64, all: f64): bool {
  let under: f64 = 0;
  let left = all;
  for (let k = 0; k < 4 * count; k += 4) {
    const weight = f64At(posterior, k);
    const degrees = f64At(posterior, k + 3);
    left -= weight;
    if (degrees < 1) under += 0.5 * weight;
    else {
      const z = normalOf((slope - f64At(posterior, k + 1)) / Math.max(f64At(posterior, k + 2), 1e-300), degrees);
      if (z > FAR) under += weight;
      else if (z > -FAR) under += weight * nearNormalCdf(z);
    }
    if (under > (probability + MARGIN) * all) return false;
    if (under + left < (probability - MARGIN) * all) return true;
  }
  return slopeCdf(posterior, count, slope) < probability;
}

/** As `slopeQuantile` in ../../slope-posterior.ts, of `count` components. */
export function slopeQuantile(posterior: usize, count: i32, probability: f64): f64 {
  let low: f64 = Infinity;
  let high: f64 = -Infinity;
  let all: f64 = 0;
  for (let k = 0; k < 4 * count; k += 4) {
    all += f64At(posterior, k);
    const mean = f64At(posterior, k + 1);
    const reach = 5 * f64At(posterior, k + 2);
    low = Math.min(low, mean - reach);
    high = Math.max(high, mean + reach);
  }
  if (!(low < high)) return low === Infinity ? 0 : low;
  for (let k = 0; k < BISECTIONS; k++) {
    const middle = (low + high) / 2;
    if (isUnder(posterior, count, middle, probability, all)) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
