import assert from 'node:assert/strict';
import { test } from 'node:test';
import { newHigh } from '../../../src/diagnosis/new-high.ts';

const seconds = (n: number, value: (second: number) => number): [{ t: Float64Array }, Float64Array, number] => {
  const t = Float64Array.from({ length: n }, (_, i) => 1000 + i);
  return [{ t }, Float64Array.from({ length: n }, (_, i) => value(i)), n - 1];
};

test('two samples far above all before are a new high, since the last sample that was as low', () =>
  assert.deepEqual(newHigh(...seconds(26, (s) => (s < 24 ? 16 : 90))), { bytes: 74, share: 74 / 16, sinceS: 1023 }));

test('one sample is a spike, and a fifth is the least', () => {
  assert.equal(newHigh(...seconds(26, (s) => (s < 25 ? 16 : 90))), null);
  assert.equal(newHigh(...seconds(26, (s) => (s < 24 ? 100 : 119))), null);
  assert.equal(newHigh(...seconds(26, (s) => (s < 24 ? 100 : 120)))?.bytes, 20);
});

test('memory that was there before has no new high', () =>
  assert.equal(newHigh(...seconds(60, (s) => (s % 20 < 5 ? 150 : 100))), null));

test('a rise more than a minute ago, or in the first half of a short window, is none of the last samples', () => {
  assert.equal(newHigh(...seconds(40, (s) => (s < 15 ? 100 : 150))), null);
  assert.equal(newHigh(...seconds(600, (s) => (s < 530 ? 100 : 150))), null);
  assert.equal(newHigh(...seconds(600, (s) => (s < 550 ? 100 : 150)))?.sinceS, 1549);
  assert.equal(newHigh(...seconds(7200, (s) => (s < 6900 ? 100 : 150)))?.sinceS, 7899, 'in two hours it is six minutes');
});

test('gaps do not count', () => {
  const [series, values, windowS] = seconds(30, (s) => (s < 24 ? 16 : s % 2 === 0 ? 90 : Number.NaN));
  assert.deepEqual(newHigh(series, values, windowS), { bytes: 74, share: 74 / 16, sinceS: 1023 });
  assert.equal(newHigh(series, values.fill(Number.NaN), windowS), null);
});
