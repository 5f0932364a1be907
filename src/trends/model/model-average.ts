import type { Arithmetic, Regression, SeriesRegression } from './arithmetic.ts';
import {
  finerBendModels,
  finerSaturationModels,
  isBend,
  isSlopeOfCycle,
  type MeanModel,
  type ModelSet,
  meanModels,
  modelValueAt,
  shiftModels,
  stepModels,
} from './mean-models.ts';
import { PLAIN_ARITHMETIC } from './plain-arithmetic.ts';
import type { SlopePosterior } from './slope-posterior.ts';
import { likeliestShift, stepChanges } from './step-changes.ts';

/** One mean model and what the series says of it. */
export interface ModelPosterior {
  readonly model: MeanModel;
  /** Posterior probability. Those of all models add up to 1. */
  readonly probability: number;
  /** The slope at the end if this model holds; its weights add up to `probability`, but for noise models of no weight. Empty: the model has no lasting slope. */
  readonly slope: SlopePosterior;
  /** Of the model's columns, under the most likely noise model, in the unit of the series. */
  readonly coefficients: Float64Array;
}

/** The average over all mean models and noise models. */
export interface ModelAverage {
  /** The most probable first. Models of less than a thousandth of the first one's probability are left out. */
  readonly models: readonly ModelPosterior[];
  /** Posterior probability of a lasting slope (drift), whatever its sign; of a positive one; of a negative one. */
  readonly drifting: number;
  readonly growing: number;
  readonly falling: number;
  /** Posterior probability of a positive slope if no model had been preferred beforehand. */
  readonly growingFlatPrior: number;
  /** ln of the odds that the series grows, of these models and beforehand. */
  readonly growthOdds: GrowthOdds;
  /** Quantiles of the slope given that there is a lasting one, in the unit of the series a window: 0.05, 0.5 and 0.95. 0 where no model has one. */
  readonly slope: { readonly low: number; readonly median: number; readonly high: number };
  /** The most probable model's value at the last point, in the unit of the series. */
  readonly levelAtEnd: number;
  /** The same at the point that a tenth of all points precede: a process has started by then. */
  readonly levelAfterStart: number;
}

/**
 * ln of the odds of growth: `posterior` by the series and by what was preferred beforehand; `prior` by that alone, for the likeliest model that
 * grows and the likeliest that does not. Their difference is the evidence of the series (ln of the Bayes factor), which adds up over series that
 * grow for the same reason.
 */
export interface GrowthOdds {
  readonly posterior: number;
  readonly prior: number;
}

/** Models less probable than this, against the most probable one, are left out. */
export const MIN_RELATIVE_PROBABILITY = 1e-3;
/** Models whose log evidence differs by less than this are equally probable. */
const TIE = 1e-9;
/** Under a flat prior no model's prior rises by more than this: of some thirty places for a bend one fits by chance. */
const MAX_PRIOR_LIFT = Math.log(12);
/** Noise models with a smaller share of a mean model's probability do not move its slope. */
const MIN_NOISE_SHARE = 1e-3;
/** A noise model is left out if it makes no pilot model likelier than this much log-likelihood below the best. */
const MAX_LOG_LIKELIHOOD_LOSS = 6;
/** Gains in log-likelihood over a level that are too small to look for bends. */
const MIN_GAIN_OF_LINE = 2;
const MIN_GAIN_OF_BENDS = 6;

