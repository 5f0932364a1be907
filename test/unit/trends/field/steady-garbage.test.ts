import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sawtoothFloor } from '../../../../src/trends/field/sawtooth-floor.ts';
import { withoutGarbage } from '../../../../src/trends/field/steady-garbage.ts';

const t = Float64Array.from({ length: 550 }, (_, i) => 60 * i);
/** In MB: a floor that rises by `perCycle` in a hundred samples, under 40 of garbage. */
const sawtooth = (perCycle: number, phaseOf: (i: number) => number = (i) => (i % 100) / 100) =>
  t.map((_, i) => 300 + (perCycle * i) / 100 + 40 * phaseOf(i));
const without = (values: Float64Array) => withoutGarbage(t, values, sawtoothFloor(t, values)!);

test('without its garbage a saw-tooth is its floor, at each sample', () => {
  for (const perCycle of [0, 5, 20])
    without(sawtooth(perCycle)).forEach((value, i) => {
      const floor = 300 + (perCycle * i) / 100;
      assert.ok(Math.abs(value - floor) < 2, `${perCycle} a cycle, sample ${i}: ${value}, expected ${floor}`);
    });
});

test('where its cycles differ by more than a factor of two, some may not have been seen: nothing is taken off', () => {
  const starts = [0, 100, 150, 300, 350, 500];
  const uneven = sawtooth(5, (i) => (i - starts.findLast((at) => at <= i)!) / 150);
  assert.deepEqual(without(uneven), uneven);
});

test('hundreds of thousands of cycles, as a year sampled each second has, are compared like few', () => {
  const at = Float64Array.from({ length: 300_000 }, (_, i) => i + (i < 150_000 ? 0 : 1e9));
  assert.equal(withoutGarbage(at, at, { t: at, values: at, cycles: at.length }), at);
});
