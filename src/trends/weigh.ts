import { type DriftPart, driftBelow } from './drift.ts';
import { type Frame, frameOf, needOf, Whitened } from './frame.ts';
import { jumpsOf } from './jumps.ts';
import { finerFills, type Shape, type Shapes, stepShapes } from './shapes.ts';

/** One shape with its share of belief, and the drift at the end that it holds under each noise that counts; none: nothing drifts on. */
export interface Weighed {
  readonly shape: Shape;
  readonly weight: number;
  readonly drift: readonly DriftPart[];
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
  const step = jumps.length === 0 ? NOTHING : stepShapes(frame.u, frame.basis.length, jumps);
  const { likely, plain } = likelyNoises(frame, y);
  if (!plain) for (const one of likely) one.fill(frame.all);
  const shapes = [...(plain ? frame.shapes.slice(0, 2) : frame.shapes), ...step.shapes];
  let own = step.basis;
  let whitened = own.length === 0 ? likely : extendedBy(likely, own, step.shapes);
  const scored = scoreAll(shapes, whitened, y.length);
  const { tau } = scored.reduce((best, one) => (one.evidence > best.evidence ? one : best)).shape;
  if (tau !== null) {
    const finer = finerFills(frame.u, frame, tau, own.length);
    own = [...own, ...finer.basis];
    whitened = extendedBy(likely, own, [...step.shapes, ...finer.shapes]);
    scored.push(...scoreAll(finer.shapes, whitened, y.length));
  }
  return { basis: [...frame.basis, ...own], weighed: weighAll(scored, whitened, y.length) };
}

const NOTHING: Pick<Shapes, 'basis' | 'shapes'> = { basis: [], shapes: [] };

/** `own`: columns of this series alone, after those of the frame, that `shapes` use. */
function extendedBy(likely: readonly Whitened[], own: readonly Float64Array[], shapes: readonly Shape[]): Whitened[] {
  return Whitened.extended(likely, own, needOf(shapes));
}

interface Scored {
  readonly shape: Shape;
  readonly evidence: number;
}

function scoreAll(shapes: readonly Shape[], whitened: readonly Whitened[], m: number): Scored[] {
  return shapes.flatMap((shape) => {
    const evidence = logEvidence(shape, whitened, m);
    return evidence === null ? [] : [{ shape, evidence }];
  });
}

function weighAll(scored: readonly Scored[], whitened: readonly Whitened[], m: number): Weighed[] {
  const top = Math.max(...scored.map(({ evidence }) => evidence));
  const kept = scored.filter(({ evidence }) => evidence - top > Math.log(LIGHT));
  const sum = kept.reduce((total, { evidence }) => total + Math.exp(evidence - top), 0);
  return kept
    .map(({ shape, evidence }) => weighOne(shape, whitened, m, Math.exp(evidence - top) / sum))
    .sort((a, b) => b.weight - a.weight);
}

/**
 * The series under the noises that count. Those that no probe makes likely would count for nothing under any shape: they are left out
 * before the costly part. `plain`: neither a line nor supple bends explain more than a level does, so that only those two shapes need
 * weighing.
 */
function likelyNoises({ noises, probes, probing }: Frame, y: Float64Array): { likely: Whitened[]; plain: boolean } {
  const m = y.length;
  const all = Whitened.all(noises, y);
  const likelihoods = all.map((one) => {
    one.fill(probing);
    return probes.map((probe) => logLikelihood(residual(probe, one), one.logF, m));
  });
  const best = probes.map((_, i) => Math.max(...likelihoods.map((of) => of[i]!)));
  return {
    likely: all.filter((_, g) => best.some((of, i) => likelihoods[g]![i]! > of - UNLIKELY)),
    plain: best[1]! - best[0]! < DULL_LINE && best[2]! - best[0]! < DULL_BENDS,
  };
}

const logLikelihood = (rss: number, logF: number, m: number): number => -0.5 * (m * Math.log(rss / m) + logF);

/** Likelihood summed over the noises, less the price of the free values; null where the points cannot tell the columns apart. */
function logEvidence(shape: Shape, whitened: readonly Whitened[], m: number): number | null {
  let top = Number.NEGATIVE_INFINITY;
  const likelihoods = new Float64Array(whitened.length);
  for (let g = 0; g < whitened.length; g++) {
    const likelihood = logLikelihood(residual(shape, whitened[g]!), whitened[g]!.logF, m);
    if (Number.isNaN(likelihood)) return null;
    likelihoods[g] = likelihood;
    if (likelihood > top) top = likelihood;
  }
  let sum = 0;
  for (const likelihood of likelihoods) sum += Math.exp(likelihood - top);
  const price = 0.5 * (shape.columns.length + shape.searched) * Math.log(m);
  return top + Math.log(sum / whitened.length) - price + shape.logPrior;
}

