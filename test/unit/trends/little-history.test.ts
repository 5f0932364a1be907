import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_PARTS } from '../../../src/history/part-readings.ts';
import type { Series } from '../../../src/history/series.ts';
import { evaluateSeries } from '../../../src/trends/evaluate.ts';
import { MIB } from '../../../src/units.ts';

const BEGIN_S = 1_700_000_000;
const series = (samples: number, intervalS: number, given: Partial<Series> = {}): Series => {
  const t = Float64Array.from({ length: samples }, (_, i) => BEGIN_S + intervalS * i);
  return {
    t,
    fields: new Map([
      ['anon', t.map((_, i) => (200 + i) * MIB)],
      ['swap_limit', t.map(() => MIB)],
    ]),
    intervalS,
    limitBytes: 1024 * MIB,
    heapMaxBytes: null,
    events: [],
    files: [],
    parts: NO_PARTS,
    ...given,
  };
};
const evaluated = (samples: number, intervalS: number, minHistorySeconds: number, given: Partial<Series> = {}) =>
  evaluateSeries(series(samples, intervalS, given), { minHistorySeconds });
/** What is missing to an evaluation, seconds; null: nothing. */
const missing = (...of: Parameters<typeof evaluated>): number | null => {
  const { needs } = evaluated(...of);
  return needs?.for.startsWith('the least history') ? needs.hours * 3600 : null;
};

test('an evaluation of too little history says nothing but how much is missing', () => {
  const answer = evaluated(16, 60, 900);
  const { anon, ...others } = answer.fields;
  assert.deepEqual(others, {});
  assert.deepEqual([anon!.trend, anon!.slopeBytesPerHour, anon!.points, anon!.windowSeconds], ['not-enough-data', null, 16, 900]);
  assert.deepEqual(
    { ...answer, fields: null },
    {
      trend: 'not-enough-data',
      leak: null,
      confidence: 0.99,
      causes: [],
      etas: [],
      needs: { hours: (14 * 60) / 3600, for: 'the least history of 900 s and 30 samples since the last restart' },
      fields: null,
      causeBasis: [],
    },
  );
});

test('thirty samples are enough at any interval, and what is missing is the longer of time and samples', () => {
  assert.deepEqual([missing(29, 60, 900), missing(30, 60, 900)], [60, null]);
  assert.deepEqual([missing(40, 1, 900), missing(20, 10, 900)], [861, 710]);
});

test('a request for less than a quarter of an hour needs only the samples of that time', () => {
  assert.deepEqual([missing(16, 60, 899), missing(16, 60, 900)], [null, 14 * 60]);
  assert.deepEqual([missing(6, 10, 60), missing(7, 10, 60)], [10, null]);
  assert.match(evaluated(5, 60, 899).needs!.for, /899 s and 15 samples/);
  assert.match(evaluated(5, 1, 100).needs!.for, /100 s and 30 samples/, 'at most thirty');
});

test('a fiftieth of the time may be missing, because samples come late', () => {
  assert.deepEqual([missing(98, 1, 100), missing(99, 1, 100)], [3, null]);
});

test('one sample is no history, and none is not either', () => {
  assert.deepEqual([missing(1, 1, 0), missing(2, 1, 0)], [0, null]);
  assert.equal(missing(0, 60, 900), 1800);
});

test('only the run since the last restart counts', () => {
  const events = [{ t: BEGIN_S + 40 * 60, type: 'restart' }] as const;
  assert.deepEqual([missing(60, 60, 900, { events }), missing(70, 60, 900, { events })], [10 * 60, null]);
});

test('a field is evaluated over the part of the run in which it has values, and not once it is no longer reported', () => {
  const field = (from: number, to: number) => {
    const values = Float64Array.from({ length: 200 }, (_, i) => (i >= from && i < to ? (50 + (i % 3)) * MIB : Number.NaN));
    const { t, fields } = series(200, 60);
    const { anon, sock } = evaluated(200, 60, 900, { t, fields: new Map([...fields, ['sock', values]]) }).fields;
    assert.equal(anon!.windowSeconds, 199 * 60);
    return [sock!.trend, sock!.windowSeconds / 60];
  };
  assert.deepEqual(field(0, 200), ['stable', 199]);
  assert.deepEqual(field(50, 200), ['stable', 149]);
  assert.deepEqual(field(0, 185), ['stable', 184]);
  assert.deepEqual(field(0, 150), ['not-enough-data', 199]);
});
