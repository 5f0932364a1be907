/**
 * A regression whose errors are a slow wandering plus white noise, with how slow and how much left open.
 *
 *     y(t) = X(t) b + w(t) + e(t),   w: Ornstein-Uhlenbeck (AR(1) in continuous time), e: white
 *
 * Slow wandering is what makes plain OLS cry wolf, and how slow it is cannot be known from one window. So the fit is
 * made for a grid of persistences and noise shares, each gets a weight by its restricted likelihood, and the slope's
 * distribution is the mixture. Where the window cannot exclude a random walk, the mixture has the wide tails of one:
 * the drift is then judged against the series' own drift at that length.
 *
 * Harvey 1989, "Forecasting, Structural Time Series Models and the Kalman Filter" (the filter as GLS);
 * Patterson & Thompson 1971 (restricted likelihood); Perron & Yabu 2009, "Estimating Deterministic Trends with an
 * Integrated or Stationary Noise Component" (one test for both kinds of noise).
 */

/** Decay times of the wandering as shares of the window, shortest first. The last is a random walk for all purposes. */
const DECAYS = [0.004, 0.01, 0.025, 0.06, 0.15, 0.4, 1, 4];
/** Variance of the white noise over that of the wandering's innovations per step. */
const WHITE = [0, 0.3, 1, 4, 16, 80, 400];

export interface Fit {
  /** Number of regressors and of points. */
  readonly k: number;
  readonly m: number;
  /** Best maximised log-likelihood over the grid. */
  readonly logLik: number;
  /** Mixture over the grid for the coefficient of interest. */
  readonly weights: Float64Array;
  readonly means: Float64Array;
  readonly deviations: Float64Array;
  /** Coefficients at the grid's best point. */
  readonly best: Float64Array;
  readonly bestGrid: number;
  readonly bestSigma: number;
}

export interface Grid {
  readonly decayS: number;
  readonly white: number;
  readonly prior: number;
}

/** The grid for a window: wandering from 0.4 % of it to four times its length. */
export function noiseGrid(windowS: number): Grid[] {
  const grid: Grid[] = [];
  for (const decay of DECAYS) for (const white of WHITE) grid.push({ decayS: decay * windowS, white, prior: 1 });
  return grid;
}

/** Fits columns to y over the grid. `columns[0]` is the constant; `interest` is the column whose coefficient is asked for. */
export function fitStructural(
  x: Float64Array,
  y: Float64Array,
  columns: readonly Float64Array[],
  interest: number,
  stepS: number,
  grid: readonly Grid[],
): Fit {
  const m = y.length;
  const k = columns.length;
  const size = k + 1;
  const state = new Float64Array(size);
  const rows = new Float64Array(size);
  const cross = new Float64Array(size * size);
  const work = new Float64Array(k * size);
  const count = grid.length;
  const weights = new Float64Array(count);
  const means = new Float64Array(count);
  const deviations = new Float64Array(count);
  let best = new Float64Array(k);
  let bestLik = Number.NEGATIVE_INFINITY;
  let bestGrid = 0;
  let bestSigma = 0;
  let top = Number.NEGATIVE_INFINITY;
  for (let g = 0; g < count; g++) {
    const { decayS, white, prior } = grid[g]!;
    const rho = Math.exp(-stepS / decayS);
    const stationary = 1 / (1 - rho * rho);
    cross.fill(0);
    state.fill(0);
    let variance = stationary; // of the wandering before the first value
    let logF = 0;
    for (let i = 0; i < m; i++) {
      if (i > 0) {
        const gap = (x[i]! - x[i - 1]!) / stepS;
        const carry = gap < 1.01 && gap > 0.99 ? rho : rho ** gap;
        const kept = carry * carry;
        variance = kept * variance + stationary * (1 - kept);
        for (let j = 0; j < size; j++) state[j] = carry * state[j]!;
      }
      const f = variance + white;
      const gain = variance / f;
      const scale = 1 / Math.sqrt(f);
      logF += Math.log(f);
      for (let j = 0; j < k; j++) {
        const v = columns[j]![i]! - state[j]!;
        rows[j] = v * scale;
        state[j] = state[j]! + gain * v;
      }
      const v = y[i]! - state[k]!;
      rows[k] = v * scale;
      state[k] = state[k]! + gain * v;
      variance *= 1 - gain;
      for (let a = 0; a < size; a++) {
        const ra = rows[a]!;
        for (let b = a; b < size; b++) cross[a * size + b] = cross[a * size + b]! + ra * rows[b]!;
      }
    }
    const solved = solve(cross, k, work);
    const rss = Math.max(solved.rss, 1e-12 * (cross[k * size + k]! + 1e-30), 1e-300);
    const sigma2 = rss / Math.max(1, m - k);
    const ml = -0.5 * (m * Math.log(rss / m) + logF);
    const reml = -0.5 * ((m - k) * Math.log(sigma2) + logF + solved.logDet) + Math.log(prior);
    means[g] = work[interest * size + k]!;
    deviations[g] = Math.sqrt(sigma2 * solved.inverse[interest * k + interest]!);
    weights[g] = reml;
    if (reml > top) top = reml;
    if (ml > bestLik) {
      bestLik = ml;
      bestGrid = g;
      bestSigma = Math.sqrt(sigma2);
      best = new Float64Array(k);
      for (let j = 0; j < k; j++) best[j] = work[j * size + k]!;
    }
  }
  let sum = 0;
  for (let g = 0; g < count; g++) {
    weights[g] = Math.exp(weights[g]! - top);
    sum += weights[g]!;
  }
  for (let g = 0; g < count; g++) weights[g] = weights[g]! / sum;
  return { k, m, logLik: bestLik, weights, means, deviations, best, bestGrid, bestSigma };
}

