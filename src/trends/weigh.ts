import { type Filtered, filterColumns, type Noise, noiseGrid } from './noise.ts';
import { studentBelow } from './normal.ts';
import { type Shape, type Shapes, shapesOf } from './shapes.ts';

/** One shape with its share of belief, and for each noise the drift at the end (per window) with its deviation. */
export interface Weighed {
  readonly shape: Shape;
  readonly weight: number;
  readonly logEvidence: number;
  readonly noiseWeights: Float64Array;
  readonly means: Float64Array;
  readonly deviations: Float64Array;
  readonly degrees: number;
  /** Coefficients under the likeliest noise. */
  readonly best: Float64Array;
}

/** Shapes lighter than this against the heaviest say nothing. */
const LIGHT = 1e-4;

/** A preference is lifted by at most this much: of some thirty places for a bend one fits by chance. */
const EVEN = Math.log(12);
/** Log-likelihood below the best at which a noise is left out. */
const UNLIKELY = 6;

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
  const columns = [...basis, y];
  const noises = likelyNoises(x, y, stepS, windowS, basis, probes);
  const filtered = noises.map((noise) => filterColumns(x, stepS, columns, noise));
  const m = y.length;
  const priors = noises.map(({ logPrior }) => logPrior);
  const all = shapes.flatMap((shape) => weighOne(shape, filtered, columns.length, m, priors) ?? []);
  const top = Math.max(...all.map(({ logEvidence }) => logEvidence));
  const kept = all.filter(({ logEvidence }) => logEvidence - top > Math.log(LIGHT));
  const sum = kept.reduce((total, { logEvidence }) => total + Math.exp(logEvidence - top), 0);
  return {
    basis,
    weighed: kept.map((one) => ({ ...one, weight: Math.exp(one.logEvidence - top) / sum })).sort((a, b) => b.weight - a.weight),
  };
}

/** Noises that no probe makes likely would count for nothing under any shape: they are left out before the costly part. */
function likelyNoises(
  x: Float64Array,
  y: Float64Array,
  stepS: number,
  windowS: number,
  basis: Shapes['basis'],
  probes: readonly Shape[],
): Noise[] {
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
    return small.map((probe) => {
      const solved = solve(probe, gram, columns.length);
      return solved === null ? Number.NEGATIVE_INFINITY : -0.5 * (m * Math.log(solved.rss / m) + logF) + noise.logPrior;
    });
  });
  const best = small.map((_, i) => Math.max(...likelihoods.map((of) => of[i]!)));
  return noises.filter((_, g) => small.some((_, i) => likelihoods[g]![i]! > best[i]! - UNLIKELY));
}

function weighOne(
  shape: Shape,
  filtered: readonly Filtered[],
  size: number,
  m: number,
  logPriors: readonly number[],
): Weighed | null {
  const k = shape.columns.length;
  const count = filtered.length;
  const noiseWeights = new Float64Array(count);
  const means = new Float64Array(count);
  const deviations = new Float64Array(count);
  const likelihoods = new Float64Array(count);
  let best: Float64Array = new Float64Array(k);
  let top = Number.NEGATIVE_INFINITY;
  let topRestricted = Number.NEGATIVE_INFINITY;
  for (let g = 0; g < count; g++) {
    const { gram, logF } = filtered[g]!;
    const solved = solve(shape, gram, size);
    if (solved === null) return null;
    const likelihood = -0.5 * (m * Math.log(solved.rss / m) + logF) + logPriors[g]!;
    const variance = solved.rss / Math.max(1, m - k);
    const restricted = -0.5 * ((m - k) * Math.log(variance) + logF + solved.logDet) + logPriors[g]!;
    likelihoods[g] = likelihood;
    noiseWeights[g] = restricted;
    topRestricted = Math.max(topRestricted, restricted);
    if (likelihood > top) {
      top = likelihood;
      best = solved.coefficients;
    }
    if (shape.drift !== null) {
      let mean = 0;
      let spread = 0;
      for (let a = 0; a < k; a++) {
        mean += shape.drift[a]! * solved.coefficients[a]!;
        for (let b = 0; b < k; b++) spread += shape.drift[a]! * shape.drift[b]! * solved.inverse[a * k + b]!;
      }
      means[g] = mean;
      deviations[g] = Math.sqrt(Math.max(0, spread * variance));
    }
  }
  let sum = 0;
  let evidence = 0;
  for (let g = 0; g < count; g++) {
    noiseWeights[g] = Math.exp(noiseWeights[g]! - topRestricted);
    sum += noiseWeights[g]!;
    evidence += Math.exp(likelihoods[g]! - top);
  }
  for (let g = 0; g < count; g++) noiseWeights[g] = noiseWeights[g]! / sum;
  const price = 0.5 * (k + shape.searched) * Math.log(m);
  return {
    shape,
    weight: 0,
    logEvidence: top + Math.log(evidence / count) - price + shape.logPrior,
    noiseWeights,
    means,
    deviations,
    degrees: m - k,
    best,
  };
}

interface Solved {
  readonly coefficients: Float64Array;
  readonly inverse: Float64Array;
  readonly logDet: number;
  readonly rss: number;
}

/** Generalised least squares of one shape from the products of the filtered basis (its last column is the series). */
function solve(shape: Shape, gram: Float64Array, size: number): Solved | null {
  const k = shape.columns.length;
  const product = (a: Shape['columns'][number], b: Shape['columns'][number]): number => {
    let sum = 0;
    for (const [i, p] of a) for (const [j, q] of b) sum += p * q * gram[i <= j ? i * size + j : j * size + i]!;
    return sum;
  };
  const series = [[size - 1, 1]] as const;
  const lower = new Float64Array(k * k);
  let logDet = 0;
  for (let j = 0; j < k; j++)
    for (let i = j; i < k; i++) {
      const full = product(shape.columns[j]!, shape.columns[i]!);
      let sum = full;
      for (let p = 0; p < j; p++) sum -= lower[i * k + p]! * lower[j * k + p]!;
      if (i === j) {
        if (sum <= 1e-7 * full) return null; // these points cannot tell the columns apart
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
  const right = shape.columns.map((column) => product(column, series));
  const coefficients = new Float64Array(k);
  let explained = 0;
  for (let a = 0; a < k; a++) {
    for (let b = 0; b < k; b++) coefficients[a] = coefficients[a]! + inverse[a * k + b]! * right[b]!;
    explained += coefficients[a]! * right[a]!;
  }
  const total = gram[size * size - 1]!;
  // A perfect fit must not have infinite likelihood: pages and clocks are never better than a few parts in ten thousand.
  return { coefficients, inverse, logDet, rss: Math.max(total - explained, 1e-8 * total, 1e-12) };
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
