import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedWork } from '../../../../src/trends/field/shared-work.ts';
import { PLAIN_ARITHMETIC } from '../../../../src/trends/model/plain-arithmetic.ts';

test('the edges of blocks are found once for a window and a step, and again for another window', () => {
  const shared = new SharedWork(PLAIN_ARITHMETIC);
  const [t, other] = [Float64Array.of(1, 2, 3), Float64Array.of(1, 2, 3)];
  let searches = 0;
  const edges = (over: Float64Array, from: number, to: number, stepS: number) =>
    shared.edges(over, from, to, stepS, () => [++searches])[0];
  assert.deepEqual([edges(t, 0, 3, 60), edges(t, 0, 3, 60), edges(t, 0, 3, 120), edges(t, 0, 3, 60)], [1, 1, 2, 1]);
  assert.deepEqual(
    [edges(other, 0, 3, 60), edges(other, 1, 3, 60), edges(other, 1, 2, 60), edges(other, 1, 2, 60)],
    [3, 4, 5, 5],
  );
});

test('what depends on the points alone is computed once for series at the same points of the same window', () => {
  let regressions = 0;
  const shared = new SharedWork({
    ...PLAIN_ARITHMETIC,
    regression: (u, models) => {
      regressions++;
      return PLAIN_ARITHMETIC.regression(u, models);
    },
  });
  const t = Float64Array.of(10, 20, 30, 40);
  const y = Float64Array.of(1, 2, 2, 4);
  const first = shared.modelAverage(t, y, 50);
  assert.equal(shared.modelAverage(t.slice(), y, 50).growing, first.growing);
  assert.equal(regressions, 1);
  shared.modelAverage(t, y, 60);
  assert.equal(regressions, 2, 'another window');
  shared.modelAverage(t.with(3, 41), y, 60);
  assert.equal(regressions, 3, 'another point');
  shared.modelAverage(t.subarray(0, 3), y.subarray(0, 3), 60);
  assert.equal(regressions, 4, 'fewer points');
});
