import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SharedWork } from '../../../../src/trends/field/shared-work.ts';
import { PLAIN_ARITHMETIC } from '../../../../src/trends/model/plain-arithmetic.ts';
import { DAY_S, HOUR_S } from '../../../../src/units.ts';

test('blocks are found once for a window, a step and those that are skipped, and again for another window', () => {
  const shared = new SharedWork(PLAIN_ARITHMETIC);
  const [t, other] = [Float64Array.of(1, 2, 3), Float64Array.of(1, 2, 3)];
  let searches = 0;
  const blocks = (over: Float64Array, from: number, to: number, stepS: number, skipped = 0) =>
    shared.blocks(over, { from, to, stepS, skipped }, () => ({ first: ++searches, edges: [], timesS: new Float64Array() })).first;
  assert.deepEqual(
    [blocks(t, 0, 3, 60), blocks(t, 0, 3, 60), blocks(t, 0, 3, 120), blocks(t, 0, 3, 60, 2), blocks(t, 0, 3, 60)],
    [1, 1, 2, 3, 1],
  );
  assert.deepEqual(
    [blocks(other, 0, 3, 60), blocks(other, 1, 3, 60), blocks(other, 1, 2, 60), blocks(other, 1, 2, 60)],
    [4, 5, 6, 6],
  );
});

test('a daily cycle is removed at the points and the step that it is asked for, also after others', () => {
  const shared = new SharedWork(PLAIN_ARITHMETIC);
  const left = (hours: number, days: number): number => {
    const x = Float64Array.from({ length: (24 * days) / hours }, (_, i) => (i + 0.5) * hours * HOUR_S);
    const y = x.map((at) => Math.sin((2 * Math.PI * at) / DAY_S));
    shared.removeDailyCycle(x, y, hours * HOUR_S, days * DAY_S);
    return Math.max(...y.map(Math.abs));
  };
  for (const [hours, days] of [
    [1, 5],
    [1, 5],
    [2, 10],
    [1, 4],
    [2, 5],
  ] as const)
    assert.ok(left(hours, days) < 0.1, `${left(hours, days)} is left of ${days} days, a point each ${hours} h`);
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
