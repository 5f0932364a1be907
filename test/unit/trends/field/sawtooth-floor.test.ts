import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sawtoothFloor } from '../../../../src/trends/field/sawtooth-floor.ts';

const at = (values: readonly number[]) => Float64Array.from(values, (_, i) => 10 * i);
const floorOf = (values: readonly number[]) => {
  const floor = sawtoothFloor(at(values), Float64Array.from(values));
  return floor === null ? null : { t: [...floor.t], values: [...floor.values], cycles: floor.cycles };
};

/** Teeth of `length` samples that rise from their foot to `height` above it; the foot of tooth k is `foot(k)`. */
const teeth = (count: number, length: number, height: number, foot: (k: number) => number): number[] =>
  Array.from({ length: count * length }, (_, i) => {
    const [k, within] = [Math.floor(i / length), i % length];
    return foot(k) + (height * within) / (length - 1);
  });

test('the floor of a saw-tooth is the foot of each of its falls, with the time of the foot', () => {
  const floor = floorOf(teeth(5, 10, 100, (k) => 200 + 5 * k));
  assert.deepEqual(floor, { t: [100, 200, 300, 400], values: [205, 210, 215, 220], cycles: 4 });
});

test('a fall that the series ends in has its foot at its lowest value', () => {
  const values = [...teeth(3, 10, 100, () => 200), 220, 210, 215];
  assert.deepEqual(floorOf(values), { t: [100, 200, 310], values: [200, 200, 210], cycles: 3 });
});

test('a fall goes on until the series has risen again by half of what a fall must be', () => {
  const values = [...teeth(1, 10, 100, () => 200), 250, 255, 230, 240, 220, ...teeth(3, 10, 100, () => 200)];
  assert.deepEqual(floorOf(values)?.values, [200, 200, 200]);
});

test('a straight line, wandering within 2 % of its level and fewer than eight values are no saw-tooth', () => {
  assert.equal(floorOf(Array.from({ length: 50 }, (_, i) => 100 + 10 * i)), null);
  assert.equal(floorOf(teeth(5, 10, 1.5, () => 100)), null);
  assert.notEqual(floorOf(teeth(5, 10, 4, () => 100)), null);
  assert.equal(floorOf([100, 200, 100, 200, 100, 200, 100]), null);
  assert.deepEqual(floorOf([100, 200, 100, 200, 100, 200, 100, 200])?.cycles, 3);
});

test('small falls on the way up are no collections', () => {
  const rough = teeth(5, 10, 100, () => 200).map((value, i) => (i % 10 === 5 ? value - 20 : value));
  assert.deepEqual(floorOf(rough)?.t, [100, 200, 300, 400]);
});

test('a series of thousands of values is no other saw-tooth than its beginning', () => {
  assert.equal(floorOf(teeth(800, 11, 100, (k) => 1000 + 5 * k))?.cycles, 799);
});

test('a steep drift does not pass for the swing: its teeth are found', () => {
  assert.equal(floorOf(teeth(12, 10, 100, (k) => 1000 + 50 * k))?.cycles, 11);
});

test('where falls come between deep ones, the floor is what the deep ones leave', () => {
  // Young collections leave 10 more each time; every sixth collection is a full one.
  const floor = floorOf(teeth(36, 6, 80, (k) => 100 + 20 * (k % 6)));
  assert.deepEqual(floor?.values, [100, 100, 100, 100, 100]);
});

test('deep falls that are small against the swing, or that come too often, do not replace the floor', () => {
  assert.equal(floorOf(teeth(36, 6, 400, (k) => 100 + 2 * (k % 6)))?.cycles, 35, 'small');
  assert.equal(floorOf(teeth(36, 6, 80, (k) => 100 + 40 * (k % 2)))?.cycles, 35, 'each second one');
  assert.equal(floorOf(teeth(14, 6, 80, (k) => 100 + 20 * (k % 6)))?.cycles, 13, 'two deep ones are too few');
});
