import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { errorOfStepHeights } from '../../../../src/trends/field/step-heights.ts';

/** Levels of ten values each, with a ripple that is small against every step. */
const stairs = (...heights: readonly number[]): Float64Array => {
  let level = 0;
  return Float64Array.from(
    heights.flatMap((height) => {
      level += height;
      return Array.from({ length: 10 }, (_, i) => level + 0.01 * (i % 2));
    }),
  );
};

describe('what the heights of steps add to the error of a slope', () => {
  test('is the standard error of their mean, as a share of it', () => {
    // Heights 8, 12, 8, 12: mean 10, deviation 4 / sqrt(3), of four.
    assert.ok(Math.abs(errorOfStepHeights(stairs(0, 8, 12, 8, 12)) - 4 / Math.sqrt(3) / 2 / 10) < 0.001);
  });
  test('is next to nothing where they are even', () => {
    assert.ok(errorOfStepHeights(stairs(0, 10, 10, 10, 10)) < 0.001);
  });
  test('counts a step that goes through the middle of a value once', () => {
    const y = stairs(0, 8, 12, 8, 12);
    y[20] = 14;
    assert.ok(Math.abs(errorOfStepHeights(y) - 4 / Math.sqrt(3) / 2 / 10) < 0.01);
  });
  test('is nothing where there are fewer than four steps', () => {
    assert.equal(errorOfStepHeights(stairs(0, 8, 12, 8)), 0);
  });
  test('is nothing along a line, and where what rose falls again', () => {
    assert.equal(errorOfStepHeights(Float64Array.from({ length: 50 }, (_, i) => i + (i % 3))), 0);
    assert.equal(errorOfStepHeights(stairs(0, 8, 12, 8, 12, -20)), 0);
  });
  test('is nothing of a single value', () => {
    assert.equal(errorOfStepHeights(Float64Array.of(1)), 0);
  });
});