/**
 * Bayesian model averaging (Hoeting, Madigan, Raftery & Volinsky 1999, "Bayesian Model Averaging: A Tutorial") of the slope of one series.
 *
 * 1. Candidates: each mean model (`mean-models.ts`: level, line, bend, saturation, steps, daily cycle) under each noise model (`noise-models.ts`:
 *    Ornstein-Uhlenbeck processes plus white noise).
 * 2. Likelihood L(mean, noise): generalised least squares (`least-squares.ts`) on what the Kalman filter of the noise leaves (`kalman-filter.ts`).
 * 3. Evidence of a mean model with k coefficients and s searched parameters on m points: ln of the mean of L over the noise models, less
 *    (k + s) / 2 ln m, plus its log prior. The price is that of BIC: Schwarz 1978, "Estimating the Dimension of a Model".
 * 4. Posterior probability of a mean model: exp(evidence) over the sum of all.
 * 5. Slope under a mean model: Student's t with m - k degrees of freedom under each noise model, weighted by restricted likelihood (REML: Patterson &
 *    Thompson 1971, "Recovery of Inter-block Information when Block Sizes are Unequal"). The slope's posterior is the mixture of all of them.
 *
 * `t`: seconds after the window's start, ascending. `y`: a value for each, of any unit; without daily cycles where the window is two days or longer.
 * `windowSeconds`: length of the window, which may begin before the first point and end after the last. Throws RangeError where `t` and `y` differ in
 * length, have fewer than 3 points, or the window has no length. `arithmetic`: which of the two implementations does the sums; the answers are the same.
 */
export function modelAverage(
  t: Float64Array,
  y: Float64Array,
  windowSeconds: number,
  arithmetic: Arithmetic = PLAIN_ARITHMETIC,
): ModelAverage {
  return new ModelAverager(t, windowSeconds, arithmetic).average(y);
}

const MIN_POINTS = 3;

/** `modelAverage` for many series at the same points: what depends on the points alone is computed once, and is kept as long as this object. */
export class ModelAverager {
  readonly #u: Float64Array;
  readonly #models: ModelSet;
  readonly #regression: Regression;
  readonly #arithmetic: Arithmetic;

  constructor(t: Float64Array, windowSeconds: number, arithmetic: Arithmetic) {
    if (!(windowSeconds > 0)) throw new RangeError(`windowSeconds is ${windowSeconds}, expected more than 0`);
    if (t.length < MIN_POINTS) throw new RangeError(`t has ${t.length} points, expected ${MIN_POINTS} or more`);
    this.#u = t.map((at) => at / windowSeconds);
    this.#models = meanModels(this.#u, windowSeconds);
    this.#arithmetic = arithmetic;
    this.#regression = arithmetic.regression(this.#u, this.#models);
  }

