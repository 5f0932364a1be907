/**
 * Errors that are a slow wandering plus white noise, with how slow and how much left open.
 *
 *     e(t) = w(t) + v(t),   w: Ornstein-Uhlenbeck (AR(1) in continuous time), v: white
 *
 * Slow wandering is what makes plain least squares cry wolf, and how slow it is cannot be known from one window. So
 * everything is computed for a grid of noises, and each counts by how likely it makes the data. Where the window cannot
 * exclude a random walk, the slope gets the wide tails of one: drift is judged against the series' own drift at that length.
 * Perron & Yabu 2009, "Estimating Deterministic Trends with an Integrated or Stationary Noise Component" (one test for both).
 */
export interface Noise {
  /** Decay time of the wandering, seconds. */
  readonly decayS: number;
  /** Variance of the white noise over that of the wandering's innovations in one block. */
  readonly white: number;
}

/** Decay times as shares of the window; the longest is a random walk for all purposes. */
const DECAYS = [0.004, 0.012, 0.035, 0.1, 0.3, 1, 4];
const WHITES = [0, 0.7, 4, 25, 150];

export const noiseGrid = (windowS: number): Noise[] =>
  DECAYS.flatMap((decay) => WHITES.map((white) => ({ decayS: decay * windowS, white })));

/** Products of all pairs of columns after one noise was filtered out of them: what generalised least squares needs. */
export interface Filtered {
  /** Sum of the logarithms of the innovations' variances. */
  readonly logF: number;
  /** `size` x `size`, upper triangle filled. */
  readonly gram: Float64Array;
}

/**
 * Filters each column as the Kalman filter of the noise would (Harvey 1989, "Forecasting, Structural Time Series Models and
 * the Kalman Filter", section 3.4), so that what is left of the errors is white. Gaps between `x` are bridged exactly.
 */
export function filterColumns(x: Float64Array, stepS: number, columns: readonly Float64Array[], noise: Noise): Filtered {
  const m = x.length;
  const size = columns.length;
  const rho = Math.exp(-stepS / noise.decayS);
  const stationary = 1 / (1 - rho * rho);
  const state = new Float64Array(size);
  const row = new Float64Array(size);
  const gram = new Float64Array(size * size);
  let variance = stationary;
  let logF = 0;
  for (let i = 0; i < m; i++) {
    let carry = 1;
    if (i > 0) {
      const gap = (x[i]! - x[i - 1]!) / stepS;
      carry = Math.abs(gap - 1) < 0.01 ? rho : rho ** gap;
      variance = carry * carry * variance + stationary * (1 - carry * carry);
    }
    const f = variance + noise.white;
    const gain = variance / f;
    const scale = 1 / Math.sqrt(f);
    logF += Math.log(f);
    variance *= 1 - gain;
    for (let j = 0; j < size; j++) {
      const before = carry * state[j]!;
      const surprise = columns[j]![i]! - before;
      state[j] = before + gain * surprise;
      row[j] = surprise * scale;
    }
    for (let a = 0; a < size; a++) {
      const ra = row[a]!;
      const at = a * size;
      for (let b = a; b < size; b++) gram[at + b] = gram[at + b]! + ra * row[b]!;
    }
  }
  return { logF, gram };
}
