/** Normal distribution function: Marsaglia 2004, "Evaluating the Normal Distribution"; in the tails the continued fraction of Mills' ratio. */
export function normalBelow(z: number): number {
  if (z > 8) return 1;
  if (z < -38) return 0;
  const a = Math.abs(z);
  let tail: number;
  if (a < 3) {
    let sum = a;
    let term = a;
    for (let i = 3; Math.abs(term) > 1e-17 * sum && i < 200; i += 2) {
      term *= (a * a) / i;
      sum += term;
    }
    tail = 0.5 - sum * Math.exp(-0.5 * a * a - 0.9189385332046728);
  } else {
    let f = a;
    for (let i = 60; i >= 1; i--) f = a + i / f;
    tail = Math.exp(-0.5 * a * a - 0.9189385332046728) / f;
  }
  return z > 0 ? 1 - tail : tail;
}

/** Student's distribution function by way of the normal: Wallace 1959, "Bounds on Normal Approximations to Student's and the Chi-square Distributions"; good to some 1e-3 from 3 degrees on. */
export function studentBelow(t: number, degrees: number): number {
  if (degrees < 1) return 0.5;
  const z = (Math.sqrt(degrees * Math.log(1 + (t * t) / degrees)) * (8 * degrees + 1)) / (8 * degrees + 3);
  return normalBelow(t > 0 ? z : -z);
}
