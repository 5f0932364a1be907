import assert from 'node:assert/strict';
import { test } from 'node:test';
import { straightness } from '../../../../src/trends/field/straightness.ts';

const x = Float64Array.from({ length: 100 }, (_, i) => 60 * i);
const of = (y: (i: number) => number, from = 0) => {
  const { rSquared, newerHalf } = straightness(
    x,
    x.map((_, i) => y(i)),
    60 * from,
  );
  const rounded = (value: number) => Math.round(100 * value) / 100;
  return [rounded(rSquared), newerHalf === null ? null : rounded(newerHalf)];
};

test('a line in white noise is straight, and its newer half has its pace', () => {
  assert.deepEqual(
    of((i) => i + (i % 2)),
    [1, 1],
  );
});

test('of a rise that stopped midway the newer half is flat', () => {
  assert.deepEqual(
    of((i) => Math.min(i, 50)),
    [0.8, 0],
  );
});

test('only the points from the given time on count', () => {
  assert.deepEqual(
    of((i) => (i < 40 ? 1000 : i + (i % 2)), 40),
    [1, 1],
  );
});

test('a newer half of fewer than 12 points is not known, and of one level nothing is', () => {
  assert.deepEqual([of((i) => i, 76)[1], of((i) => i, 78)[1]], [1, null]);
  assert.deepEqual(
    of(() => 5),
    [0, null],
  );
});
