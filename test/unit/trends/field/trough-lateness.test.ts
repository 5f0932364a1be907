import assert from 'node:assert/strict';
import { test } from 'node:test';
import { sawtoothFloor } from '../../../../src/trends/field/sawtooth-floor.ts';
import { troughLateness } from '../../../../src/trends/field/trough-lateness.ts';
import { Random } from '../../../../synthetic/random.ts';

const STEP_S = 10;
const LIVE = 100;
const GARBAGE = 40;

/** A heap of 100 that takes 40 of garbage between two collections, which come each `periodS` or so, sampled each 10 s. */
function sampled(periodS: number, samples = 1500): { t: Float64Array; y: Float64Array } {
  const random = new Random(3);
  const next = (): number => periodS * random.between(0.85, 1.15);
  let [collectedS, dueS] = [0, next()];
  const t = Float64Array.from({ length: samples }, (_, i) => i * STEP_S);
  const y = t.map((s) => {
    while (s >= dueS) [collectedS, dueS] = [dueS, dueS + next()];
    return LIVE + (GARBAGE * (s - collectedS)) / periodS;
  });
  return { t, y };
}

function errorOfFloor(periodS: number): { sampled: number; corrected: number } {
  const { t, y } = sampled(periodS);
  const floor = sawtoothFloor(t, y)!;
  const mean = floor.values.reduce((sum, value) => sum + value, 0) / floor.cycles;
  return { sampled: mean - LIVE, corrected: mean - LIVE - troughLateness(t, y, floor) };
}

test('what a heap takes between a collection and the sample after it is no part of its floor', () => {
  for (const periodS of [61, 150, 600]) {
    const error = errorOfFloor(periodS);
    assert.ok(error.sampled > 0.2, `${error.sampled} at ${periodS} s`);
    assert.ok(Math.abs(error.corrected) < error.sampled / 3, `${error.corrected} of ${error.sampled} at ${periodS} s`);
  }
});

test('the floor of a heap that is collected about as often as it is sampled, or more often, is not set far below it', () => {
  for (const periodS of [1.3, 3.1, 7, 11, 15, 23, 37]) {
    const error = errorOfFloor(periodS);
    assert.ok(error.corrected > -0.04 * GARBAGE, `${error.corrected} of ${error.sampled} at ${periodS} s`);
  }
});

test('where nearly all of a heap is garbage, the floor is not below nothing', () => {
  for (const periodS of [21, 25, 32, 150]) {
    const { t, y } = sampled(periodS, 300);
    const nearlyEmpty = y.map((value) => value - LIVE + 0.1);
    const floor = sawtoothFloor(t, nearlyEmpty)!;
    const lateness = troughLateness(t, nearlyEmpty, floor);
    for (const value of floor.values) assert.ok(value >= lateness, `a trough of ${value}, ${lateness} late, at ${periodS} s`);
  }
});

test('a trough without two samples after it, or none before it, tells no lateness', () => {
  const t = Float64Array.from([0, 10, 20, 30]);
  const y = Float64Array.from([50, 10, 20, 30]);
  const late = (k: number, n = 4): number =>
    troughLateness(t.subarray(0, n), y.subarray(0, n), { t: t.subarray(k, k + 1), values: y.subarray(k, k + 1) });
  assert.equal(late(1), 5);
  assert.equal(late(1, 3), 0);
  assert.equal(late(0), 0);
  assert.equal(late(3), 0);
});

test('the heap that is sampled after a gap was collected within the gap', () => {
  const t = Float64Array.from([0, 40, 50, 60]);
  const y = Float64Array.from([80, 20, 30, 40]);
  assert.equal(troughLateness(t, y, { t: t.subarray(1, 2), values: y.subarray(1, 2) }), 20);
});
