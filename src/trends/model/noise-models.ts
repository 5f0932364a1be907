/**
 * A model of what a series does beside its mean: Ornstein-Uhlenbeck processes plus white noise.
 *
 *     e(t) = w1(t) + w2(t) + ... + v(t),   w: Ornstein-Uhlenbeck (AR(1) in continuous time), v: white
 *
 * Slow noise makes plain least squares find slopes that are none, and one window cannot tell how slow the noise is. So everything is computed
 * for a grid of noise models, and each counts by how likely it makes the data. Where the window cannot exclude a random walk, the slope gets the wide
 * interval that a random walk has.
 * Perron & Yabu 2009, "Estimating Deterministic Trends with an Integrated or Stationary Noise Component" (one test for both).
 *
 * One Ornstein-Uhlenbeck process has one time scale; containers in a laboratory are like that. Machines that share many jobs have noise on all time
 * scales at once (1/f noise); a single scale, fitted where most points are, takes that for less slow movement than there is. A sum of processes, their
 * decay times evenly spaced on the logarithm, is 1/f noise: Granger 1980, "Long Memory Relationships and the Aggregation of Dynamic Models".
 */
export interface NoiseModel {
  readonly ouComponents: readonly {
    /** Decay time as a share of the window. */
    readonly decay: number;
    readonly variance: number;
  }[];
  /** Variance of the white noise, in the unit of the components' variances: the common scale is estimated. */
  readonly white: number;
}

/** Decay times as shares of the window; the longest is a random walk for all purposes. */
const DECAY_TIMES = [0.004, 0.012, 0.035, 0.1, 0.3, 1, 4];
/** Variance of the white noise over that of the process's innovations in one 120th of the window. */
const WHITE_RATIOS = [0, 0.7, 4, 25, 150];
const INNOVATION_STEP = 1 / 120;

const SCALES = [0.01, 0.04, 0.16, 0.64, 2.56];
/** The variance of each scale is proportional to its decay time to this power: 0 is 1/f noise, 1 a random walk. */
const POWERS = [-0.4, 0, 0.5];
const WHITE_VARIANCE_SHARES = [0, 0.3];

export const NOISE_MODELS: readonly NoiseModel[] = [
  ...DECAY_TIMES.flatMap((decay) =>
    WHITE_RATIOS.map((white) => ({
      ouComponents: [{ decay, variance: 1 / (1 - Math.exp((-2 * INNOVATION_STEP) / decay)) }],
      white,
    })),
  ),
  ...POWERS.flatMap((power) =>
    WHITE_VARIANCE_SHARES.map((white) => {
      const variances = SCALES.map((decay) => decay ** power);
      const sum = variances.reduce((total, variance) => total + variance, 0);
      return { ouComponents: SCALES.map((decay, k) => ({ decay, variance: variances[k]! / sum })), white };
    }),
  ),
];
