import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CrossProducts } from '../../../../src/trends/model/kernel/cross-products.ts';
import { Kernel } from '../../../../src/trends/model/kernel/kernel.ts';

/** Column, number of its partners, then each partner and its place. */
const planned = (pairs: CrossProducts, kernel = new Kernel()) => {
  const { from, to } = pairs.plan(kernel);
  return [...kernel.i32.subarray(from >> 2, to >> 2)];
};

test('a pair of columns has one place, whichever of the two is named first', () => {
  const pairs = new CrossProducts(5);
  assert.deepEqual([pairs.placeOf(4, 1), pairs.placeOf(2, 2), pairs.placeOf(1, 4), pairs.placeOf(2, 2)], [0, 1, 0, 1]);
  assert.deepEqual([pairs.placeOf(0, 4), pairs.placeOf(4, 0), pairs.placeOf(4, 4), pairs.count], [2, 2, 3, 4]);
});

test('a plan has the pairs that no plan had before, by their later column', () => {
  const pairs = new CrossProducts(5);
  for (const [a, b] of [
    [3, 1],
    [2, 0],
    [0, 3],
  ] as const)
    pairs.placeOf(a, b);
  assert.deepEqual(planned(pairs), [3, 2, 1, 0, 0, 2, 2, 1, 0, 1]);
  assert.deepEqual(planned(pairs), []);
  pairs.placeOf(3, 3);
  pairs.placeOf(3, 1);
  assert.deepEqual(planned(pairs), [3, 1, 3, 3]);
});

test('pairs of one series are gone with it, and those of all series stay', () => {
  const pairs = new CrossProducts(5);
  pairs.placeOf(1, 0);
  planned(pairs);
  pairs.markShared();
  pairs.placeOf(2, 0);
  assert.deepEqual([pairs.count, pairs.seriesCount], [2, 1]);
  planned(pairs);
  pairs.dropSeriesPairs();
  assert.deepEqual([pairs.count, pairs.seriesCount], [1, 0]);
  assert.deepEqual([pairs.placeOf(3, 0), pairs.placeOf(2, 0), pairs.placeOf(1, 0)], [1, 2, 0]);
  assert.deepEqual(planned(pairs), [3, 1, 0, 1, 2, 1, 0, 2]);
});
