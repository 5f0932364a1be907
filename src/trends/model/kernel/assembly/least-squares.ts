import { f64At, i32At, put } from './memory';

/*
 * The formulas are in ../../least-squares.ts and ../../arithmetic.ts.
 *
 * A model is a list of 32-bit numbers: k, the number of its columns; the address of its slope factors, or 0; the indexes of its columns; and the
 * places of their products with one another, row by row: (0,0), (1,0), (1,1), (2,0) ...
 *
 * A table is a list of 64-bit numbers, one series under one noise model: ln |V|; y' V^-1 y; y' V^-1 x of each column x, by its index; and from `pairsAt`
 * on the products of two columns, by their places.
 */
const LOG_DETERMINANT = 0;
const TOTAL = 1;
const PRODUCTS = 2;

const MAX_COLUMNS = 8;
const lower = memory.data(MAX_COLUMNS * MAX_COLUMNS * 8);
const solution = memory.data(MAX_COLUMNS * 8);
const part = memory.data(MAX_COLUMNS * 8);

/** Columns whose pivot is less than this share of their length are linear combinations of the columns before them. */
const MIN_PIVOT: f64 = 1e-7;

/** Leaves L in `lower` and s in `solution`. Returns rss; NaN where the points cannot tell the columns apart. */
function residual(model: usize, table: usize, pairsAt: i32): f64 {
  const k = i32At(model, 0);
  const total = f64At(table, TOTAL);
  let rest = total;
  let slot = 2 + k;
  for (let j = 0; j < k; j++) {
    let value = f64At(table, PRODUCTS + i32At(model, 2 + j));
    for (let i = 0; i < j; i++, slot++) {
      let sum = f64At(table, pairsAt + i32At(model, slot));
      for (let p = 0; p < i; p++) sum -= f64At(lower, j * MAX_COLUMNS + p) * f64At(lower, i * MAX_COLUMNS + p);
      const factor = sum / f64At(lower, i * MAX_COLUMNS + i);
      put(lower, j * MAX_COLUMNS + i, factor);
      value -= factor * f64At(solution, i);
    }
    const own = f64At(table, pairsAt + i32At(model, slot++));
    let sum = own;
    for (let p = 0; p < j; p++) sum -= f64At(lower, j * MAX_COLUMNS + p) * f64At(lower, j * MAX_COLUMNS + p);
    if (sum <= MIN_PIVOT * own) return NaN;
    const root = Math.sqrt(sum);
    put(lower, j * MAX_COLUMNS + j, root);
    value /= root;
    put(solution, j, value);
    rest -= value * value;
  }
  return Math.max(Math.max(rest, 1e-8 * total), 1e-12);
}

function likelihood(model: usize, table: usize, pairsAt: i32, m: i32): f64 {
  return likelihoodOf(residual(model, table, pairsAt), table, m);
}

function likelihoodOf(rss: f64, table: usize, m: i32): f64 {
  return -0.5 * (m * Math.log(rss / m) + f64At(table, LOG_DETERMINANT));
}

/** ln L of the models at the addresses of `list`, under the noise models whose tables are at the `count` addresses of `tables`, into `out`: one table after the other. */
export function likelihoods(list: usize, models: i32, tables: usize, count: i32, pairsAt: i32, m: i32, out: usize): void {
  for (let g = 0; g < count; g++)
    for (let k = 0; k < models; k++)
      put(out, g * models + k, likelihood(<usize>i32At(list, k), <usize>i32At(tables, g), pairsAt, m));
}

/** Of each of these models ln of the mean of L over the tables, into `out`; NaN where the points cannot tell its columns apart. */
export function meanLikelihoods(list: usize, models: i32, tables: usize, count: i32, pairsAt: i32, m: i32, out: usize): void {
  for (let k = 0; k < models; k++) put(out, k, meanLikelihood(<usize>i32At(list, k), tables, count, pairsAt, m));
}

function meanLikelihood(model: usize, tables: usize, count: i32, pairsAt: i32, m: i32): f64 {
  let top = -Infinity;
  let sum: f64 = 0;
  for (let g = 0; g < count; g++) {
    const one = likelihood(model, <usize>i32At(tables, g), pairsAt, m);
    if (isNaN(one)) return NaN;
    if (one > top) {
      sum = sum * Math.exp(top - one) + 1;
      top = one;
    } else sum += Math.exp(one - top);
  }
  return top + Math.log(sum / count);
}

/**
 * One model under each of the tables, into `out`: the restricted log-likelihoods, then the slopes, then the slopes' deviations, a value a table each; then the
 * coefficients under the most likely noise model.
 */
export function fits(model: usize, tables: usize, count: i32, pairsAt: i32, m: i32, out: usize): void {
  const k = i32At(model, 0);
  const slopeFactors = <usize>i32At(model, 1);
  const coefficients = out + <usize>(24 * count);
  let best = 0;
  let top = -Infinity;
  for (let g = 0; g < count; g++) {
    const table = <usize>i32At(tables, g);
    const rss = residual(model, table, pairsAt);
    const one = likelihoodOf(rss, table, m);
    if (one > top) {
      top = one;
      best = g;
    }
    const logDet = coefficientsOf(k, coefficients);
    const variance = rss / max(1, m - k);
    put(out, g, -0.5 * ((m - k) * Math.log(variance) + f64At(table, LOG_DETERMINANT) + logDet));
    if (slopeFactors !== 0) {
      let mean: f64 = 0;
      for (let j = 0; j < k; j++) mean += f64At(slopeFactors, j) * f64At(coefficients, j);
      put(out, count + g, mean);
      put(out, 2 * count + g, Math.sqrt(variance * varianceOf(k, slopeFactors)));
    }
  }
  residual(model, <usize>i32At(tables, best), pairsAt);
  coefficientsOf(k, coefficients);
}

/** Coefficients of the model whose `residual` was called last. Returns ln |X' V^-1 X|. */
function coefficientsOf(k: i32, coefficients: usize): f64 {
  let logDet: f64 = 0;
  for (let j = k - 1; j >= 0; j--) {
    let sum = f64At(solution, j);
    for (let i = j + 1; i < k; i++) sum -= f64At(lower, i * MAX_COLUMNS + j) * f64At(coefficients, i);
    put(coefficients, j, sum / f64At(lower, j * MAX_COLUMNS + j));
    logDet += 2 * Math.log(f64At(lower, j * MAX_COLUMNS + j));
  }
  return logDet;
}

/** Variance of that model's slope for noise of variance one: with d the slope factors, the squared length of L^-1 d. */
function varianceOf(k: i32, slopeFactors: usize): f64 {
  let variance: f64 = 0;
  for (let j = 0; j < k; j++) {
    let sum = f64At(slopeFactors, j);
    for (let i = 0; i < j; i++) sum -= f64At(lower, j * MAX_COLUMNS + i) * f64At(part, i);
    const share = sum / f64At(lower, j * MAX_COLUMNS + j);
    put(part, j, share);
    variance += share * share;
  }
  return variance;
}
