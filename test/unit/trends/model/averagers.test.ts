import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluateSeries } from '../../../../src/trends/evaluate.ts';
import { EvaluationCache } from '../../../../src/trends/evaluation-cache.ts';
import { Averagers } from '../../../../src/trends/model/averagers.ts';
import { CompiledArithmetic } from '../../../../src/trends/model/kernel/compiled-arithmetic.ts';
import { leakSeries } from '../../../support/series.ts';

test('the averagers of the windows that were asked for last are kept, each with an arithmetic of its own', () => {
  let made = 0;
  const averagers = new Averagers(2, () => {
    made++;
    return new CompiledArithmetic();
  });
  const y = Float64Array.of(1, 2, 2, 4);
  const t = Float64Array.of(10, 20, 30, 40);
  const [a, b] = [averagers.of(t, 50), averagers.of(t, 60)];
  const growing = a.average(y).growing;
  assert.notEqual(b.average(y).slope.median, a.average(y).slope.median);
  assert.equal(averagers.of(t.slice(), 50), a);
  averagers.of(t, 70);
  assert.equal(averagers.of(t, 50), a, 'the window that was not asked for the longest gives way');
  assert.notEqual(averagers.of(t, 60), b);
  assert.equal(made, 2);
  assert.equal(averagers.of(t, 60).average(y).models.length > 0, true);
  assert.equal(new Averagers(1, () => new CompiledArithmetic()).of(t, 50).average(y).growing, growing);
});

test('an evaluation is the same whatever series were evaluated with its cache before', () => {
  const cache = EvaluationCache.ofWindows(2);
  const all = [1, 2, 3].map((seed) => leakSeries({ seed }));
  const alone = all.map((series) => evaluateSeries(series, { minHistorySeconds: 900 }));
  for (const round of [1, 2])
    assert.deepEqual(
      all.map((series) => evaluateSeries(series, { minHistorySeconds: 900 }, cache.forAnotherSeries())),
      alone,
      `round ${round}`,
    );
});
