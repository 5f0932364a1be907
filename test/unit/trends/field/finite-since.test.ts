import assert from 'node:assert/strict';
import { test } from 'node:test';
import { finiteSince } from '../../../../src/trends/field/finite-since.ts';

const t = Float64Array.of(10, 20, 30, 40);

test('of a window without gaps the arrays themselves are taken, and of one with gaps what is known', () => {
  const whole = Float64Array.of(1, 2, 3, 4);
  const found = finiteSince(t, whole, 20);
  assert.deepEqual(
    [[...found.t], [...found.values]],
    [
      [20, 30, 40],
      [2, 3, 4],
    ],
  );
  assert.equal(found.values.buffer, whole.buffer);
  const gap = finiteSince(t, Float64Array.of(1, 2, Number.NaN, 4), 20);
  assert.deepEqual(
    [[...gap.t], [...gap.values]],
    [
      [20, 40],
      [2, 4],
    ],
  );
});
