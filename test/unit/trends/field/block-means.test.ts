import assert from 'node:assert/strict';
import { test } from 'node:test';
import { blockMeans, lowerBound } from '../../../../src/trends/field/block-means.ts';
import { SharedWork } from '../../../../src/trends/field/shared-work.ts';
import { PLAIN_ARITHMETIC } from '../../../../src/trends/model/plain-arithmetic.ts';
import { DAY_S } from '../../../../src/units.ts';

/** `most` blocks of samples `intervalS` apart, from 1000 s on; each sample's value is its index. */
function blocks(count: number, intervalS: number, most: number, values = Float64Array.from({ length: count }, (_, i) => i)) {
  const t = Float64Array.from({ length: count }, (_, i) => 1000 + i * intervalS);
  return blockMeans(values, { t, from: 0, to: count, intervalS, shared: new SharedWork(PLAIN_ARITHMETIC) }, most);
}

test('the first sample that is no earlier than a time is found among those that are asked for', () => {
  const t = Float64Array.of(0, 10, 20, 30);
  for (const [at, from, to, found] of [
    [-5, 0, 4, 0],
    [0, 0, 4, 0],
    [1, 0, 4, 1],
    [10, 0, 4, 1],
    [11, 0, 4, 2],
    [30, 0, 4, 3],
    [31, 0, 4, 4],
    [0, 1, 3, 1],
    [99, 1, 3, 3],
  ] as const)
    assert.equal(lowerBound(t, at, from, to), found, `${at} among ${from} to ${to}`);
});

test('a window is cut into even blocks, each with the mean of its samples at their mean time', () => {
  const { timesS, y, fromT, stepS, points, windowS } = blocks(101, 60, 10);
  assert.deepEqual([fromT, stepS, points, windowS], [1000, 600, 101, 6000]);
  // The last sample is at the end of the last block, and belongs to it.
  assert.deepEqual([...y], [4.5, 14.5, 24.5, 34.5, 44.5, 54.5, 64.5, 74.5, 84.5, 95]);
  assert.deepEqual(
    [...timesS],
    [...y].map((index) => 60 * index),
  );
  const single = blocks(7, 60, 120);
  assert.deepEqual(
    [...single.timesS],
    [...single.y].map((index) => 60 * index),
    'one sample a block, two in the last',
  );
});

test('a block is no shorter than the sampling interval, and from 1.2 days on it goes evenly into a day', () => {
  for (const [windowS, intervalS, stepS] of [
    [3600, 60, 60],
    [12_000, 60, 100],
    [1.19 * DAY_S, 60, (1.19 * DAY_S) / 120],
    [1.2 * DAY_S, 60, 900],
    [7 * DAY_S, 60, 5400],
    [7.6 * DAY_S, 60, 7200],
    [20 * DAY_S, 300, 14_400],
    [40 * DAY_S, 300, 28_800],
  ] as const) {
    const window = {
      t: Float64Array.of(0, windowS),
      from: 0,
      to: 2,
      intervalS,
      shared: new SharedWork(PLAIN_ARITHMETIC),
    };
    assert.equal(blockMeans(Float64Array.of(1, 2), window, 120).stepS, stepS, `${windowS / DAY_S} days`);
  }
});

test('blocks without values are left out, and the others keep their times', () => {
  const values = Float64Array.from({ length: 100 }, (_, i) => (i >= 20 && i < 30 ? Number.NaN : i));
  const { timesS, y, points } = blocks(100, 60, 10, values);
  assert.equal(points, 90);
  assert.deepEqual(
    [...timesS].map((at) => Math.round(at)),
    [267, 861, 2049, 2643, 3237, 3831, 4425, 5019, 5643],
  );
  assert.deepEqual([...y], [4.5, 14.5, 34.5, 44.5, 54.5, 64.5, 74.5, 84.5, 94.5]);
});

test('only samples of the window count', () => {
  const t = Float64Array.from({ length: 30 }, (_, i) => 10 * i);
  const values = t.map((_, i) => (i < 10 || i >= 20 ? 1e9 : i));
  const window = { t, from: 10, to: 20, intervalS: 10, shared: new SharedWork(PLAIN_ARITHMETIC) };
  const { timesS, y, fromT, windowS, points } = blockMeans(values, window, 3);
  assert.deepEqual([fromT, windowS, points], [100, 90, 10]);
  assert.deepEqual([...timesS], [10, 40, 75]);
  assert.deepEqual([...y], [11, 14, 17.5]);
});

test('one sample is one block, and no sample is none', () => {
  assert.deepEqual([...blocks(1, 60, 10, Float64Array.of(7)).y], [7]);
  const none = blocks(0, 60, 10);
  assert.deepEqual([none.y.length, none.points, none.fromT, none.windowS], [0, 0, 0, 0]);
});

test('the newest blocks alone have the means and times that they have among all', () => {
  const t = Float64Array.from({ length: 500 }, (_, i) => 1000 + 10 * i);
  const values = t.map((at, i) => (i > 300 && i < 360 ? Number.NaN : Math.sin(at)));
  const window = { t, from: 20, to: 490, intervalS: 10, shared: new SharedWork(PLAIN_ARITHMETIC) };
  const all = blockMeans(values, window, 40);
  const newest = blockMeans(values, window, 40, 20);
  const present = newest.y.length;
  assert.ok(present > 10 && present < 20, 'some of the twenty are empty');
  assert.deepEqual([...newest.y], [...all.y.subarray(-present)]);
  for (const [i, at] of newest.timesS.entries()) assert.ok(Math.abs(at - all.timesS.at(i - present)!) < 1e-9);
  assert.deepEqual(blockMeans(values, window, 40, 4000), all);
});
