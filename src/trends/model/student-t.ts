/** ln of the square root of 2 pi. */
const LOG_SQRT_TWO_PI = 0.9189385332046728;

/**
 * Distribution function of the standard normal: the probability of a value at or under `z`. Correct to about 1e-15.
 *
 * Marsaglia 2004, "Evaluating the Normal Distribution": near 0 the series 1/2 + density(z) (z + z^3/3 + z^5/15 + ...); in the tails the continued
 * fraction of Mills' ratio, density(a) / (a + 1/(a + 2/(a + ...))).
 */
export function normalCdf(z: number): number {
  if (z > 8) return 1;
  if (z < -38) return 0;
  const a = Math.abs(z);
  const density = Math.exp(-0.5 * a * a - LOG_SQRT_TWO_PI);
  let tail: number;
  if (a < 3) {
    let sum = a;
    let term = a;
    for (let i = 3; Math.abs(term) > 1e-17 * sum; i += 2) {
      term *= (a * a) / i;
      sum += term;
    }
    tail = 0.5 - sum * density;
  } else {
    let fraction = a;
    for (let i = 60; i >= 1; i--) fraction = a + i / fraction;
    tail = density / fraction;
  }
  return z > 0 ? 1 - tail : tail;
}

/**
 * Distribution function of Student's t with `degrees` of freedom (no whole number is needed; under 1 the answer is 0.5): the probability of a
 * value at or under `t`. Within 1e-3 of the exact one from 3 degrees on.
 *
 * Wallace 1959, "Bounds on Normal Approximations to Student's and the Chi-square Distributions": t is turned into a normal z.
 */
export function studentTCdf(t: number, degrees: number): number {
  if (degrees < 1) return 0.5;
  const z = (Math.sqrt(degrees * Math.log(1 + (t * t) / degrees)) * (8 * degrees + 1)) / (8 * degrees + 3);
  return normalCdf(t > 0 ? z : -z);
}
