import assert from 'node:assert/strict';
import { test } from 'node:test';
import { swings } from '../../../../src/trends/field/swings.ts';

const t = Float64Array.from({ length: 100 }, (_, i) => i);
const of = (value: (second: number) => number, fromS = 0) => swings(t, t.map(value), fromS);
/** From 100 up to 200 and back at once, every `period` seconds. */
const saw = (period: number) => (second: number) => 100 + (100 * (second % period)) / (period - 1);

test('a field that comes back again and again swings between its lowest and its highest level', () =>
  assert.deepEqual(of(saw(20)), { low: 100, high: 200 }));

test('a start below all that follows hides no swing, and is none of its lowest levels', () =>
  assert.deepEqual(
    of((second) => (second < 5 ? 60 + 8 * second : saw(20)(second))),
    { low: 100, high: 200 },
  ));

test('two ways back through the whole range are enough, and over a start far below it takes three', () => {
  const over = (start: number, period: number) => of((second) => (second < 5 ? start : saw(period)(second)));
  assert.deepEqual(over(100, 45), { low: 100, high: 200 });
  assert.equal(over(20, 45), null);
  assert.deepEqual(over(20, 24), { low: 100, high: 200 });
});

test('a single way back is no swing, nor is a rise or a small movement', () => {
  assert.equal(of(saw(60)), null);
  assert.equal(
    of((second) => 100 + second),
    null,
  );
  assert.equal(
    of((second) => 1000 + saw(20)(second)),
    null,
    'a tenth of the level',
  );
});

test('what was before the window, and gaps, do not count', () => {
  assert.equal(of(saw(20), 65), null, 'one way back since then');
  assert.deepEqual(
    of((second) => (second % 7 === 3 ? Number.NaN : saw(20)(second))),
    { low: 100, high: 200 },
  );
  assert.equal(
    of(() => Number.NaN),
    null,
  );
  assert.equal(of(saw(20), 1000), null);
});
