import { type Filtered, filterColumns, type Noise, noiseGrid } from './noise.ts';
import { studentBelow } from './normal.ts';
import { type Shape, type Shapes, shapesOf } from './shapes.ts';

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
export function weighShapes(x: Float64Array, y: Float64Array, stepS: number, windowS: number): Weighing {
  const { basis, shapes, probes } = shapesOf(
    x.map((at) => at / windowS),
    windowS,
  );
  const m = y.length;
  const { noises, plain } = likelyNoises(x, y, stepS, windowS, basis, probes);
  const columns = plain ? [basis[0]!, basis[1]!, y] : [...basis, y];
  const size = columns.length;
  const filtered = noises.map((noise) => filterColumns(x, stepS, columns, noise));
  const scored = (plain ? shapes.slice(0, 2) : shapes).flatMap((shape) => {
    const evidence = logEvidence(shape, filtered, size, m);
    return evidence === null ? [] : [{ shape, evidence }];
  });
  const top = Math.max(...scored.map(({ evidence }) => evidence));
  const kept = scored.filter(({ evidence }) => evidence - top > Math.log(LIGHT));
  const sum = kept.reduce((total, { evidence }) => total + Math.exp(evidence - top), 0);
  return {
    basis,
    weighed: kept
      .map(({ shape, evidence }) => weighOne(shape, filtered, size, m, Math.exp(evidence - top) / sum))
      .sort((a, b) => b.weight - a.weight),
  };
}

/**
 * Noises that no probe makes likely would count for nothing under any shape: they are left out before the costly part.
 * `plain`: neither a line nor supple bends explain more than a level does, so that only those two shapes need weighing.
 */
function likelyNoises(
  x: Float64Array,
  y: Float64Array,
  stepS: number,
  windowS: number,
  basis: Shapes['basis'],
  probes: readonly Shape[],
): { noises: Noise[]; plain: boolean } {
  const used = [...new Set(probes.flatMap(({ columns }) => columns.flatMap((column) => column.map(([index]) => index))))];
  const columns = [...used.map((index) => basis[index]!), y];
  const small = probes.map((probe) => ({
    ...probe,
    columns: probe.columns.map((column) => column.map(([index, factor]) => [used.indexOf(index), factor] as const)),
  }));
  const m = y.length;
  const noises = noiseGrid(windowS);
  const likelihoods = noises.map((noise) => {
    const { gram, logF } = filterColumns(x, stepS, columns, noise);
    return small.map((probe) => -0.5 * (m * Math.log(residual(probe, gram, columns.length) / m) + logF));
  });
  const best = small.map((_, i) => likelihoods.reduce((most, of) => Math.max(most, of[i]!), Number.NEGATIVE_INFINITY));
  return {
    noises: noises.filter((_, g) => small.some((_, i) => likelihoods[g]![i]! > best[i]! - UNLIKELY)),
    plain: best[1]! - best[0]! < DULL_LINE && best[2]! - best[0]! < DULL_BENDS,
  };
}

/** Likelihood summed over the noises, less the price of the free values; null where the points cannot tell the columns apart. */
function logEvidence(shape: Shape, filtered: readonly Filtered[], size: number, m: number): number | null {
  let top = Number.NEGATIVE_INFINITY;
  const likelihoods = filtered.map(({ gram, logF }) => {
    const likelihood = -0.5 * (m * Math.log(residual(shape, gram, size) / m) + logF);
    if (likelihood > top) top = likelihood;
    return likelihood;
  });
  if (likelihoods.some(Number.isNaN)) return null;
  const sum = likelihoods.reduce((total, likelihood) => total + Math.exp(likelihood - top), 0);
  const price = 0.5 * (shape.columns.length + shape.searched) * Math.log(m);
  return top + Math.log(sum / filtered.length) - price + shape.logPrior;
}

function weighOne(shape: Shape, filtered: readonly Filtered[], size: number, m: number, weight: number): Weighed {
  const k = shape.columns.length;
  const count = filtered.length;
  const noiseWeights = new Float64Array(count);
  const means = new Float64Array(count);
  const deviations = new Float64Array(count);
  let best: Float64Array = new Float64Array(k);
  let top = Number.NEGATIVE_INFINITY;
  let topRestricted = Number.NEGATIVE_INFINITY;
  for (let g = 0; g < count; g++) {
    const { gram, logF } = filtered[g]!;
    const solved = solve(shape, gram, size);
    const variance = solved.rss / Math.max(1, m - k);
    noiseWeights[g] = -0.5 * ((m - k) * Math.log(variance) + logF + solved.logDet);
    topRestricted = Math.max(topRestricted, noiseWeights[g]!);
    const likelihood = -0.5 * (m * Math.log(solved.rss / m) + logF);
    if (likelihood > top) {
      top = likelihood;
      best = solved.coefficients;
    }
    if (shape.drift === null) continue;
    let mean = 0;
    let spread = 0;
    for (let a = 0; a < k; a++) {
      mean += shape.drift[a]! * solved.coefficients[a]!;
      for (let b = 0; b < k; b++) spread += shape.drift[a]! * shape.drift[b]! * solved.inverse[a * k + b]!;
    }
    means[g] = mean;
    deviations[g] = Math.sqrt(Math.max(0, spread * variance));
  }
  let sum = 0;
  for (let g = 0; g < count; g++) {
    noiseWeights[g] = Math.exp(noiseWeights[g]! - topRestricted);
    sum += noiseWeights[g]!;
  }
  for (let g = 0; g < count; g++) noiseWeights[g] = noiseWeights[g]! / sum;
  return { shape, weight, noiseWeights, means, deviations, degrees: m - k, best };
}

