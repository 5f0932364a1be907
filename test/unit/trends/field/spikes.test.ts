import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { evaluateSeries } from '../../../../src/trends/evaluate.ts';
import { withoutSpikes } from '../../../../src/trends/field/spikes.ts';
import { WIDE, wideExample } from '../../../../synthetic/corpus/wide/index.ts';

/** Two levels in turn, a move of 1 apart, on a slope of 0.1, with values of its own at some places. */
const series = (at: Readonly<Record<number, number>> = {}, m = 120): Float64Array =>
  Float64Array.from({ length: m }, (_, i) => at[i] ?? (i % 2) + 0.1 * i);

const changed = (y: Float64Array): number[] => {
  const quiet = withoutSpikes(y);
  return [...y.keys()].filter((i) => quiet[i] !== y[i]);
};

describe('a value far above or below those beside it', () => {
  test('gets their level, also where three values or a neighbour of other spikes have it, and next to the ends', () => {
    const spiky = series({ 1: 50, 30: 60, 32: 70, 34: 80, 60: -70, 61: -70, 62: -70, 118: 90 });
    assert.deepEqual(changed(spiky), [1, 30, 32, 34, 60, 61, 62, 118]);
    for (const [i, value] of withoutSpikes(spiky).entries()) assert.ok(Math.abs(value - series()[i]!) < 2, `${i}: ${value}`);
  });
  test('stays where it is no further than sixteen of the usual moves, or is the first or the last', () => {
    assert.deepEqual(changed(series({ 30: 15, 0: 90, 119: 90 })), []);
  });
  test('stays where four have it, or the level stays as high: that is a step', () => {
    assert.deepEqual(changed(series({ 30: 50, 31: 50, 32: 50, 33: 50 })), []);
    assert.deepEqual(changed(series(Object.fromEntries(Array.from({ length: 60 }, (_, k) => [60 + k, 50 + (k % 2)])))), []);
  });
  test('stays where more than a quarter of the values are such: the series moves so', () => {
    const often = (every: number) => series(Object.fromEntries(Array.from({ length: 40 }, (_, k) => [3 + every * k, 60])));
    assert.equal(changed(often(5)).length, 24);
    assert.equal(changed(often(3)).length, 0);
  });
  test('is not looked for among fewer than 20 values', () => {
    const few = series({ 9: 60 }, 19);
    assert.equal(withoutSpikes(few), few);
    assert.deepEqual(changed(series({ 9: 60 }, 20)), [9]);
  });
});

test('a leak under spikes that last for a sample or three is found', () => {
  const { index } = WIDE.find(({ name }) => name === 'a leak within two hours')!;
  const { leak, fields } = evaluateSeries(wideExample(index, 201_008, true).series, { minHistorySeconds: 900 });
  assert.deepEqual([leak, fields.anon!.trend], [true, 'growing']);
});
