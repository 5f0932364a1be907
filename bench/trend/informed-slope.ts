import { Z90 } from '../../src/trends/field/growth-rate.ts';
import { kalmanFilter } from '../../src/trends/model/kalman-filter.ts';
import type { Example } from '../../synthetic/corpus/container.ts';
import type { Grid, SeriesPart } from '../../synthetic/corpus/parts.ts';
import { percent, quantile, type ScoredAnswer } from './corpus-score.ts';

/** A slope by memhound and by one who knows how the series was made: errors relative to the true slope, and whether the intervals have it. */
export interface InformedAnswer {
  readonly scenario: string;
  readonly own: Rated | null;
  readonly informed: Rated | null;
}

interface Rated {
  readonly error: number;
  readonly covers: boolean;
}

/** For the growing fields of one series. */
export function informedAnswers(
  { label: { scenario, truth }, parts, grid }: Pick<Example, 'label' | 'parts' | 'grid'>,
  answer: ScoredAnswer,
): InformedAnswer[] {
  return Object.keys(truth.per_field)
    .filter((id) => truth.per_field[id] === 'growing')
    .map((id) => {
      const right = truth.slope_bytes_per_hour[id]!;
      const slope = answer.slope_bytes_per_hour[id] ?? null;
      const [low, high] = answer.slope_interval[id] ?? [Number.NaN, Number.NaN];
      const informed = informedSlope(parts.get(id)!, grid, id === 'kernel_stack' ? 16_384 : 4096);
      return {
        scenario,
        own: slope === null ? null : { error: Math.abs(slope / right - 1), covers: low <= right && right <= high },
        informed: informed && {
          error: Math.abs(informed.estimate - 1),
          covers: Math.abs(informed.estimate - 1) <= Z90 * informed.error,
        },
      };
    });
}

/** The scenarios in which memhound errs most come first. */
export function printInformed(name: string, answers: readonly InformedAnswer[]): void {
  const p90 = (list: readonly InformedAnswer[], of: 'own' | 'informed'): number | null =>
    quantile(
      list.flatMap((one) => one[of]?.error ?? []),
      0.9,
    );
  const covered = (list: readonly InformedAnswer[], of: 'own' | 'informed'): number => {
    const rated = list.flatMap((one) => one[of] ?? []);
    return rated.filter(({ covers }) => covers).length / rated.length;
  };
  const names = [...new Set(answers.map(({ scenario }) => scenario))];
  const byScenario = names.map((scenario) => [scenario, answers.filter((one) => one.scenario === scenario)] as const);
  console.log(`\n${name}: slope error p90, interval covers the truth; of one who knows how the series was made: the same`);
  for (const [scenario, list] of [
    ['all', answers] as const,
    ...byScenario.toSorted(([, a], [, b]) => (p90(b, 'own') ?? 0) - (p90(a, 'own') ?? 0)),
  ])
    console.log(
      `${scenario.padEnd(48)}${(['own', 'informed'] as const)
        .flatMap((of) => [percent(p90(list, of)), percent(covered(list, of))])
        .map((text) => text.padStart(10))
        .join('')}`,
    );
}

/** A slope by one who knows how the series was made, relative to the true one: its mean, and its standard error. */
interface InformedSlope {
  readonly estimate: number;
  readonly error: number;
}

/** A course that is this small a part of what the others leave cannot be told from them. */
const SINGULAR = 1e-9;

/**
 * Generalised least squares (Aitken 1936) with the true covariance of the noise, over all samples before any was lost. Known are: when the slope began and
 * how it goes with load, the times and shapes of steps, cycles, collections and warm-ups, and all noise. Not known are their heights. No unbiased
 * estimator that does not know more is more exact: it is the bound of Gauss and Markov. null: the slope cannot be told from another part.
 */
function informedSlope(parts: readonly SeriesPart[], grid: Grid, page: number): InformedSlope | null {
  const sum = (columns: readonly Float64Array[]): Float64Array => {
    const out = new Float64Array(grid.n);
    for (const column of columns) for (let i = 0; i < grid.n; i++) out[i] = out[i]! + column[i]!;
    return out;
  };
  const courses = parts.flatMap((part) => (part.noise === undefined ? [{ part, own: part.courses ?? [part.values] }] : []));
  const rising = sum(courses.flatMap(({ part, own }) => (part.slope === 0 ? [] : own.slice(0, 1))));
  const others = courses.flatMap(({ part, own }) => (part.slope === 0 ? own : own.slice(1)));
  const whiten = whiteningOf(parts, grid, page);
  const kept: Float64Array[] = [];
  const rest = (column: Float64Array): Float64Array => {
    for (const one of kept) {
      const share = dot(one, column) / dot(one, one);
      for (let i = 0; i < column.length; i++) column[i] = column[i]! - share * one[i]!;
    }
    return column;
  };
  for (const column of [new Float64Array(grid.n).fill(1), ...others]) {
    const white = whiten(column);
    const size = dot(white, white);
    const left = rest(white);
    if (dot(left, left) > SINGULAR * size) kept.push(left);
  }
  const white = whiten(rising);
  const size = dot(white, white);
  const slope = rest(white);
  const information = dot(slope, slope);
  if (!(information > SINGULAR * size)) return null;
  return {
    estimate: dot(slope, whiten(sum(parts.map(({ values }) => values)))) / information,
    error: 1 / Math.sqrt(information),
  };
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
};

/** Innovations of a column under all noise of the parts, over their standard deviations. Values are rounded to pages. */
function whiteningOf(parts: readonly SeriesPart[], { n, windowS }: Grid, page: number): (column: Float64Array) => Float64Array {
  const variances = new Map<number, number>();
  for (const { noise } of parts)
    if (noise !== undefined) variances.set(noise.tauS, (variances.get(noise.tauS) ?? 0) + noise.sd ** 2);
  const white = (variances.get(0) ?? 0) + page ** 2 / 12;
  variances.delete(0);
  const ouComponents = [...variances].map(([tauS, variance]) => ({ decay: tauS / windowS, variance }));
  return kalmanFilter(
    Float64Array.from({ length: n }, (_, i) => i / (n - 1)),
    { ouComponents, white },
  ).whiten;
}
