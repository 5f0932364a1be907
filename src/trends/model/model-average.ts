import { FIT, type Frame, frameOf, type Placed } from './design-matrix.ts';
import { finerFills, type Shape, type Shapes, stepShapes } from './mean-models.ts';
import { type Drift, driftBelow } from './slope-posterior.ts';
import { jumpsOf } from './step-changes.ts';

/** One shape with its share of belief, and the drift at the end that it holds under each noise that counts; none: nothing drifts on. */
export interface Weighed {
  readonly shape: Shape;
  readonly weight: number;
  readonly drift: Drift;
  /** Coefficients under the likeliest noise. */
  readonly best: Float64Array;
}

/** Shapes lighter than this against the heaviest say nothing. */
const LIGHT = 1e-3;

/** A preference is lifted by at most this much: of some thirty places for a bend one fits by chance. */
const EVEN = Math.log(12);

/** Noises that carry less of a shape's belief than this do not move its drift. */
const FAINT = 1e-3;

/** Log-likelihood below the best at which a noise is left out. */
const UNLIKELY = 6;

/** Gains in log-likelihood over a level that are not worth weighing bends for. */
const DULL_LINE = 2;
const DULL_BENDS = 6;

export interface Weighing {
  /** Heaviest first. */
  readonly weighed: readonly Weighed[];
  readonly basis: Shapes['basis'];
}

/**
 * Weighs all shapes under all noises. A shape's evidence is its likelihood summed over the noises, with the price of
 * Schwarz 1978, "Estimating the Dimension of a Model", for each free value. The drift under one shape is a mixture over the
 * noises by restricted likelihood (Patterson & Thompson 1971).
 */
export function weighShapes(x: Float64Array, y: Float64Array, windowS: number): Weighing {
  const frame = frameOf(x, windowS);
  const jumps = jumpsOf(y);
  const { likely, plain } = likelyNoises(frame.begin(y), frame.probes.length);
  const steps = jumps.length === 0 ? [] : frame.own(stepShapes(frame.u, frame.basis.length, jumps));
  frame.fill(likely, plain);
  const scored = scoreAll([...(plain ? frame.shapes.slice(0, 2) : frame.shapes), ...steps], frame, likely);
  const { tau } = scored.reduce((best, one) => (one.evidence > best.evidence ? one : best)).placed.shape;
  if (tau !== null) {
    const finer = frame.own(finerFills(frame.u, frame.beside, tau, frame.basis.length));
    frame.fill(likely, plain);
    scored.push(...scoreAll(finer, frame, likely));
  }
  return { basis: [...frame.basis], weighed: weighAll(scored, frame, likely) };
}

interface Scored {
  readonly placed: Placed;
  readonly evidence: number;
}

/** The evidence of each shape; those whose columns the points cannot tell apart are left out. */
function scoreAll(placed: readonly Placed[], frame: Frame, likely: readonly number[]): Scored[] {
  const logM = Math.log(frame.x.length);
  const means = frame.evidences(placed, likely);
  return placed.flatMap((one, i) => {
    const { columns, searched, logPrior } = one.shape;
    const price = 0.5 * (columns.length + searched) * logM;
    return Number.isNaN(means[i]) ? [] : [{ placed: one, evidence: means[i]! - price + logPrior }];
  });
}

function weighAll(scored: readonly Scored[], frame: Frame, likely: readonly number[]): Weighed[] {
  const top = Math.max(...scored.map(({ evidence }) => evidence));
  const kept = scored.filter(({ evidence }) => evidence - top > Math.log(LIGHT));
  const sum = kept.reduce((total, { evidence }) => total + Math.exp(evidence - top), 0);
  return kept
    .map(({ placed, evidence }) => weighOne(placed, frame, likely, Math.exp(evidence - top) / sum))
    .sort((a, b) => b.weight - a.weight);
}

/**
 * Noises that no probe makes likely would count for nothing under any shape: they are left out before the costly part. `plain`: neither a
 * line nor supple bends explain more than a level does, so that only those two shapes need weighing.
 */
function likelyNoises(likelihoods: Float64Array, probes: number): { likely: number[]; plain: boolean } {
  const best = new Float64Array(probes).fill(Number.NEGATIVE_INFINITY);
  likelihoods.forEach((of, i) => {
    best[i % probes] = Math.max(best[i % probes]!, of);
  });
  const likely: number[] = [];
  likelihoods.forEach((of, i) => {
    const noise = Math.floor(i / probes);
    if (of > best[i % probes]! - UNLIKELY && likely[likely.length - 1] !== noise) likely.push(noise);
  });
  return { likely, plain: best[1]! - best[0]! < DULL_LINE && best[2]! - best[0]! < DULL_BENDS };
}

function weighOne(placed: Placed, frame: Frame, likely: readonly number[], weight: number): Weighed {
  const { shape } = placed;
  const { each, best } = frame.fits(placed, likely);
  if (shape.drift === null) return { shape, weight, drift: [], best };
  let top = Number.NEGATIVE_INFINITY;
  for (let at = 0; at < each.length; at += FIT.numbers) top = Math.max(top, each[at + FIT.restricted]!);
  const shares: number[] = [];
  let sum = 0;
  for (let at = 0; at < each.length; at += FIT.numbers) {
    const share = Math.exp(each[at + FIT.restricted]! - top);
    sum += share;
    shares.push(share);
  }
  const drift: number[] = [];
  const degrees = frame.x.length - shape.columns.length;
  shares.forEach((share, g) => {
    const at = g * FIT.numbers;
    if (share >= FAINT * sum) drift.push((weight * share) / sum, each[at + FIT.mean]!, each[at + FIT.deviation]!, degrees);
  });
  return { shape, weight, drift, best };
}

/** Share of belief that it grows when no shape is preferred beforehand. */
export function evenHanded(weighed: readonly Weighed[]): number {
  let all = 0;
  let growing = 0;
  for (const { shape, weight, drift } of weighed) {
    const even = weight * Math.exp(Math.min(-shape.logPrior, EVEN));
    all += even;
    if (drift.length > 0) growing += even * (1 - driftBelow(drift, 0));
  }
  return all > 0 ? growing / all : 0;
}
