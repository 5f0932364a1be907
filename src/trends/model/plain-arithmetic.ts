import { fallsBelow, isAscending, movesOf } from '../moves.ts';
import { centredSums, withoutLine } from '../straight-line.ts';
import { checksum, meanOfKnown } from '../sums.ts';
import type { Arithmetic, ModelFits, Regression, SeriesRegression } from './arithmetic.ts';
import { removeDailyCycle } from './daily-cycle.ts';
import { type KalmanFilter, kalmanFilter } from './kalman-filter.ts';
import { generalisedLeastSquares, type LeastSquaresFit } from './least-squares.ts';
import type { MeanModel, ModelSet } from './mean-models.ts';
import { NOISE_MODELS } from './noise-models.ts';
import { robustMeans } from './robust-mean.ts';
import { slopeCdf, slopeQuantile } from './slope-posterior.ts';

/** The arithmetic of a verdict in plain TypeScript: the reference that the compiled kernel is tested against. */
export const PLAIN_ARITHMETIC: Arithmetic = {
  regression: (u, models) => new PlainRegression(u, models),
  slopeCdf,
  slopeQuantile,
  robustMeans,
  movesOf,
  isAscending,
  fallsBelow,
  meanOfKnown,
  checksum,
  centredSums,
  withoutLine,
  removeDailyCycle,
};

class PlainRegression implements Regression {
  readonly #models: ModelSet;
  readonly #noises: readonly WhitenedColumns[];

  constructor(u: Float64Array, models: ModelSet) {
    this.#models = models;
    this.#noises = NOISE_MODELS.map((noise) => new WhitenedColumns(kalmanFilter(u, noise), models.basis, null));
  }

  withSeries<T>(y: Float64Array, work: (series: SeriesRegression) => T): T {
    return work(new PlainSeries(y, this.#models, this.#noises));
  }
}

class PlainSeries implements SeriesRegression {
  readonly columns: Float64Array[];
  readonly #pilotModels: readonly MeanModel[];
  readonly #noises: readonly WhitenedSeries[];

  constructor(y: Float64Array, { basis, pilotModels }: ModelSet, shared: readonly WhitenedColumns[]) {
    this.columns = [...basis];
    this.#pilotModels = pilotModels;
    this.#noises = shared.map((of) => new WhitenedSeries(y, new WhitenedColumns(of.filter, this.columns, of)));
  }

  addColumns(columns: readonly Float64Array[]): void {
    this.columns.push(...columns);
  }

  pilotLogLikelihoods(): Float64Array {
    return Float64Array.from(this.#noises.flatMap((noise) => this.#pilotModels.map((model) => noise.logLikelihood(model))));
  }

  logMeanLikelihoods(models: readonly MeanModel[], noises: readonly number[]): Float64Array {
    return Float64Array.from(models, (model) => {
      const each = noises.map((g) => this.#noises[g]!.logLikelihood(model));
      // The greatest is taken out of the sum, so that no exponential is infinite and not all are 0.
      const top = Math.max(...each);
      return top + Math.log(each.reduce((sum, one) => sum + Math.exp(one - top), 0) / each.length);
    });
  }

  fits(model: MeanModel, noises: readonly number[]): ModelFits {
    const each = noises.map((g) => this.#noises[g]!.restricted(model));
    const likelihoods = noises.map((g) => this.#noises[g]!.logLikelihood(model));
    return {
      restrictedLogLikelihood: Float64Array.from(each, ({ logLikelihood }) => logLikelihood),
      slopeMean: Float64Array.from(each, ({ slopeMean }) => slopeMean),
      slopeDeviation: Float64Array.from(each, ({ slopeDeviation }) => slopeDeviation),
      coefficients: each[likelihoods.indexOf(Math.max(...likelihoods))]!.coefficients,
    };
  }
}

/** One series under one noise model. */
class WhitenedSeries {
  readonly #columns: WhitenedColumns;
  readonly #y: Float64Array;
  readonly #products: number[] = [];
  readonly #total: number;

  constructor(y: Float64Array, columns: WhitenedColumns) {
    this.#columns = columns;
    this.#y = columns.filter.whiten(y);
    this.#total = product(this.#y, this.#y);
  }

  /** ln L = -1/2 (m ln(rss / m) + ln |V|); NaN where the points cannot tell the model's columns apart. */
  logLikelihood(model: MeanModel): number {
    const m = this.#y.length;
    const fit = this.#fit(model);
    return fit === null ? Number.NaN : -0.5 * (m * Math.log(fit.rss / m) + this.#columns.filter.logDeterminant);
  }

  /** REML and the slope, whose variance is that of the noise times d' (X' V^-1 X)^-1 d. */
  restricted(model: MeanModel) {
    const fit = this.#fit(model);
    if (fit === null) throw new RangeError(`model '${model.name}' has columns that the points cannot tell apart: leave it out`);
    const degrees = this.#y.length - model.columns.length;
    const variance = fit.rss / Math.max(1, degrees);
    const d = model.slopeFactors ?? model.columns.map(() => 0);
    return {
      logLikelihood: -0.5 * (degrees * Math.log(variance) + this.#columns.filter.logDeterminant + fit.logDeterminant),
      slopeMean: d.reduce((sum, factor, j) => sum + factor * fit.coefficients[j]!, 0),
      slopeDeviation: Math.sqrt(variance * fit.varianceOf(d)),
      coefficients: fit.coefficients,
    };
  }

  #fit({ columns }: MeanModel): LeastSquaresFit | null {
    return generalisedLeastSquares({
      gram: columns.map((a) => columns.map((b) => this.#columns.product(a, b))),
      products: columns.map((a) => this.#productWith(a)),
      total: this.#total,
    });
  }

  #productWith(column: number): number {
    this.#products[column] ??= product(this.#columns.whitened(column), this.#y);
    return this.#products[column];
  }
}

/** Columns under one noise model. Each is whitened, and multiplied with another, when that is first asked for. */
class WhitenedColumns {
  readonly filter: KalmanFilter;
  readonly #columns: readonly Float64Array[];
  /** The first columns, which other series have too. */
  readonly #shared: WhitenedColumns | null;
  readonly #sharedCount: number;
  readonly #whitened: Float64Array[] = [];
  readonly #products = new Map<number, number>();

  constructor(filter: KalmanFilter, columns: readonly Float64Array[], shared: WhitenedColumns | null) {
    this.filter = filter;
    this.#columns = columns;
    this.#shared = shared;
    this.#sharedCount = shared === null ? 0 : columns.length;
  }

  whitened(index: number): Float64Array {
    if (this.#shared !== null && index < this.#sharedCount) return this.#shared.whitened(index);
    this.#whitened[index] ??= this.filter.whiten(this.#columns[index]!);
    return this.#whitened[index];
  }

  product(a: number, b: number): number {
    if (a < b) return this.product(b, a);
    if (this.#shared !== null && a < this.#sharedCount) return this.#shared.product(a, b);
    const key = a * MAX_COLUMNS + b;
    const known = this.#products.get(key);
    if (known !== undefined) return known;
    const found = product(this.whitened(a), this.whitened(b));
    this.#products.set(key, found);
    return found;
  }
}

/** More than there ever are. */
const MAX_COLUMNS = 1024;

function product(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}
