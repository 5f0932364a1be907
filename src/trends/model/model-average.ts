import { type DesignMatrix, designMatrixFor, FIT_LAYOUT, type PlacedModel } from './design-matrix.ts';
import { finerSaturationModels, type MeanModel, type ModelSet, stepModels } from './mean-models.ts';
import { posteriorBelow, type SlopePosterior } from './slope-posterior.ts';
import { stepChanges } from './step-changes.ts';

/** One shape with its share of belief, and the drift at the end that it holds under each noise that counts; none: nothing drifts on. */
export interface ModelPosterior {
  readonly model: MeanModel;
  readonly probability: number;
  readonly slopes: SlopePosterior;
  /** Coefficients under the likeliest noise. */
  readonly coefficients: Float64Array;
}

/** Shapes lighter than this against the heaviest say nothing. */
const MIN_RELATIVE_PROBABILITY = 1e-3;

/** A preference is lifted by at most this much: of some thirty places for a bend one fits by chance. */
const MAX_PRIOR_LIFT = Math.log(12);

/** Noises that carry less of a shape's belief than this do not move its drift. */
const MIN_NOISE_SHARE = 1e-3;

/** Log-likelihood below the best at which a noise is left out. */
const MAX_LOG_LIKELIHOOD_LOSS = 6;

/** Gains in log-likelihood over a level that are not worth weighing bends for. */
const MIN_GAIN_OF_LINE = 2;
const MIN_GAIN_OF_BENDS = 6;

export interface ModelAverage {
  /** Heaviest first. */
  readonly models: readonly ModelPosterior[];
  readonly basis: ModelSet['basis'];
}

/**
 * Weighs all shapes under all noises. A shape's evidence is its likelihood summed over the noises, with the price of
 * Schwarz 1978, "Estimating the Dimension of a Model", for each free value. The drift under one shape is a mixture over the
 * noises by restricted likelihood (Patterson & Thompson 1971).
 */
export function averageModels(x: Float64Array, y: Float64Array, windowS: number): ModelAverage {
  const frame = designMatrixFor(x, windowS);
  const jumps = stepChanges(y);
  const { likely, plainOnly: plain } = likelyNoiseModels(frame.beginSeries(y), frame.pilotModels.length);
  const steps = jumps.length === 0 ? [] : frame.addSeriesModels(stepModels(frame.u, frame.basis.length, jumps));
  frame.computeProducts(likely, plain);
  const scored = scoreModels([...(plain ? frame.models.slice(0, 2) : frame.models), ...steps], frame, likely);
  const { decayTime: tau } = scored.reduce((best, one) => (one.evidence > best.evidence ? one : best)).placed.model;
  if (tau !== null) {
    const finer = frame.addSeriesModels(finerSaturationModels(frame.u, frame.companions, tau, frame.basis.length));
    frame.computeProducts(likely, plain);
    scored.push(...scoreModels(finer, frame, likely));
  }
  return { basis: [...frame.basis], models: posteriorModels(scored, frame, likely) };
}

interface ScoredModel {
  readonly placed: PlacedModel;
  readonly evidence: number;
}

/** The evidence of each shape; those whose columns the points cannot tell apart are left out. */
function scoreModels(placed: readonly PlacedModel[], frame: DesignMatrix, likely: readonly number[]): ScoredModel[] {
  const logM = Math.log(frame.x.length);
  const means = frame.logEvidence(placed, likely);
  return placed.flatMap((one, i) => {
    const { columns, searchedParameters: searched, logPrior } = one.model;
    const bicPenalty = 0.5 * (columns.length + searched) * logM;
    return Number.isNaN(means[i]) ? [] : [{ placed: one, evidence: means[i]! - bicPenalty + logPrior }];
  });
}

function posteriorModels(scored: readonly ScoredModel[], frame: DesignMatrix, likely: readonly number[]): ModelPosterior[] {
  const top = Math.max(...scored.map(({ evidence }) => evidence));
  const relevant = scored.filter(({ evidence }) => evidence - top > Math.log(MIN_RELATIVE_PROBABILITY));
  const sum = relevant.reduce((total, { evidence }) => total + Math.exp(evidence - top), 0);
  return relevant
    .map(({ placed, evidence }) => posteriorOf(placed, frame, likely, Math.exp(evidence - top) / sum))
    .sort((a, b) => b.probability - a.probability);
}

/**
 * Noises that no probe makes likely would count for nothing under any shape: they are left out before the costly part. `plain`: neither a
 * line nor supple bends explain more than a level does, so that only those two shapes need weighing.
 */
function likelyNoiseModels(likelihoods: Float64Array, probes: number): { likely: number[]; plainOnly: boolean } {
  const best = new Float64Array(probes).fill(Number.NEGATIVE_INFINITY);
  likelihoods.forEach((of, i) => {
    best[i % probes] = Math.max(best[i % probes]!, of);
  });
  const likely: number[] = [];
  likelihoods.forEach((of, i) => {
    const noise = Math.floor(i / probes);
    if (of > best[i % probes]! - MAX_LOG_LIKELIHOOD_LOSS && likely[likely.length - 1] !== noise) likely.push(noise);
  });
  return { likely, plainOnly: best[1]! - best[0]! < MIN_GAIN_OF_LINE && best[2]! - best[0]! < MIN_GAIN_OF_BENDS };
}

function posteriorOf(placed: PlacedModel, frame: DesignMatrix, likely: readonly number[], weight: number): ModelPosterior {
  const { model: shape } = placed;
  const { each, best } = frame.fits(placed, likely);
  if (shape.slopeFactors === null) return { model: shape, probability: weight, slopes: [], coefficients: best };
  let top = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < each.length; at += FIT_LAYOUT.numbers)
    top = Math.max(top, each[at + FIT_LAYOUT.restrictedLogLikelihood]!);
  const shares: number[] = [];
  let sum = 0;
  for (let at = 0; at < each.length; at += FIT_LAYOUT.numbers) {
    const share = Math.exp(each[at + FIT_LAYOUT.restrictedLogLikelihood]! - top);
    sum += share;
    shares.push(share);
  }
  const drift: number[] = [];
  const degrees = frame.x.length - shape.columns.length;
  shares.forEach((share, g) => {
    const at = g * FIT_LAYOUT.numbers;
    if (share >= MIN_NOISE_SHARE * sum)
      drift.push((weight * share) / sum, each[at + FIT_LAYOUT.slopeMean]!, each[at + FIT_LAYOUT.slopeDeviation]!, degrees);
  });
  return { model: shape, probability: weight, slopes: drift, coefficients: best };
}

/** Share of belief that it grows when no shape is preferred beforehand. */
export function growthPosteriorFlatPrior(weighed: readonly ModelPosterior[]): number {
  let all = 0;
  let growing = 0;
  for (const { model: shape, probability: weight, slopes: drift } of weighed) {
    const even = weight * Math.exp(Math.min(-shape.logPrior, MAX_PRIOR_LIFT));
    all += even;
    if (drift.length > 0) growing += even * (1 - posteriorBelow(drift, 0));
  }
  return all > 0 ? growing / all : 0;
}