  /**
   * Throws RangeError where `y` has not a value for each point. `isFloor`: its values are what collections leave. The noise of a floor hides no shift of
   * its mean, because its values are the lowest of many: what looks like a shift is where it began to rise.
   */
  average(y: Float64Array, isFloor = false): ModelAverage {
    if (y.length !== this.#u.length) throw new RangeError(`y has ${y.length} values, expected ${this.#u.length}, one a point`);
    return this.#regression.withSeries(y, (series) => this.#averageOf(series, y, isFloor));
  }

  #averageOf(series: SeriesRegression, y: Float64Array, isFloor: boolean): ModelAverage {
    const { noises, levelOrLine } = likelyNoiseModels(series.pilotLogLikelihoods(), this.#models.pilotModels.length);
    const steps = this.#stepModels(series, y, !isFloor && !levelOrLine);
    const plain = levelOrLine ? this.#models.models.slice(0, 2) : this.#models.models;
    const candidates = [...(isFloor ? plain.map(ofFloor) : plain), ...steps];
    const scored = scoreModels(candidates, series, noises, y.length);
    const likeliest = likeliestOf(scored);
    const size = series.columns.length;
    const finer =
      likeliest.decayTime !== null
        ? finerSaturationModels(this.#u, this.#models.companions, likeliest.decayTime, size)
        : isBend(likeliest)
          ? finerBendModels(this.#u, likeliest.lastPartStart, size)
          : null;
    if (finer !== null) scored.push(...scoreModels(addModels(series, finer), series, noises, y.length));
    return this.#summary(posteriorModels(scored, series, noises, y.length), series.columns, y.length);
  }

  /** Of its jumps; where it has none, of the shift that explains most of it. */
  #stepModels(series: SeriesRegression, y: Float64Array, seeksShift: boolean): readonly MeanModel[] {
    const [jumps, size] = [stepChanges(y, this.#arithmetic.movesOf), series.columns.length];
    if (jumps.length > 0) return addModels(series, stepModels(this.#u, size, jumps));
    const shift = seeksShift ? likeliestShift(y) : null;
    return shift === null ? [] : addModels(series, shiftModels(this.#u, size, this.#models.companions.line, shift));
  }

  #summary(models: readonly ModelPosterior[], columns: readonly Float64Array[], m: number): ModelAverage {
    const arithmetic = this.#arithmetic;
    const slope = models.flatMap((one) => one.slope);
    let drifting = 0;
    let all = 0;
    let growingFlatPrior = 0;
    for (const { model, probability, slope: own } of models) {
      if (model.slopeFactors !== null) drifting += probability;
      const lifted = probability * Math.exp(Math.min(-model.logPrior, MAX_PRIOR_LIFT));
      all += lifted;
      if (own.length > 0) growingFlatPrior += lifted * (1 - arithmetic.slopeCdf(own, 0));
    }
    const belowZero = arithmetic.slopeCdf(slope, 0);
    const top = models[0]!;
    const growing = drifting * (1 - belowZero);
    return {
      models,
      drifting,
      growing,
      growthOdds: growthOdds(models, growing),
      falling: drifting * belowZero,
      growingFlatPrior: all > 0 ? growingFlatPrior / all : 0,
      slope: {
        low: arithmetic.slopeQuantile(slope, 0.05),
        median: arithmetic.slopeQuantile(slope, 0.5),
        high: arithmetic.slopeQuantile(slope, 0.95),
      },
      levelAtEnd: modelValueAt(top.model, columns, top.coefficients, m - 1),
      levelAfterStart: modelValueAt(top.model, columns, top.coefficients, Math.floor(m / 10)),
    };
  }
}

/** What a collection leaves hardly follows the load of a day, as what is allocated does. */
const LOG_PRIOR_OF_FLOOR_BY_LOAD = Math.log(1 / 8);
const ofFloor = (model: MeanModel): MeanModel =>
  model.name.startsWith('daily-cycle') ? { ...model, logPrior: model.logPrior + LOG_PRIOR_OF_FLOOR_BY_LOAD } : model;

function growthOdds(models: readonly ModelPosterior[], growing: number): GrowthOdds {
  const priorOf = (grows: boolean): number =>
    models.find(({ model }) => (model.slopeFactors !== null) === grows)?.model.logPrior ?? 0;
  // What is less probable than the models that are left out is not known.
  const share = Math.min(Math.max(growing, MIN_RELATIVE_PROBABILITY), 1 - MIN_RELATIVE_PROBABILITY);
  return { posterior: Math.log(share / (1 - share)), prior: priorOf(true) - priorOf(false) };
}

function addModels(series: SeriesRegression, { basis, models }: Pick<ModelSet, 'basis' | 'models'>): readonly MeanModel[] {
  series.addColumns(basis);
  return models;
}

/**
 * The noise models that make one of the pilot models about as likely as any noise model does: the others would count for nothing under any mean
 * model, and are left out before the costly part. `levelOrLine`: neither a line nor flexible bends explain more than a level does, so
 * bends need not be looked for.
 */
function likelyNoiseModels(logLikelihoods: Float64Array, pilots: number): { noises: number[]; levelOrLine: boolean } {
  const best: number[] = [];
  const isLikely: boolean[] = [];
  for (let p = 0; p < pilots; p++) {
    // NaN where the points cannot tell the pilot's columns apart: then it says nothing.
    let most = Number.NEGATIVE_INFINITY;
    for (let i = p; i < logLikelihoods.length && !Number.isNaN(most); i += pilots)
      if (!(logLikelihoods[i]! <= most)) most = logLikelihoods[i]!;
    const least = most - MAX_LOG_LIKELIHOOD_LOSS;
    for (let i = p, noise = 0; i < logLikelihoods.length; i += pilots, noise++)
      isLikely[noise] = isLikely[noise] === true || logLikelihoods[i]! > least;
    best.push(most);
  }
  const noises: number[] = [];
  for (let noise = 0; noise < isLikely.length; noise++) if (isLikely[noise]) noises.push(noise);
  const [level, line, flexible] = best;
  return { noises, levelOrLine: line! - level! < MIN_GAIN_OF_LINE && flexible! - level! < MIN_GAIN_OF_BENDS };
}

interface ScoredModel {
  readonly model: MeanModel;
  readonly evidence: number;
}

/** The log evidence of each model; models whose columns the points cannot tell apart are left out. */
function scoreModels(
  models: readonly MeanModel[],
  series: SeriesRegression,
  noises: readonly number[],
  m: number,
): ScoredModel[] {
  const logM = Math.log(m);
  const likelihoods = series.logMeanLikelihoods(models, noises);
  return models.flatMap((model, i) => {
    const bicPrice = 0.5 * (model.columns.length + model.searchedParameters) * logM;
    return Number.isNaN(likelihoods[i]) ? [] : [{ model, evidence: likelihoods[i]! - bicPrice + model.logPrior }];
  });
}

function posteriorModels(
  scored: readonly ScoredModel[],
  series: SeriesRegression,
  noises: readonly number[],
  m: number,
): ModelPosterior[] {
  const top = Math.max(...scored.map(({ evidence }) => evidence));
  const relevant = scored.filter(({ evidence }) => evidence - top > Math.log(MIN_RELATIVE_PROBABILITY));
  const sum = relevant.reduce((total, { evidence }) => total + Math.exp(evidence - top), 0);
  return largestFirst(relevant, ({ evidence }) => evidence).map(({ model, evidence }) =>
    posteriorOf(model, Math.exp(evidence - top) / sum, series, noises, m),
  );
}

/**
 * The largest first. Models that differ only where there are no points, such as bends between the same two of them, are equally probable but for
 * rounding. Such a tie goes to the model with fewer parameters, then to the later bend, then to the one that comes first among the candidates:
 * the answer must not depend on the order in which an arithmetic adds.
 */
function largestFirst<T extends { readonly model: MeanModel }>(models: readonly T[], logWeight: (one: T) => number): T[] {
  const groups = new Map<T, number>();
  let largest = Number.POSITIVE_INFINITY;
  for (const one of models.toSorted((a, b) => logWeight(b) - logWeight(a))) {
    if (logWeight(one) < largest - TIE) largest = logWeight(one);
    groups.set(one, largest);
  }
  const parameters = ({ columns, searchedParameters }: MeanModel): number => columns.length + searchedParameters;
  return models.toSorted(
    (a, b) =>
      groups.get(b)! - groups.get(a)! ||
      parameters(a.model) - parameters(b.model) ||
      b.model.lastPartStart - a.model.lastPartStart,
  );
}

/** The first of `largestFirst`, without the order of the others. */
function likeliestOf(scored: readonly ScoredModel[]): MeanModel {
  let most = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < scored.length; i++) if (scored[i]!.evidence > most) most = scored[i]!.evidence;
  return largestFirst(
    scored.filter(({ evidence }) => evidence >= most - TIE),
    ({ evidence }) => evidence,
  )[0]!.model;
}

function posteriorOf(
  model: MeanModel,
  probability: number,
  series: SeriesRegression,
  noises: readonly number[],
  m: number,
): ModelPosterior {
  const { restrictedLogLikelihood, slopeMean, slopeDeviation, coefficients } = series.fits(model, noises);
  if (model.slopeFactors === null || isSlopeOfCycle(model, coefficients))
    return { model: { ...model, slopeFactors: null }, probability, slope: [], coefficients };
  let top = Number.NEGATIVE_INFINITY;
  for (let g = 0; g < noises.length; g++) top = Math.max(top, restrictedLogLikelihood[g]!);
  const shares: number[] = [];
  let sum = 0;
  for (let g = 0; g < noises.length; g++) {
    const share = Math.exp(restrictedLogLikelihood[g]! - top);
    sum += share;
    shares.push(share);
  }
  const slope: number[] = [];
  const degrees = m - model.columns.length;
  shares.forEach((share, g) => {
    if (share >= MIN_NOISE_SHARE * sum) slope.push((probability * share) / sum, slopeMean[g]!, slopeDeviation[g]!, degrees);
  });
  return { model, probability, slope, coefficients };
}
