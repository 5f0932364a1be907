import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldEvaluation } from '../../../../src/trends/field/field-trend.ts';
import { preferRecentGrowth } from '../../../../src/trends/field/recent-window.ts';
import { SharedWork } from '../../../../src/trends/field/shared-work.ts';
import { PLAIN_ARITHMETIC } from '../../../../src/trends/model/plain-arithmetic.ts';
import { HOUR_S } from '../../../../src/units.ts';
import { fieldEvaluation, growingField } from '../../../support/evaluation.ts';

const INTERVAL_S = 300;

const straight = (rSquared: number): Partial<FieldEvaluation> => ({
  posterior: 0.99,
  basis: { segments: [77], line: null, modelProbabilities: [], statistics: { rSquared }, reason: 'made' },
});

/** A run of hours with a value each five minutes; what is found in it, and the hours of the parts that were evaluated. */
function found(
  hours: number,
  value: (hour: number) => number,
  { recent = growingField(1e6, 1e5, straight(0.9)), whole = fieldEvaluation() } = {},
) {
  const n = (hours * HOUR_S) / INTERVAL_S + 1;
  const t = Float64Array.from({ length: n }, (_, i) => 1e6 + i * INTERVAL_S);
  const values = t.map((at) => value((at - 1e6) / HOUR_S));
  const run = { t, from: 0, to: n, intervalS: INTERVAL_S, limit: null, shared: new SharedWork(PLAIN_ARITHMETIC) };
  const parts: number[] = [];
  const answer = preferRecentGrowth({ ...whole, windowSeconds: hours * HOUR_S }, values, run, (part) => {
    parts.push((t[part.to - 1]! - t[part.from]!) / HOUR_S);
    return recent;
  });
  return { answer, parts };
}

/** Swings of 1 each day, and from an hour on a rise of so much an hour. */
const leakSince =
  (began: number, perHour: number) =>
  (hour: number): number =>
    100 + Math.sin((2 * Math.PI * hour) / 24) + perHour * Math.max(0, hour - began);

test('a part that rose by more than thrice what the run ever rose before is evaluated by itself, and its growth is reported', () => {
  const { answer, parts } = found(96, leakSince(80, 5));
  assert.deepEqual(parts, [16]);
  assert.equal(answer.trend, 'growing');
  assert.deepEqual(answer.basis.segments, [1e6, 77]);
  assert.equal(answer.basis.statistics.rSquared, 0.9);
  assert.match(answer.basis.reason, /^since lately it rises/);
});

test('growth that began lately is never surer than 0.9, and excludes daily load only in a run of eight days', () => {
  const week = (hours: number) => found(hours, leakSince((5 / 6) * hours, 5)).answer;
  assert.equal(week(96).posterior, 0.9);
  assert.ok(Math.abs(week(96).p! - 0.1) < 1e-12);
  assert.equal(
    found(96, leakSince(80, 5), { recent: growingField(1, 0, { ...straight(0.9), posterior: 0.6 }) }).answer.posterior,
    0.6,
  );
  assert.deepEqual([week(180).dailyLoadExcluded, week(192).dailyLoadExcluded], [false, true]);
});

test('a sixth of the last sixth is looked at too, but nothing shorter than three hours', () => {
  // In four and a half hours it rises by more than ever before in that time, and in 27 hours by no more than the swing of the week.
  const slow = (hour: number) => 30 * Math.sin((2 * Math.PI * hour) / 81) + 6 * Math.max(0, hour - 157.5);
  assert.deepEqual(found(162, slow).parts, [4.5]);
  assert.deepEqual(found(17, leakSince(14, 50)).parts, [], 'a sixth of 17 hours is less than three hours');
});

test('a rise that the run has seen before, or that is not thrice as large, is not looked at', () => {
  assert.deepEqual(found(96, leakSince(80, 0.1)).parts, []);
  assert.deepEqual(found(96, (hour) => 100 + 80 * (hour > 20 && hour < 40 ? 1 : 0) + leakSince(80, 5)(hour)).parts, []);
  assert.deepEqual(found(96, (hour) => -5 * hour).parts, [], 'it falls');
  const lately = (from: number) => found(96, (hour) => (hour < from ? Number.NaN : leakSince(80, 5)(hour))).parts;
  assert.deepEqual([lately(18), lately(30)], [[16], []], 'too little is known from before');
});

test('the whole run stands where it grows, and where its newest part does not grow in a straight line', () => {
  const grown = found(96, leakSince(80, 5), { whole: growingField(2e6, 1e5) });
  assert.deepEqual([grown.answer.slopeBytesPerHour, grown.parts], [2e6, []]);
  for (const recent of [fieldEvaluation(straight(0.99)), growingField(1e6, 1e5, straight(0.84)), growingField(1e6, 1e5)]) {
    const { answer, parts } = found(96, leakSince(80, 5), { recent });
    assert.equal(parts.length, 1);
    assert.deepEqual([answer.trend, answer.basis.segments], ['stable', [0]]);
  }
});
