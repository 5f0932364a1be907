import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { test } from 'node:test';
import { evaluateSeries } from '../../../../src/trends/evaluate.ts';
import { EvaluationCache } from '../../../../src/trends/evaluation-cache.ts';
import { CompiledArithmetic } from '../../../../src/trends/model/kernel/compiled-arithmetic.ts';
import { type ModelAverage, ModelAverager, modelAverage } from '../../../../src/trends/model/model-average.ts';
import { PLAIN_ARITHMETIC } from '../../../../src/trends/model/plain-arithmetic.ts';
import { CORPUS, exampleOf } from '../../../../synthetic/corpus/index.ts';
import { Random } from '../../../../synthetic/random.ts';
import { leakSeries } from '../../../support/series.ts';

/** Relative; for probabilities and scores, which are differences of numbers of about 1, absolute. */
const WITHIN = 1e-9;
/** Scores are -2 ln of a probability: some models explain a series so well that rounding moves their likelihood by this much. */
const SCORES_WITHIN = 1e-6;

/** Every number of `a` is that of `b`; everything else is the same. */
function same(a: unknown, b: unknown, path: string, within = WITHIN): void {
  if (typeof a === 'number' && typeof b === 'number') {
    const size = Math.max(Math.abs(a), Math.abs(b), 1);
    assert.ok(Object.is(a, b) || Math.abs(a - b) <= within * size, `${path} is ${a} and ${b}`);
  } else if (typeof a === 'object' && a !== null && typeof b === 'object' && b !== null) {
    assert.deepEqual(Object.keys(a), Object.keys(b), path);
    for (const [key, value] of Object.entries(a))
      same(value, (b as Record<string, unknown>)[key], `${path}.${key}`, key === 'modelScores' ? SCORES_WITHIN : within);
  } else if (typeof a !== 'function') assert.equal(a, b, path);
}

const compiled = new CompiledArithmetic();

test('the kernel that is shipped is what its source compiles to', () => {
  const { status, stderr } = spawnSync(process.execPath, ['scripts/kernel.mjs', '--check'], { encoding: 'utf8' });
  assert.equal(status, 0, stderr);
});

test('verdicts by the kernel are those of plain TypeScript, on every scenario of the corpus', () => {
  const [byKernel, plain] = [new EvaluationCache(compiled), new EvaluationCache(PLAIN_ARITHMETIC)];
  for (const { index, name } of CORPUS) {
    const { series } = exampleOf(index, 0);
    const options = { minHistorySeconds: 900 };
    same(evaluateSeries(series, options, byKernel), evaluateSeries(series, options, plain), name);
  }
});

/** Points with gaps, and a series of a random kind: wandering, noise, a line, a saturation, a bend and steps, each or none of them. */
function randomSeries(seed: number): { t: Float64Array; y: Float64Array; windowS: number } {
  const random = new Random(seed);
  const windowS = 3600 * 10 ** random.between(0, 2.5);
  const m = Math.round(random.between(6, 130));
  const t = Float64Array.from({ length: m }, () => random.between(0, windowS)).sort();
  const of = (size: number): number => (random.between(0, 1) < 0.5 ? 0 : size * random.normal());
  const [slope, rise, bend, step, noise] = [of(1), of(1), of(2), of(2), 10 ** random.between(-3, 0)];
  const [tau, hinge, stepAt] = [random.between(0.02, 0.5), random.between(0.2, 0.8), random.between(0.2, 0.8)];
  let wander = 0;
  const y = t.map((at) => {
    const u = at / windowS;
    wander = 0.8 * wander + 0.1 * random.normal();
    const mean = slope * u + rise * (1 - Math.exp(-u / tau)) + bend * Math.max(0, u - hinge) + (u > stepAt ? step : 0);
    return mean + wander + noise * random.normal();
  });
  return { t, y, windowS };
}

/** Models by name and columns: two that explain a series equally well have no order. */
const figures = ({ models, ...summary }: ModelAverage) => ({
  ...summary,
  models: models
    .map(({ model, probability, slope, coefficients }) => ({
      id: `${model.name} ${model.columns}`,
      probability,
      slope,
      coefficients,
    }))
    .sort((a, b) => (a.id < b.id ? -1 : 1)),
});

test('model averages by the kernel are those of plain TypeScript, on random series with uneven points', () => {
  for (let seed = 1; seed <= 120; seed++) {
    const { t, y, windowS } = randomSeries(seed);
    const [a, b] = [modelAverage(t, y, windowS, compiled), modelAverage(t, y, windowS)];
    same(figures(a), figures(b), `seed ${seed}`, 1e-7);
    same([a.slope, a.levelAtEnd, a.growing], [b.slope, b.levelAtEnd, b.growing], `seed ${seed}`);
  }
});

test('robust means by the kernel are those of plain TypeScript, gaps included', () => {
  const random = new Random(7);
  const values = Float64Array.from({ length: 3000 }, () =>
    random.between(0, 1) < 0.1 ? Number.NaN : random.normal() / random.between(0.001, 1),
  );
  const edges = [0, 0, 1, 2, 5, 9, 40, 41, 300, 2900, 3000];
  const gaps = values.map((value, i) => (i >= 9 && i < 40 ? Number.NaN : value));
  for (const series of [values, gaps])
    same(compiled.robustMeans(series, edges), PLAIN_ARITHMETIC.robustMeans(series, edges), 'means');
});

test('what a series added is gone before the next series at the same points', () => {
  const { t, y, windowS } = randomSeries(3);
  const jumping = y.map((value, i) => value + (i > y.length / 2 ? 50 : 0));
  const averager = new ModelAverager(t, windowS, compiled);
  const first = averager.average(y);
  averager.average(jumping);
  assert.deepEqual(figures(averager.average(y)), figures(first));
});

test('points that the kernel no longer holds are an error, not another answer', () => {
  const [one, other] = [randomSeries(1), randomSeries(2)];
  const averager = new ModelAverager(one.t, one.windowS, compiled);
  modelAverage(other.t, other.y, other.windowS, compiled);
  assert.throws(() => averager.average(one.y), /no longer in the kernel/);
});

test('an evaluation leaves nothing in a cache that changes the next one', () => {
  const cache = new EvaluationCache(compiled);
  const [one, other] = [leakSeries({ seed: 1 }), leakSeries({ seed: 2 })];
  const first = evaluateSeries(one, { minHistorySeconds: 900 }, cache);
  evaluateSeries(other, { minHistorySeconds: 900 }, cache);
  assert.deepEqual(evaluateSeries(one, { minHistorySeconds: 900 }, cache), first);
  assert.deepEqual(evaluateSeries(one, { minHistorySeconds: 900 }), first);
});
