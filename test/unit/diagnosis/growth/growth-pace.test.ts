import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dropsIn, growthPace } from '../../../../src/diagnosis/growth/growth-pace.ts';

/** The paces of a column with a value every half hour, in whole bytes per hour. */
function paceOf(bytes: readonly number[], t = bytes.map((_, i) => 1000 + i * 1800)) {
  const { now, net } = growthPace(Float64Array.from(t), Float64Array.from(bytes));
  return [now, net].map((pace) => (pace === null ? null : Math.round(pace)));
}

test('a steady file grows by the same pace now and altogether', () => assert.deepEqual(paceOf([5, 15, 25, 35]), [20, 20]));

test('gaps do not count', () => assert.deepEqual(paceOf([5, Number.NaN, 25, 35, 45, Number.NaN]), [20, 20]));

test('three values tell a pace now, three rises that of what goes on; two values, or three at one time, tell none', () => {
  assert.deepEqual(paceOf([0, 10]), [null, null]);
  assert.deepEqual(paceOf([0, 10, 20]), [20, null]);
  assert.deepEqual(paceOf([0, 10, 20, 30]), [20, 20]);
  assert.deepEqual(paceOf([0, 10, 20], [1000, 1000, 1000]), [null, null]);
});

test('after one rotation, a file grows now as it did since then, and altogether from peak to peak', () => {
  assert.deepEqual(paceOf([0, 40, 80, 10, 30, 50, 70, 90]), [40, 4]);
  assert.deepEqual(paceOf([0, 80, 80, 10, 50, 90, 90, 90])[1], 5, 'from when each peak was reached first');
});

test('a file that has not reached its old peak again has not grown altogether', () =>
  assert.deepEqual(paceOf([0, 40, 80, 10, 30, 50, 70]), [40, 0]));

test('after several rotations, a file grows by its peaks, now as well', () =>
  assert.deepEqual(paceOf([0, 50, 0, 60, 0, 70, 70]), [10, 10]));

test('of a saw-tooth the pace is that of earlier peaks, until the newest cycle has lasted as long as they have', () => {
  const rises = [0, 20, 10, 30, 50, 40, 60, 80, 70, 90, 110];
  for (const length of [7, 8, 9, 10, 11]) assert.equal(paceOf(rises.slice(0, length))[1], 20, `${length} values`);
  assert.equal(paceOf([...rises, 100, 100, 100, 100])[1], 20, 'a cycle that is no longer');
  assert.equal(paceOf([...rises, 100, 100, 100, 100, 100])[1], 0, 'one that is longer has no peak');
});

test('a fall of more than 2 % is a rotation, a smaller one is not', () => {
  assert.equal(dropsIn(Float64Array.of(100, 98, 200)), 0);
  assert.equal(dropsIn(Float64Array.of(100, 97, 200)), 1);
  assert.equal(dropsIn(Float64Array.of(100, Number.NaN, 50, 60, 20)), 2);
});

test('a rise that has slowed to less than half goes on at the pace of its later half', () => {
  assert.deepEqual(paceOf([0, 400, 800, 810, 820, 830, 840])[1], 20);
  assert.deepEqual(paceOf([0, 100, 200, 300, 360, 420, 480])[1], 160, 'one that has slowed less keeps its mean');
  assert.deepEqual(paceOf([0, 1, 2, 3, 13, 23, 33])[1], 11, 'and so does one that has become faster');
});

test('a log whose pace falls all the time goes on at the pace of its recent part', () => {
  // 120 MB x (1 - e^(-t/60)), a value each second: 0.32 MB a second at the end, 0.87 in the mean.
  const t = Array.from({ length: 110 }, (_, i) => 1000 + i);
  const bytes = t.map((at) => 120e6 * (1 - Math.exp(-(at - 1000) / 60)));
  const pace = paceOf(bytes, t)[1]! / 3600;
  assert.ok(pace > 0.3e6 && pace < 0.45e6, String(pace));
});

test('a log that is written in bursts keeps its mean pace, although its halves differ', () => {
  const bursts = [9, 0, 1, 8, 0, 0, 9, 0, 0, 7, 0, 6, 0, 0, 0, 8, 0, 1, 0, 5];
  let sum = 0;
  const bytes = [0, ...bursts.map((rise) => (sum += rise * 100))];
  assert.ok(paceOf(bytes)[1]! > 480, String(paceOf(bytes)));
});

test('a file that is written at once and stands has no pace that goes on', () => {
  for (const bytes of [
    [0, 0, 186],
    [0, 186, 186],
    [0, 0, 0, 186],
    [0, 100, 186, 186, 186, 186],
    [30, 30, 5, 186, 186],
  ])
    assert.ok((paceOf(bytes)[1] ?? 0) === 0, String(bytes));
});

test('beside a file that is written at once, a log keeps its own pace', () =>
  assert.deepEqual(paceOf([0, 1, 2, 3, 4000, 4001, 4002, 4003])[1], 2));

test('growth in several steps goes on, until the last part of the time has none', () => {
  assert.ok(paceOf([0, 50, 50, 100, 100, 150, 150, 200])[1]! > 0);
  assert.equal(paceOf([0, 50, 50, 100, 100, 150, 150, 150, 150, 150])[1], 0);
});

test('a long time without values, in which a file grew, is no step', () =>
  assert.ok(paceOf([0, 900, 901, 902, 903], [0, 36_000, 36_004, 36_008, 36_012])[1]! > 0));
