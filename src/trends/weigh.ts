import { type Drift, driftBelow } from './drift.ts';
import { type Frame, frameOf, type Placed } from './frame.ts';
import { jumpsOf } from './jumps.ts';
import { kernel } from './kernel/kernel.ts';
import { finerFills, type Shape, type Shapes, stepShapes } from './shapes.ts';

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
  const { likely, plain } = likelyNoises(frame.begin(y));
  const steps = jumps.length === 0 ? [] : frame.own(stepShapes(frame.u, frame.basis.length, jumps));
  frame.fill(likely, plain);
  const rows = kernel().copyInts(likely.map((g) => frame.row(g)));
  const score = (placed: readonly Placed[]): Scored[] => scoreAll(placed, frame, rows, likely.length);
  const scored = score([...(plain ? frame.shapes.slice(0, 2) : frame.shapes), ...steps]);
  const { tau } = scored.reduce((best, one) => (one.evidence > best.evidence ? one : best)).placed.shape;
  if (tau !== null) {
    const finer = frame.own(finerFills(frame.u, frame.beside, tau, frame.basis.length));
    frame.fill(likely, plain);
    scored.push(...score(finer));
  }
  return { basis: [...frame.basis], weighed: weighAll(scored, frame, likely) };
}

interface Scored {
  readonly placed: Placed;
  readonly evidence: number;
}

/** The evidence of each shape under the noises of which the rows are at `rows`; those whose columns the points cannot tell apart are left out. */
function scoreAll(placed: readonly Placed[], { pairsAt, x }: Frame, rows: number, count: number): Scored[] {
  const scored: Scored[] = [];
  for (const one of placed) {
    const mean = kernel().call.evidence(one.at, rows, count, pairsAt, x.length);
    if (Number.isNaN(mean)) continue;
    const { columns, searched, logPrior } = one.shape;
    const price = 0.5 * (columns.length + searched) * Math.log(x.length);
    scored.push({ placed: one, evidence: mean - price + logPrior });
  }
  return scored;
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
 * line nor supple bends explain more than a level does, so that only those two shapes need weighing. `likelihoods`: of each noise, by probe.
 */
function likelyNoises(likelihoods: readonly (readonly number[])[]): { likely: number[]; plain: boolean } {
  const best = likelihoods[0]!.map((_, i) => Math.max(...likelihoods.map((of) => of[i]!)));
  return {
    likely: likelihoods.flatMap((of, g) => (best.some((most, i) => of[i]! > most - UNLIKELY) ? [g] : [])),
    plain: best[1]! - best[0]! < DULL_LINE && best[2]! - best[0]! < DULL_BENDS,
  };
}

/** Numbers of a fit before its coefficients, as in kernel/assembly/shape.ts: log-determinant, drift, its spread. */
const FIT = 3;

function weighOne({ shape, at }: Placed, frame: Frame, likely: readonly number[], weight: number): Weighed {
  const k = kernel();
  const columns = shape.columns.length;
  const m = frame.x.length;
  const { top: givenBack } = k;
  const fit = k.take(FIT + columns);
  const fits = likely.map((g) => {
    const row = frame.row(g);
    const logF = k.f64[row >> 3]!;
    const rss = k.call.solve(at, row, frame.pairsAt, fit);
    const [logDet, mean, spread] = [k.f64[fit >> 3]!, k.f64[(fit >> 3) + 1]!, k.f64[(fit >> 3) + 2]!];
    const variance = rss / Math.max(1, m - columns);
    return {
      row,
      likelihood: m * Math.log(rss / m) + logF,
      restricted: -0.5 * ((m - columns) * Math.log(variance) + logF + logDet),
      mean,
      deviation: Math.sqrt(variance * spread),
    };
  });
  const likeliest = fits.reduce((best, one) => (one.likelihood < best.likelihood ? one : best));
  k.call.solve(at, likeliest.row, frame.pairsAt, fit);
  const best = k.f64.slice((fit >> 3) + FIT, (fit >> 3) + FIT + columns);
  k.giveBack(givenBack);
  if (shape.drift === null) return { shape, weight, drift: [], best };
  const top = fits.reduce((most, { restricted }) => Math.max(most, restricted), Number.NEGATIVE_INFINITY);
  const sum = fits.reduce((total, { restricted }) => total + Math.exp(restricted - top), 0);
  const drift: number[] = [];
  for (const { restricted, mean, deviation } of fits) {
    const share = Math.exp(restricted - top) / sum;
    if (share >= FAINT) drift.push(weight * share, mean, deviation, m - columns);
  }
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