/** Cholesky on the normal equations. Leaves each coefficient at `work[j * size + k]`. Columns come scaled near one. */
function solve(cross: Float64Array, k: number, work: Float64Array): { rss: number; logDet: number; inverse: Float64Array } {
  const size = k + 1;
  const lower = new Float64Array(k * k);
  let logDet = 0;
  for (let j = 0; j < k; j++) {
    for (let i = j; i < k; i++) {
      let sum = cross[j * size + i]!;
      for (let p = 0; p < j; p++) sum -= lower[i * k + p]! * lower[j * k + p]!;
      if (i === j) {
        const pivot = Math.sqrt(Math.max(sum, 1e-12 * (cross[j * size + j]! + 1e-30)));
        lower[j * k + j] = pivot;
        logDet += 2 * Math.log(pivot);
      } else lower[i * k + j] = sum / lower[j * k + j]!;
    }
  }
  const inverseLower = new Float64Array(k * k);
  for (let j = 0; j < k; j++) {
    inverseLower[j * k + j] = 1 / lower[j * k + j]!;
    for (let i = j + 1; i < k; i++) {
      let sum = 0;
      for (let p = j; p < i; p++) sum -= lower[i * k + p]! * inverseLower[p * k + j]!;
      inverseLower[i * k + j] = sum / lower[i * k + i]!;
    }
  }
  const inverse = new Float64Array(k * k);
  for (let a = 0; a < k; a++)
    for (let b = 0; b < k; b++) {
      let sum = 0;
      for (let p = Math.max(a, b); p < k; p++) sum += inverseLower[p * k + a]! * inverseLower[p * k + b]!;
      inverse[a * k + b] = sum;
    }
  let explained = 0;
  for (let a = 0; a < k; a++) {
    let value = 0;
    for (let b = 0; b < k; b++) value += inverse[a * k + b]! * cross[b * size + k]!;
    work[a * size + k] = value;
    explained += value * cross[a * size + k]!;
  }
  return { rss: cross[k * size + k]! - explained, logDet, inverse };
}

/** Share of the mixture at or under `value`. */
export function mixtureBelow(fit: Fit, value: number): number {
  let below = 0;
  for (let g = 0; g < fit.weights.length; g++) {
    const w = fit.weights[g]!;
    if (w > 1e-9) below += w * normalBelow((value - fit.means[g]!) / Math.max(fit.deviations[g]!, 1e-300));
  }
  return below;
}

export function mixtureMean(fit: Fit): number {
  let mean = 0;
  for (let g = 0; g < fit.weights.length; g++) mean += fit.weights[g]! * fit.means[g]!;
  return mean;
}

export function mixtureDeviation(fit: Fit): number {
  const mean = mixtureMean(fit);
  let sum = 0;
  for (let g = 0; g < fit.weights.length; g++) sum += fit.weights[g]! * (fit.deviations[g]! ** 2 + (fit.means[g]! - mean) ** 2);
  return Math.sqrt(sum);
}

export function mixtureQuantile(fit: Fit, share: number): number {
  const mean = mixtureMean(fit);
  const wide = 12 * mixtureDeviation(fit) + 1e-300;
  let low = mean - wide;
  let high = mean + wide;
  for (let i = 0; i < 60; i++) {
    const middle = (low + high) / 2;
    if (mixtureBelow(fit, middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Normal distribution function: Abramowitz & Stegun 1964, 26.2.17 has 7.5e-8; this is W. J. Cody's rational erfc by series and fraction. */
export function normalBelow(z: number): number {
  if (z > 8) return 1;
  if (z < -38) return 0;
  const a = Math.abs(z);
  let tail: number;
  if (a < 3) {
    // Taylor series of the distribution function (Marsaglia 2004, "Evaluating the Normal Distribution")
    let sum = a;
    let term = a;
    for (let i = 3; Math.abs(term) > 1e-17 * sum && i < 200; i += 2) {
      term *= (a * a) / i;
      sum += term;
    }
    tail = 0.5 - sum * Math.exp(-0.5 * a * a - 0.9189385332046728);
  } else {
    // continued fraction of Mills' ratio
    let f = a;
    for (let i = 60; i >= 1; i--) f = a + i / f;
    tail = Math.exp(-0.5 * a * a - 0.9189385332046728) / f;
  }
  return z > 0 ? 1 - tail : tail;
}
