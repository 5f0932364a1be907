import type { fallsBelow, isAscending, movesOf } from '../moves.ts';
import type { CentredSums, withoutLine } from '../straight-line.ts';
import type { checksum, meanOfKnown } from '../sums.ts';
import type { DailyCycle } from './daily-cycle.ts';
import type { MeanModel, ModelSet } from './mean-models.ts';
import type { SlopePosterior } from './slope-posterior.ts';

/**
 * The loops of a verdict. There are two, which give the same numbers to 1e-9: `plain-arithmetic.ts`, to be read, and the compiled one in
 * `kernel/`, which is fast where V8 optimises nothing. The method itself is in `model-average.ts` and knows neither.
 */
export interface Arithmetic {
  /** What a regression needs of the points alone. `u`: the points as shares of the window, ascending. */
  regression(u: Float64Array, models: ModelSet): Regression;
  /** As in `slope-posterior.ts`. */
  slopeCdf(posterior: SlopePosterior, slope: number): number;
  /** As in `slope-posterior.ts`. */
  slopeQuantile(posterior: SlopePosterior, probability: number): number;
  /** As in `robust-mean.ts`. */
  robustMeans(values: Float64Array, edges: readonly number[]): RobustMeans;
  /** As in `../moves.ts`. */
  readonly movesOf: typeof movesOf;
  /** As in `../moves.ts`. */
  readonly isAscending: typeof isAscending;
  /** As in `../moves.ts`. */
  readonly fallsBelow: typeof fallsBelow;
  /** As in `../sums.ts`. */
  readonly meanOfKnown: typeof meanOfKnown;
  /** As in `../sums.ts`. */
  readonly checksum: typeof checksum;
  /** As in `../straight-line.ts`. */
  readonly centredSums: (x: Float64Array, y: Float64Array, from: number) => CentredSums;
  /** As in `../straight-line.ts`. */
  readonly withoutLine: typeof withoutLine;
  /** As in `daily-cycle.ts`. */
  removeDailyCycle(x: Float64Array, y: Float64Array, cycle: DailyCycle, windowS: number): void;
}

/** Mean of each block, NaN where it has no value; and how many values stand behind all of them. */
export interface RobustMeans {
  readonly means: Float64Array;
  readonly points: number;
}

/** Generalised least squares at fixed points: mean models by noise models (indexes of `NOISE_MODELS`). */
export interface Regression {
  /** Works on one series, a value a point. `work` must not keep the series. */
  withSeries<T>(y: Float64Array, work: (series: SeriesRegression) => T): T;
}

export interface SeriesRegression {
  /** Columns of the design matrix: those of the points, then those that were added for this series. */
  readonly columns: readonly Float64Array[];
  addColumns(columns: readonly Float64Array[]): void;
  /**
   * ln L of the pilot models under every noise model, at the most likely coefficients and scale: the first noise model's values, one a pilot
   * model, then the second's, ...
   *
   *     ln L = -1/2 (m ln(rss / m) + ln |V|),   m points
   */
  pilotLogLikelihoods(): Float64Array;
  /** Of each mean model ln of the mean of L over these noise models; NaN where the points cannot tell its columns apart. */
  logMeanLikelihoods(models: readonly MeanModel[], noises: readonly number[]): Float64Array;
  /** A mean model of which `logMeanLikelihoods` is known under each of these noise models. */
  fits(model: MeanModel, noises: readonly number[]): ModelFits;
}

/** One mean model with k columns under several noise models; each array has a value a noise model. */
export interface ModelFits {
  /**
   * REML: ln L_R = -1/2 ((m - k) ln(rss / (m - k)) + ln |V| + ln |X' V^-1 X|). Patterson & Thompson 1971, "Recovery of Inter-block Information
   * when Block Sizes are Unequal".
   */
  readonly restrictedLogLikelihood: Float64Array;
  /** Slope at the end, in the unit of the series a window, and its standard error. Nothing that can be used where the model has no slope. */
  readonly slopeMean: Float64Array;
  readonly slopeDeviation: Float64Array;
  /** Under the most likely noise model. */
  readonly coefficients: Float64Array;
}
