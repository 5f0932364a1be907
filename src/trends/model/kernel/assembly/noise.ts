import { f64At, i32At, put } from './memory';

/** More wanderings than any noise is a sum of. */
const MOST_PARTS = 8;
const state = memory.data(MOST_PARTS * 8);
const sums = memory.data(MOST_PARTS * 8);
const covariance = memory.data(MOST_PARTS * MOST_PARTS * 8);

/**
 * The Kalman filter of a noise (Harvey 1989, "Forecasting, Structural Time Series Models and the Kalman Filter", section 3.4) at `m` points `u`
 * (shares of the window): of each point `parts` carries and `parts` gains, and one over the variance of its innovation, into `filter`, which
 * has room for m (2 parts + 1) values. Its gains depend on the points alone. Gaps are bridged exactly. `noise`: decay and variance of each
 * wandering. Returns the sum of the logarithms of the innovations' variances.
 */
export function kalman(u: usize, m: i32, noise: usize, parts: i32, white: f64, filter: usize): f64 {
  const gains = filter + ((<usize>(m * parts)) << 3);
  const precisions = gains + ((<usize>(m * parts)) << 3);
  memory.fill(covariance, 0, MOST_PARTS * MOST_PARTS * 8);
  let logF: f64 = 0;
  for (let i = 0; i < m; i++) {
    for (let a = 0; a < parts; a++)
      put(filter, i * parts + a, i === 0 ? 0 : Math.exp((f64At(u, i - 1) - f64At(u, i)) / f64At(noise, 2 * a)));
    let f = white;
    for (let a = 0; a < parts; a++) {
      const carry = f64At(filter, i * parts + a);
      let sum: f64 = 0;
      for (let b = 0; b < parts; b++) {
        const at = a * parts + b;
        let value = f64At(covariance, at) * carry * f64At(filter, i * parts + b);
        if (a === b) value += f64At(noise, 2 * a + 1) * (1 - carry * carry);
        put(covariance, at, value);
        sum += value;
      }
      put(sums, a, sum);
      f += sum;
    }
    for (let a = 0; a < parts; a++) {
      put(gains, i * parts + a, f64At(sums, a) / f);
      for (let b = 0; b < parts; b++)
        put(covariance, a * parts + b, f64At(covariance, a * parts + b) - (f64At(sums, a) * f64At(sums, b)) / f);
    }
    logF += Math.log(f);
    put(precisions, i, 1 / f);
  }
  return logF;
}

/**
 * The inverse of the noise's covariance times `column`, into `out`: forward through the filter, each innovation over its variance, and back
 * through its adjoint. A product with it is the product of two whitened columns, of which only one needs whitening.
 */
export function inverse(filter: usize, parts: i32, m: i32, column: usize, out: usize): void {
  const gains = filter + ((<usize>(m * parts)) << 3);
  const precisions = gains + ((<usize>(m * parts)) << 3);
  if (parts === 1) {
    let level: f64 = 0;
    for (let i = 0; i < m; i++) {
      const before = f64At(filter, i) * level;
      const surprise = f64At(column, i) - before;
      level = before + f64At(gains, i) * surprise;
      put(out, i, surprise * f64At(precisions, i));
    }
    let back: f64 = 0;
    for (let i = m - 1; i >= 0; i--) {
      const value = f64At(out, i) + f64At(gains, i) * back;
      back = f64At(filter, i) * (back - value);
      put(out, i, value);
    }
    return;
  }
  memory.fill(state, 0, MOST_PARTS * 8);
  for (let i = 0; i < m; i++) {
    let surprise = f64At(column, i);
    for (let a = 0; a < parts; a++) {
      const carried = f64At(state, a) * f64At(filter, i * parts + a);
      put(state, a, carried);
      surprise -= carried;
    }
    for (let a = 0; a < parts; a++) put(state, a, f64At(state, a) + f64At(gains, i * parts + a) * surprise);
    put(out, i, surprise * f64At(precisions, i));
  }
  memory.fill(state, 0, MOST_PARTS * 8);
  for (let i = m - 1; i >= 0; i--) {
    let value = f64At(out, i);
    for (let a = 0; a < parts; a++) value += f64At(gains, i * parts + a) * f64At(state, a);
    for (let a = 0; a < parts; a++) put(state, a, f64At(filter, i * parts + a) * (f64At(state, a) - value));
    put(out, i, value);
  }
}

function product(a: usize, b: usize, m: i32): f64 {
  let sum: f64 = 0;
  let i = 0;
  for (; i + 3 < m; i += 4)
    sum +=
      f64At(a, i) * f64At(b, i) +
      f64At(a, i + 1) * f64At(b, i + 1) +
      (f64At(a, i + 2) * f64At(b, i + 2) + f64At(a, i + 3) * f64At(b, i + 3));
  for (; i < m; i++) sum += f64At(a, i) * f64At(b, i);
  return sum;
}

/** Products of a series with `count` of the columns, whose indexes are at `list`, into `out` by those indexes. Returns that with itself. */
export function series(
  filter: usize,
  parts: i32,
  m: i32,
  y: usize,
  columns: usize,
  list: usize,
  count: i32,
  out: usize,
  room: usize,
): f64 {
  inverse(filter, parts, m, y, room);
  for (let k = 0; k < count; k++) {
    const at = i32At(list, k);
    put(out, at, product(room, columns + ((<usize>(at * m)) << 3), m));
  }
  return product(room, y, m);
}

/**
 * Products of columns with one another, into `out`. `plan`: of each column its index, how many others it is paired with, and of each of
 * those the index and the place of the product in `out`. `end`: where the plan ends.
 */
export function pairs(filter: usize, parts: i32, m: i32, columns: usize, plan: usize, end: usize, out: usize, room: usize): void {
  for (let at = plan; at < end; ) {
    const count = i32At(at, 1);
    inverse(filter, parts, m, columns + ((<usize>(i32At(at, 0) * m)) << 3), room);
    at += 8;
    for (let k = 0; k < count; k++, at += 8)
      put(out, i32At(at, 1), product(room, columns + ((<usize>(i32At(at, 0) * m)) << 3), m));
  }
}
