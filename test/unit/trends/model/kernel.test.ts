import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluateSeries } from '../../../../src/trends/evaluate.ts';
import { EvaluationCache } from '../../../../src/trends/evaluation-cache.ts';
import { dailyCycle } from '../../../../src/trends/model/daily-cycle.ts';
import { CompiledArithmetic } from '../../../../src/trends/model/kernel/compiled-arithmetic.ts';
import { ModelAverager, modelAverage } from '../../../../src/trends/model/model-average.ts';
import { PLAIN_ARITHMETIC } from '../../../../src/trends/model/plain-arithmetic.ts';
import { DAY_S, HOUR_S } from '../../../../src/units.ts';
import { Random } from '../../../../synthetic/random.ts';
import { figures, randomSeries } from '../../../support/random-series.ts';
import { sameNumbers } from '../../../support/same-numbers.ts';
import { leakSeries } from '../../../support/series.ts';

const compiled = new CompiledArithmetic();

test('robust means by the kernel are those of plain TypeScript, gaps included', () => {
  const random = new Random(7);
  const values = Float64Array.from({ length: 3000 }, () =>
    random.between(0, 1) < 0.1 ? Number.NaN : random.normal() / random.between(0.001, 1),
  );
  const edges = [0, 0, 1, 2, 5, 9, 40, 41, 300, 2900, 3000];
  const gaps = values.map((value, i) => (i >= 9 && i < 40 ? Number.NaN : value));
  for (const series of [values, gaps])
    sameNumbers(compiled.robustMeans(series, edges), PLAIN_ARITHMETIC.robustMeans(series, edges), 'means');
});

test('moves, falls, sums and the order of times by the kernel are those of plain TypeScript', () => {
  const random = new Random(13);
  const y = Float64Array.from({ length: 300 }, (_, i) => (i % 50 === 7 ? Number.NaN : random.normal()));
  for (const values of [y, y.subarray(0, 1), y.subarray(0, 0)])
    assert.deepEqual(compiled.movesOf(values), PLAIN_ARITHMETIC.movesOf(values));
  for (const values of [y, y.with(20, Number.POSITIVE_INFINITY), y.with(0, Number.NaN)])
    assert.deepEqual(compiled.fallsBelow(values, 0.7), PLAIN_ARITHMETIC.fallsBelow(values, 0.7));
  for (const values of [y, y.with(20, Number.POSITIVE_INFINITY), y.subarray(7, 8), y.subarray(0, 0)]) {
    assert.equal(compiled.meanOfKnown(values), PLAIN_ARITHMETIC.meanOfKnown(values));
    assert.equal(compiled.checksum(values), PLAIN_ARITHMETIC.checksum(values));
  }
  assert.equal(PLAIN_ARITHMETIC.meanOfKnown(Float64Array.of(1, Number.NaN, 3)), 2);
  assert.notEqual(PLAIN_ARITHMETIC.checksum(Float64Array.of(1, 2)), PLAIN_ARITHMETIC.checksum(Float64Array.of(2, 1)));
  const t = Float64Array.of(1, 2, 3, 5);
  for (const times of [t, t.with(2, 2), t.with(2, Number.NaN), t.with(3, Number.POSITIVE_INFINITY), t.subarray(0, 0)])
    assert.equal(compiled.isAscending(times), PLAIN_ARITHMETIC.isAscending(times), `${times}`);
  assert.deepEqual([...PLAIN_ARITHMETIC.fallsBelow(Float64Array.of(10, Number.NaN, 6, 5, 1), 0.7)], [0, 2, 3, 4]);
  assert.deepEqual([t, t.with(2, 2), t.with(3, Number.POSITIVE_INFINITY)].map(PLAIN_ARITHMETIC.isAscending), [
    true,
    false,
    false,
  ]);
});

test('straight lines and daily cycles by the kernel are those of plain TypeScript', () => {
  const random = new Random(11);
  const x = Float64Array.from({ length: 240 }, (_, i) => (i + 0.5) * HOUR_S + 1.7e9);
  const y = x.map((at) => 5e-6 * at + random.normal());
  for (const from of [0, 100, 239])
    sameNumbers(compiled.centredSums(x, y, from), PLAIN_ARITHMETIC.centredSums(x, y, from), `sums from ${from}`);
  for (const stride of [1, 3, 7])
    sameNumbers(compiled.withoutLine(x, y, stride), PLAIN_ARITHMETIC.withoutLine(x, y, stride), `each ${stride}th less its line`);
  sameNumbers(compiled.withoutLine(x.fill(7), y, 1), PLAIN_ARITHMETIC.withoutLine(x, y, 1), 'all at one time');
  for (const [stepS, days] of [
    [HOUR_S, 10],
    [3 * HOUR_S, 30],
    [HOUR_S / 2, 5],
    [HOUR_S, 1.7],
  ] as const) {
    const at = Float64Array.from({ length: (days * DAY_S) / stepS }, (_, i) => (i + 0.5) * stepS).filter((_, i) => i % 17 !== 3);
    const cycle = dailyCycle(at, stepS);
    const values = at.map((s) => Math.sin((2 * Math.PI * s) / DAY_S) + random.normal());
    const [one, other] = [values.slice(), values.slice()];
    compiled.removeDailyCycle(at, one, cycle, days * DAY_S);
    PLAIN_ARITHMETIC.removeDailyCycle(at, other, cycle, days * DAY_S);
    sameNumbers(one, other, `${days} days, a point each ${stepS} s`);
    assert.equal(
      one.some((value, i) => value !== values[i]),
      days > 1.8,
    );
  }
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

test('an evaluation is the same after the memory of the one before was emptied, and is emptied once', () => {
  const cache = new EvaluationCache();
  const series = leakSeries({ seed: 1 });
  const first = evaluateSeries(series, { minHistorySeconds: 900 }, cache);
  let emptied = 0;
  const empty = (memory: Uint8Array): void => {
    emptied += memory.length;
    memory.fill(0);
  };
  cache.forget(empty);
  assert.ok(emptied > 100_000, `${emptied} bytes`);
  const once = emptied;
  cache.forget(empty);
  assert.equal(emptied, once);
  assert.deepEqual(evaluateSeries(series, { minHistorySeconds: 900 }, cache), first);
});