type Column = Shape['columns'][number];

function product(a: Column, b: Column, gram: Float64Array, size: number): number {
  let sum = 0;
  for (let p = 0; p < a.length; p++)
    for (let q = 0; q < b.length; q++) {
      const i = a[p]![0];
      const j = b[q]![0];
      sum += a[p]![1] * b[q]![1] * gram[i <= j ? i * size + j : j * size + i]!;
    }
  return sum;
}

/** A perfect fit must not have infinite likelihood: pages and clocks are never better than a few parts in ten thousand. */
const bounded = (rss: number, total: number): number => Math.max(rss, 1e-8 * total, 1e-12);

/** Columns that differ by less than this share of their length are one. */
const ALIKE = 1e-7;

/** Sum of squares that the shape leaves: the last pivot of the Cholesky factor with the series beside it. NaN: columns alike. */
function residual(shape: Shape, gram: Float64Array, size: number): number {
  const series: Column = [[size - 1, 1]];
  const k = shape.columns.length;
  const lower = new Float64Array((k + 1) * (k + 1));
  for (let j = 0; j <= k; j++)
    for (let i = j; i <= k; i++) {
      const full = product(shape.columns[j] ?? series, shape.columns[i] ?? series, gram, size);
      let sum = full;
      for (let p = 0; p < j; p++) sum -= lower[i * (k + 1) + p]! * lower[j * (k + 1) + p]!;
      if (j === k) return bounded(sum, full);
      if (i > j) lower[i * (k + 1) + j] = sum / lower[j * (k + 1) + j]!;
      else if (sum <= ALIKE * full) return Number.NaN;
      else lower[j * (k + 1) + j] = Math.sqrt(sum);
    }
  return Number.NaN;
}

interface Solved {
  readonly coefficients: Float64Array;
  readonly inverse: Float64Array;
  readonly logDet: number;
  readonly rss: number;
}

/** Generalised least squares of one shape from the products of the filtered basis (its last column is the series). */
function solve(shape: Shape, gram: Float64Array, size: number): Solved {
  const k = shape.columns.length;
  const series: Column = [[size - 1, 1]];
  const lower = new Float64Array(k * k);
  let logDet = 0;
  for (let j = 0; j < k; j++)
    for (let i = j; i < k; i++) {
      const full = product(shape.columns[j]!, shape.columns[i]!, gram, size);
      let sum = full;
      for (let p = 0; p < j; p++) sum -= lower[i * k + p]! * lower[j * k + p]!;
      if (i === j) {
        const pivot = Math.sqrt(sum);
        lower[j * k + j] = pivot;
        logDet += 2 * Math.log(pivot);
      } else lower[i * k + j] = sum / lower[j * k + j]!;
    }
  const inverseLower = new Float64Array(k * k);
  for (let j = 0; j < k; j++) {
    inverseLower[j * k + j] = 1 / lower[j * k + j]!;
    for (let i = j + 1; i < k; i++) {
      let sum = 0;
      for (let p = j; p < i; p++) sum -= lower[i * k + p]! * inverseLower[p * k + j]!;
      inverseLower[i * k + j] = sum / lower[i * k + i]!;
    }
  }
  const inverse = new Float64Array(k * k);
  for (let a = 0; a < k; a++)
    for (let b = 0; b < k; b++) {
      let sum = 0;
      for (let p = Math.max(a, b); p < k; p++) sum += inverseLower[p * k + a]! * inverseLower[p * k + b]!;
      inverse[a * k + b] = sum;
    }
  const right = shape.columns.map((column) => product(column, series, gram, size));
  const coefficients = new Float64Array(k);
  let explained = 0;
  for (let a = 0; a < k; a++) {
    for (let b = 0; b < k; b++) coefficients[a] = coefficients[a]! + inverse[a * k + b]! * right[b]!;
    explained += coefficients[a]! * right[a]!;
  }
  const total = gram[size * size - 1]!;
  return { coefficients, inverse, logDet, rss: bounded(total - explained, total) };
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
