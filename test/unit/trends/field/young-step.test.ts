import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isYoungStep } from '../../../../src/trends/field/young-step.ts';

const isStep = (values: readonly number[], fromS: number): boolean =>
  isYoungStep(
    Float64Array.from(values, (_, i) => i),
    Float64Array.from(values),
    fromS,
  );
const FLAT = Array.from({ length: 30 }, (_, i) => 100 + 0.2 * (i % 3));

test('a rise in one move among the last values is a step, also where the line begins at it', () => {
  assert.equal(isStep([...FLAT, 130, 130.1, 130], 27), true);
  assert.equal(isStep([...FLAT, 130, 130.1, 130], 30), true);
});

test('a rise that goes on is none', () => {
  assert.equal(isStep([...FLAT, 110, 120, 130, 140], 29), false);
  assert.equal(isStep([...FLAT, 120, 140], 29), false);
  assert.equal(isStep([...FLAT, 130, 130, 130, 150], 29), false, 'a second move');
});

test('one that has only just come may be the first of more', () => {
  assert.equal(isStep([...FLAT, 130], 27), false);
});

test('a line of many values is left to the models', () => {
  assert.equal(isStep([...FLAT, 130, ...FLAT.map((value) => value + 30)], 20), false);
});
