/**
 * Errors that are a slow wandering plus white noise, with how slow and how much left open.
 *
 *     e(t) = w1(t) + w2(t) + ... + v(t),   w: Ornstein-Uhlenbeck (AR(1) in continuous time), v: white
 *
 * Slow wandering is what makes plain least squares cry wolf, and how slow it is cannot be known from one window. So
 * everything is computed for a grid of noises, and each counts by how likely it makes the data. Where the window cannot
 * exclude a random walk, the slope gets the wide tails of one: drift is judged against the series' own drift at that length.
 * Perron & Yabu 2009, "Estimating Deterministic Trends with an Integrated or Stationary Noise Component" (one test for both).
 *
 * One wandering has one time scale; containers in a laboratory are like that. Machines that share many jobs wander on all scales
 * at once (1/f noise), which a single scale, fitted where most of the points are, takes for less slow movement than there is.
 * Sums of wanderings at even steps of the logarithm make such noise: Granger 1980, "Long Memory Relationships and the Aggregation
 * of Dynamic Models".
 */
export interface Noise {
  readonly wanderings: readonly {
    /** Decay time as a share of the window. */
    readonly decay: number;
    readonly variance: number;
  }[];
  /** Variance of the white noise, in the unit of the wanderings'. */
  readonly white: number;
}

/** Decay times as shares of the window; the longest is a random walk for all purposes. */
const DECAYS = [0.004, 0.012, 0.035, 0.1, 0.3, 1, 4];
/** White noise over the wandering's innovations in one 120th of the window. */
const WHITES = [0, 0.7, 4, 25, 150];
const INNOVATION_STEP = 1 / 120;

const SCALES = [0.01, 0.04, 0.16, 0.64, 2.56];
/** Variance of each scale goes with its decay time to this power: 0 is 1/f noise, 1 a random walk. */
const POWERS = [-0.4, 0, 0.5];
const WHITE_SHARES = [0, 0.3];

export const NOISES: readonly Noise[] = [
  ...DECAYS.flatMap((decay) =>
    WHITES.map((white) => ({
      wanderings: [{ decay, variance: 1 / (1 - Math.exp((-2 * INNOVATION_STEP) / decay)) }],
      white,
    })),
  ),
  ...POWERS.flatMap((power) =>
    WHITE_SHARES.map((white) => {
      const variances = SCALES.map((decay) => decay ** power);
      const sum = variances.reduce((total, variance) => total + variance, 0);
      return { wanderings: SCALES.map((decay, k) => ({ decay, variance: variances[k]! / sum })), white };
    }),
  ),
];

/** Takes one noise out of columns, so that what is left of the errors is white and of one size. */
export interface Whitener {
  /** Sum of the logarithms of the innovations' variances. */
  readonly logF: number;
  whiten(column: Float64Array, out: Float64Array): void;
}

/**
 * The Kalman filter of the noise (Harvey 1989, "Forecasting, Structural Time Series Models and the Kalman Filter", section 3.4) at
 * points `u` (shares of the window). Its gains depend on the points alone, so they are worked out once for all columns. Gaps are
 * bridged exactly.
 */
export function whitener(u: Float64Array, { wanderings, white }: Noise): Whitener {
  const m = u.length;
  const parts = wanderings.length;
  const carries = new Float64Array(m * parts);
  const gains = new Float64Array(m * parts);
  const scales = new Float64Array(m);
  const covariance = new Float64Array(parts * parts);
  const sums = new Float64Array(parts);
  let logF = 0;
  for (let i = 0; i < m; i++) {
    for (let a = 0; a < parts; a++) carries[i * parts + a] = i === 0 ? 0 : Math.exp((u[i - 1]! - u[i]!) / wanderings[a]!.decay);
    let f = white;
    for (let a = 0; a < parts; a++) {
      const carry = carries[i * parts + a]!;
      let sum = 0;
      for (let b = 0; b < parts; b++) {
        covariance[a * parts + b]! *= carry * carries[i * parts + b]!;
        if (a === b) covariance[a * parts + a]! += wanderings[a]!.variance * (1 - carry * carry);
        sum += covariance[a * parts + b]!;
      }
      sums[a] = sum;
      f += sum;
    }
    for (let a = 0; a < parts; a++) {
      gains[i * parts + a] = sums[a]! / f;
      for (let b = 0; b < parts; b++) covariance[a * parts + b]! -= (sums[a]! * sums[b]!) / f;
    }
    logF += Math.log(f);
    scales[i] = 1 / Math.sqrt(f);
  }
  if (parts === 1) return { logF, whiten: (column, out) => whitenOne(column, out, carries, gains, scales) };
  return { logF, whiten: (column, out) => whitenMany(column, out, parts, carries, gains, scales) };
}

function whitenOne(
  column: Float64Array,
  out: Float64Array,
  carries: Float64Array,
  gains: Float64Array,
  scales: Float64Array,
): void {
  let state = 0;
  for (let i = 0; i < column.length; i++) {
    const before = carries[i]! * state;
    const surprise = column[i]! - before;
    state = before + gains[i]! * surprise;
    out[i] = surprise * scales[i]!;
  }
}

function whitenMany(
  column: Float64Array,
  out: Float64Array,
  parts: number,
  carries: Float64Array,
  gains: Float64Array,
  scales: Float64Array,
): void {
  const state = new Float64Array(parts);
  for (let i = 0; i < column.length; i++) {
    let surprise = column[i]!;
    for (let a = 0; a < parts; a++) {
      state[a]! *= carries[i * parts + a]!;
      surprise -= state[a]!;
    }
    for (let a = 0; a < parts; a++) state[a]! += gains[i * parts + a]! * surprise;
    out[i] = surprise * scales[i]!;
  }
}
