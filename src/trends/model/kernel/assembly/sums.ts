import { f64At } from './memory';

/** As `meanOfKnown` in ../../../sums.ts, of `m` values. */
export function meanOfKnown(values: usize, m: i32): f64 {
  let sum: f64 = 0;
  let count = 0;
  for (let i = 0; i < m; i++) {
    const value = f64At(values, i);
    if (!(Math.abs(value) < Infinity)) continue;
    sum += value;
    count++;
  }
  return sum / count;
}

/** As `checksum` there, of `m` values. */
export function checksum(values: usize, m: i32): f64 {
  let sum: f64 = 0;
  for (let i = 0; i < m; i++) {
    const value = f64At(values, i);
    if (Math.abs(value) < Infinity) sum += value * (1 + (i & 7));
  }
  return sum;
}
