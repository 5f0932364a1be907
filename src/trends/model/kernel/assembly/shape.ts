import { f64At, i32At, put } from './memory';

/*
 * A shape is a list of 32-bit numbers: how many columns it has, k; where in bytes the factors of its drift are, or 0; the indexes of its
 * columns; and the places of their products with one another, row by row: (0,0), (1,0), (1,1), (2,0) ...
 *
 * A row holds one series under one noise: the sum of the logarithms of the innovations' variances; the product of the series with itself;
 * those with the columns, by their indexes; and those of the columns with one another, by their places, `PAIRS` values on.
 */
const LOG_F = 0;
const TOTAL = 1;
const PRODUCTS = 2;

const MOST_COLUMNS = 8;
const lower = memory.data(MOST_COLUMNS * MOST_COLUMNS * 8);
const solution = memory.data(MOST_COLUMNS * 8);
const part = memory.data(MOST_COLUMNS * 8);

/** Columns that differ by less than this share of their length are one. */
const ALIKE: f64 = 1e-7;

/**
 * Cholesky factor of the shape's products, in `lower`, and the series in its terms, in `solution`: generalised least squares. Returns the sum
 * of squares that the shape leaves. NaN: the points cannot tell its columns apart. A perfect fit must not have infinite likelihood: pages and
 * clocks are never better than a few parts in ten thousand.
 */
function residual(shape: usize, row: usize, pairsAt: i32): f64 {
  const k = i32At(shape, 0);
  const total = f64At(row, TOTAL);
  let rest = total;
  let slot = 2 + k;
  for (let j = 0; j < k; j++) {
    let value = f64At(row, PRODUCTS + i32At(shape, 2 + j));
    for (let i = 0; i < j; i++, slot++) {
      let sum = f64At(row, pairsAt + i32At(shape, slot));
      for (let p = 0; p < i; p++) sum -= f64At(lower, j * MOST_COLUMNS + p) * f64At(lower, i * MOST_COLUMNS + p);
      const factor = sum / f64At(lower, i * MOST_COLUMNS + i);
      put(lower, j * MOST_COLUMNS + i, factor);
      value -= factor * f64At(solution, i);
    }
    const own = f64At(row, pairsAt + i32At(shape, slot++));
    let sum = own;
    for (let p = 0; p < j; p++) sum -= f64At(lower, j * MOST_COLUMNS + p) * f64At(lower, j * MOST_COLUMNS + p);
    if (sum <= ALIKE * own) return NaN;
    const root = Math.sqrt(sum);
    put(lower, j * MOST_COLUMNS + j, root);
    value /= root;
    put(solution, j, value);
    rest -= value * value;
  }
  return Math.max(Math.max(rest, 1e-8 * total), 1e-12);
}

function likelihood(shape: usize, row: usize, pairsAt: i32, m: i32): f64 {
  return likelihoodOf(residual(shape, row, pairsAt), row, m);
}

function likelihoodOf(rss: f64, row: usize, m: i32): f64 {
  return -0.5 * (m * Math.log(rss / m) + f64At(row, LOG_F));
}

/** Logarithms of the likelihoods of the `shapes` shapes at the addresses of `list`, each under the rows at the `count` addresses of `rows`, into `out`, row by row. */
export function likelihoods(list: usize, shapes: i32, rows: usize, count: i32, pairsAt: i32, m: i32, out: usize): void {
  for (let g = 0; g < count; g++)
    for (let k = 0; k < shapes; k++)
      put(out, g * shapes + k, likelihood(<usize>i32At(list, k), <usize>i32At(rows, g), pairsAt, m));
}

/** Of each of these shapes the logarithm of its mean likelihood over the rows, into `out`; NaN where the points cannot tell its columns apart. */
export function evidences(list: usize, shapes: i32, rows: usize, count: i32, pairsAt: i32, m: i32, out: usize): void {
  for (let k = 0; k < shapes; k++) put(out, k, evidence(<usize>i32At(list, k), rows, count, pairsAt, m));
}

function evidence(shape: usize, rows: usize, count: i32, pairsAt: i32, m: i32): f64 {
  let top = -Infinity;
  let sum: f64 = 0;
  for (let g = 0; g < count; g++) {
    const one = likelihood(shape, <usize>i32At(rows, g), pairsAt, m);
    if (isNaN(one)) return NaN;
    if (one > top) {
      sum = sum * Math.exp(top - one) + 1;
      top = one;
    } else sum += Math.exp(one - top);
  }
  return top + Math.log(sum / count);
}

/**
 * One shape under each of the rows, into `out`: of each the logarithm of its restricted likelihood (Patterson & Thompson 1971), the drift, and
 * the drift's deviation; and after those the coefficients under the likeliest.
 */
export function fits(shape: usize, rows: usize, count: i32, pairsAt: i32, m: i32, out: usize): void {
  const k = i32At(shape, 0);
  const drift = <usize>i32At(shape, 1);
  const coefficients = out + <usize>(24 * count);
  let best = 0;
  let top = -Infinity;
  for (let g = 0; g < count; g++) {
    const row = <usize>i32At(rows, g);
    const rss = residual(shape, row, pairsAt);
    const one = likelihoodOf(rss, row, m);
    if (one > top) {
      top = one;
      best = g;
    }
    const logDet = coefficientsOf(k, coefficients);
    const variance = rss / max(1, m - k);
    put(out, 3 * g, -0.5 * ((m - k) * Math.log(variance) + f64At(row, LOG_F) + logDet));
    if (drift !== 0) {
      let mean: f64 = 0;
      for (let j = 0; j < k; j++) mean += f64At(drift, j) * f64At(coefficients, j);
      put(out, 3 * g + 1, mean);
      put(out, 3 * g + 2, Math.sqrt(variance * spreadOf(k, drift)));
    }
  }
  residual(shape, <usize>i32At(rows, best), pairsAt);
  coefficientsOf(k, coefficients);
}

/** Of the shape whose residual was asked for last. Returns the logarithm of the determinant of its products. */
function coefficientsOf(k: i32, coefficients: usize): f64 {
  let logDet: f64 = 0;
  for (let j = k - 1; j >= 0; j--) {
    let sum = f64At(solution, j);
    for (let i = j + 1; i < k; i++) sum -= f64At(lower, i * MOST_COLUMNS + j) * f64At(coefficients, i);
    put(coefficients, j, sum / f64At(lower, j * MOST_COLUMNS + j));
    logDet += 2 * Math.log(f64At(lower, j * MOST_COLUMNS + j));
  }
  return logDet;
}

/** Variance of its drift for errors of variance one: with L the factor and d the drift's factors, the squared length of L^-1 d. */
function spreadOf(k: i32, drift: usize): f64 {
  let spread: f64 = 0;
  for (let j = 0; j < k; j++) {
    let sum = f64At(drift, j);
    for (let i = 0; i < j; i++) sum -= f64At(lower, j * MOST_COLUMNS + i) * f64At(part, i);
    const share = sum / f64At(lower, j * MOST_COLUMNS + j);
    put(part, j, share);
    spread += share * share;
  }
  return spread;
}
