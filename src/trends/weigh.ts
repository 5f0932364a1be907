import { frameOf, type Whitened } from './frame.ts';
import { studentBelow } from './normal.ts';
import type { Shape, Shapes } from './shapes.ts';

/** One shape with its share of belief, and for each noise the drift at the end (per window) with its deviation. */
export interface Weighed {
  readonly shape: Shape;
  readonly weight: number;
  readonly noiseWeights: Float64Array;
  readonly means: Float64Array;
  readonly deviations: Float64Array;
  readonly degrees: number;
  /** Coefficients under the likeliest noise. */
  readonly best: Float64Array;
}

/** Shapes lighter than this against the heaviest say nothing. */
const LIGHT = 1e-3;

/** A preference is lifted by at most this much: of some thirty places for a bend one fits by chance. */
const EVEN = Math.log(12);
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
  const { basis, shapes } = frame;
  const m = y.length;
  const whitened = frame.noises.map((noise) => noise.withSeries(y));
  const scored = shapes.flatMap((shape) => {
    const evidence = logEvidence(shape, whitened, m);
    return evidence === null ? [] : [{ shape, evidence }];
  });
  const top = Math.max(...scored.map(({ evidence }) => evidence));
  const kept = scored.filter(({ evidence }) => evidence - top > Math.log(LIGHT));
  const sum = kept.reduce((total, { evidence }) => total + Math.exp(evidence - top), 0);
  return {
    basis,
    weighed: kept
      .map(({ shape, evidence }) => weighOne(shape, whitened, m, Math.exp(evidence - top) / sum))
      .sort((a, b) => b.weight - a.weight),
  };
}

/** Likelihood summed over the noises, less the price of the free values; null where the points cannot tell the columns apart. */
function logEvidence(shape: Shape, whitened: readonly Whitened[], m: number): number | null {
  let top = Number.NEGATIVE_INFINITY;
  const likelihoods = new Float64Array(whitened.length);
  for (let g = 0; g < whitened.length; g++) {
    const likelihood = -0.5 * (m * Math.log(residual(shape, whitened[g]!) / m) + whitened[g]!.logF);
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
  const noiseWeights = new Float64Array(count);
  const means = new Float64Array(count);
  const deviations = new Float64Array(count);
  let best: Float64Array = new Float64Array(k);
  let top = Number.NEGATIVE_INFINITY;
  let topRestricted = Number.NEGATIVE_INFINITY;
  for (let g = 0; g < count; g++) {
    const { logF } = whitened[g]!;
    const solved = solve(shape, whitened[g]!);
    const variance = solved.rss / Math.max(1, m - k);
    noiseWeights[g] = -0.5 * ((m - k) * Math.log(variance) + logF + solved.logDet);
    topRestricted = Math.max(topRestricted, noiseWeights[g]!);
    const likelihood = -0.5 * (m * Math.log(solved.rss / m) + logF);
    if (likelihood > top) {
      top = likelihood;
      best = solved.coefficients;
    }
    if (shape.drift === null) continue;
    means[g] = shape.drift.reduce((sum, factor, a) => sum + factor * solved.coefficients[a]!, 0);
    deviations[g] = Math.sqrt(variance * solved.spread);
  }
  let sum = 0;
  for (let g = 0; g < count; g++) {
    noiseWeights[g] = Math.exp(noiseWeights[g]! - topRestricted);
    sum += noiseWeights[g]!;
  }
  for (let g = 0; g < count; g++) noiseWeights[g] = noiseWeights[g]! / sum;
  return { shape, weight, noiseWeights, means, deviations, degrees: m - k, best };
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

/** Share of the belief in drifting shapes that puts the drift at or under `value` (per window). */
export function driftBelow(weighed: readonly Weighed[], value: number): number {
  let below = 0;
  let drifting = 0;
  for (const { shape, weight, noiseWeights, means, deviations, degrees } of weighed) {
    if (shape.drift === null) continue;
    drifting += weight;
    for (let g = 0; g < means.length; g++)
      if (noiseWeights[g]! > 1e-9)
        below += weight * noiseWeights[g]! * studentBelow((value - means[g]!) / Math.max(deviations[g]!, 1e-300), degrees);
  }
  return drifting > 0 ? below / drifting : 0.5;
}

/** Share of belief that it grows when no shape is preferred beforehand. */
export function evenHanded(weighed: readonly Weighed[]): number {
  let all = 0;
  let growing = 0;
  for (const one of weighed) {
    const weight = one.weight * Math.exp(Math.min(-one.shape.logPrior, EVEN));
    all += weight;
    if (one.shape.drift !== null) growing += weight * (1 - driftBelow([{ ...one, weight: 1 }], 0));
  }
  return all > 0 ? growing / all : 0;
}

export function driftQuantile(weighed: readonly Weighed[], share: number): number {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const { shape, noiseWeights, means, deviations } of weighed) {
    if (shape.drift === null) continue;
    for (let g = 0; g < means.length; g++) {
      if (noiseWeights[g]! < 1e-5) continue;
      low = Math.min(low, means[g]! - 5 * deviations[g]!);
      high = Math.max(high, means[g]! + 5 * deviations[g]!);
    }
  }
  if (!(low < high)) return low === Number.POSITIVE_INFINITY ? 0 : low;
  for (let i = 0; i < 32; i++) {
    const middle = (low + high) / 2;
    if (driftBelow(weighed, middle) < share) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
