import assert from 'node:assert/strict';
import { test } from 'node:test';
import { staircase } from '../../../../src/trends/field/staircase.ts';

/** A minute and a half of blocks of a second: bursts of 3 s at these times, of these heights, the last value standing until `endS`. */
function blocks(
  at: readonly number[],
  heights: readonly number[],
  endS = 90,
): { timesS: Float64Array; y: Float64Array; windowS: number } {
  const timesS = Float64Array.from({ length: endS }, (_, i) => i + 0.5);
  const y = timesS.map((t, i) =>
    at.reduce((sum, from, k) => sum + heights[k]! * Math.min(1, Math.max(0, (t - from) / 3)), 100 + 0.1 * (i % 2)),
  );
  return { timesS, y, windowS: endS };
}
const of = (at: readonly number[], heights: readonly number[], endS?: number) => {
  const { timesS, y, windowS } = blocks(at, heights, endS);
  return staircase(timesS, y, windowS);
};
const EVEN = [30, 30, 30, 30];

test('bursts that come back have the rate of one height in the time from one to the next', () => {
  const found = of([10, 30, 50, 70], EVEN)!;
  assert.equal(found.bursts, 4);
  assert.ok(Math.abs(found.slopePerSecond - 1.5) < 0.02, `${found.slopePerSecond}`);
  assert.ok(Math.abs(found.beganS - 10) <= 1);
});

test('a pause of one and a half of the pauses before it may end, and a longer one has', () => {
  const standing = (endS: number) => of([10, 30, 50], EVEN, endS);
  assert.equal(standing(53 + 24)?.bursts, 3);
  assert.equal(standing(53 + 29), null);
});

test('of two bursts one pause is known, and of one none', () => {
  assert.equal(of([10, 40], EVEN, 60)?.bursts, 2);
  assert.equal(of([10], EVEN, 20), null);
});

test('a burst that had begun before the window, or still goes on, may be lower', () => {
  assert.equal(of([-0.5, 20, 41], EVEN, 43)?.bursts, 3);
});

test('steps that become smaller, come at any time or are followed by a fall are no bursts that come back', () => {
  assert.equal(of([10, 30, 50, 70], [40, 20, 10, 5]), null);
  assert.equal(of([10, 17, 60], EVEN), null);
  assert.equal(of([10, 30, 50, 70], [30, 30, -30, 30]), null);
});

test('a line, noise and a rise between the bursts as large as theirs are none', () => {
  const t = Float64Array.from({ length: 90 }, (_, i) => i + 0.5);
  assert.equal(
    staircase(
      t,
      t.map((s) => 100 + s),
      90,
    ),
    null,
  );
  assert.equal(
    staircase(
      t,
      t.map((_, i) => 100 + ((i * 7919) % 13)),
      90,
    ),
    null,
  );
  const { timesS, y } = blocks([10, 30, 50, 70], EVEN);
  assert.equal(
    staircase(
      timesS,
      y.map((value, i) => value + 2 * i),
      90,
    ),
    null,
  );
});