function weighOne(shape: Shape, whitened: readonly Whitened[], m: number, weight: number): Weighed {
  const k = shape.columns.length;
  const count = whitened.length;
  const likelihoods = new Float64Array(count);
  const parts: { mean: number; deviation: number }[] = [];
  let best: Float64Array = new Float64Array(k);
  let top = Number.NEGATIVE_INFINITY;
  let topRestricted = Number.NEGATIVE_INFINITY;
  for (let g = 0; g < count; g++) {
    const { logF } = whitened[g]!;
    const solved = solve(shape, whitened[g]!);
    const variance = solved.rss / Math.max(1, m - k);
    const restricted = -0.5 * ((m - k) * Math.log(variance) + logF + solved.logDet);
    likelihoods[g] = restricted;
    topRestricted = Math.max(topRestricted, restricted);
    const likelihood = logLikelihood(solved.rss, logF, m);
    if (likelihood > top) {
      top = likelihood;
      best = solved.coefficients;
    }
    const mean = shape.drift?.reduce((sum, factor, a) => sum + factor * solved.coefficients[a]!, 0) ?? 0;
    parts.push({ mean, deviation: Math.sqrt(variance * solved.spread) });
  }
  if (shape.drift === null) return { shape, weight, drift: [], best };
  let sum = 0;
  for (let g = 0; g < count; g++) {
    likelihoods[g] = Math.exp(likelihoods[g]! - topRestricted);
    sum += likelihoods[g]!;
  }
  const drift = parts.flatMap((part, g) => {
    const share = likelihoods[g]! / sum;
    return share < FAINT ? [] : [{ ...part, weight: weight * share, degrees: m - k }];
  });
  return { shape, weight, drift, best };
}

/** A perfect fit must not have infinite likelihood: pages and clocks are never better than a few parts in ten thousand. */
const bounded = (rss: number, total: number): number => Math.max(rss, 1e-8 * total, 1e-12);

/** Columns that differ by less than this share of their length are one. */
const ALIKE = 1e-7;

const MOST_COLUMNS = 8;
const lower = new Float64Array(MOST_COLUMNS * MOST_COLUMNS);
const solution = new Float64Array(MOST_COLUMNS);

/**
 * Cholesky factor of the shape's products, in `lower`, and the series in its terms, in `solution`: generalised least squares, since all
 * columns are whitened. Returns the sum of squares that the shape leaves. NaN: the points cannot tell its columns apart.
 */
function residual({ columns }: Shape, { gram, size, products, total }: Whitened): number {
  const k = columns.length;
  let rest = total;
  for (let j = 0; j < k; j++) {
    const at = columns[j]!;
    let value = products[at]!;
    for (let i = 0; i <= j; i++) {
      const other = columns[i]!;
      let sum = gram[at * size + other]!;
      for (let p = 0; p < i; p++) sum -= lower[j * MOST_COLUMNS + p]! * lower[i * MOST_COLUMNS + p]!;
      if (i < j) {
        const factor = sum / lower[i * MOST_COLUMNS + i]!;
        lower[j * MOST_COLUMNS + i] = factor;
        value -= factor * solution[i]!;
      } else {
        if (sum <= ALIKE * gram[at * size + at]!) return Number.NaN;
        lower[j * MOST_COLUMNS + j] = Math.sqrt(sum);
        value /= lower[j * MOST_COLUMNS + j]!;
      }
    }
    solution[j] = value;
    rest -= value * value;
  }
  return bounded(rest, total);
}

interface Solved {
  readonly coefficients: Float64Array;
  readonly logDet: number;
  readonly rss: number;
  /** Variance of the drift for errors of variance one. */
  readonly spread: number;
}

function solve(shape: Shape, whitened: Whitened): Solved {
  const k = shape.columns.length;
  const rss = residual(shape, whitened);
  let logDet = 0;
  const coefficients = new Float64Array(k);
  for (let j = k - 1; j >= 0; j--) {
    let sum = solution[j]!;
    for (let i = j + 1; i < k; i++) sum -= lower[i * MOST_COLUMNS + j]! * coefficients[i]!;
    coefficients[j] = sum / lower[j * MOST_COLUMNS + j]!;
    logDet += 2 * Math.log(lower[j * MOST_COLUMNS + j]!);
  }
  // With L the factor and d the drift's factors, the variance is the squared length of L^-1 d.
  let spread = 0;
  if (shape.drift !== null) {
    const part = new Float64Array(k);
    for (let j = 0; j < k; j++) {
      let sum = shape.drift[j]!;
      for (let i = 0; i < j; i++) sum -= lower[j * MOST_COLUMNS + i]! * part[i]!;
      part[j] = sum / lower[j * MOST_COLUMNS + j]!;
      spread += part[j]! * part[j]!;
    }
  }
  return { coefficients, logDet, rss, spread };
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
