import assert from 'node:assert/strict';
import { test } from 'node:test';
import { evaluateSeries } from '../../../src/trends/evaluate.ts';
import { MIB } from '../../../src/units.ts';
import { leakSeries, machineSeriesOf } from '../../support/series.ts';

const options = { minHistorySeconds: 900 };
const slope = (series: Parameters<typeof evaluateSeries>[0]) => evaluateSeries(series, options).fields.anon!.slopeBytesPerHour!;
const close = (a: number, b: number) => assert.ok(Math.abs(a - b) <= 1e-6 * Math.max(Math.abs(a), Math.abs(b)), `${a} and ${b}`);

test('a slope does not change when time or level is shifted', () => {
  const base = leakSeries({ seed: 1 });
  close(slope(base), slope({ ...base, t: base.t.map((at) => at + 86_400 * 7) }));
  close(slope(base), slope(leakSeries({ seed: 1, level: 300 * MIB })));
});

test('a slope scales with its unit', () => {
  const base = leakSeries({ seed: 2 });
  const anon = base.fields.get('anon')!;
  const doubled = {
    ...base,
    limitBytes: 2 * (base.limitBytes as number),
    fields: new Map([['anon' as const, anon.map((v) => 2 * v)]]),
  };
  close(2 * slope(base), slope(doubled));
});

test('a slope flips when time is reversed', () => {
  const base = leakSeries({ seed: 3 });
  const reversed = { ...base, fields: new Map([['anon' as const, base.fields.get('anon')!.slice().reverse()]]) };
  assert.equal(evaluateSeries(base, options).fields.anon!.trend, 'growing');
  assert.equal(evaluateSeries(reversed, options).fields.anon!.trend, 'shrinking');
  assert.ok(Math.abs(slope(base) + slope(reversed)) < 0.05 * slope(base));
});

test('a verdict does not change when a constant is added to the field and to the limit', () => {
  for (const seed of [4, 5]) {
    const low = evaluateSeries(leakSeries({ seed, level: 200 * MIB, limit: 4096 * MIB }), options);
    const high = evaluateSeries(leakSeries({ seed, level: 264 * MIB, limit: 4160 * MIB }), options);
    assert.equal(low.leak, high.leak);
    assert.equal(low.trend, high.trend);
    close(low.etas[0]!.seconds, high.etas[0]!.seconds);
  }
});

test('more of the same stable data never turns into growing', () => {
  for (const seed of [6, 7, 8])
    for (const days of [1, 2, 4, 8]) assert.notEqual(evaluateSeries(machineSeriesOf(seed, days), options).leak, true);
});

test('the same series gives the same judgement, unsorted and doubled rows or not', () => {
  const base = leakSeries({ seed: 9 });
  const n = base.t.length;
  const rows = Array.from({ length: n }, (_, i) => (i * 7919) % n).flatMap((i) => (i % 50 === 0 ? [i, i] : [i]));
  const anon = base.fields.get('anon')!;
  const shuffled = {
    ...base,
    t: Float64Array.from(rows, (i) => base.t[i]!),
    fields: new Map([['anon' as const, Float64Array.from(rows, (i) => anon[i]!)]]),
  };
  assert.deepEqual(evaluateSeries(shuffled, options), evaluateSeries(base, options));
});

test('a clock that is set back an hour does not hide a leak', () => {
  const base = leakSeries({ seed: 10 });
  const jumped = { ...base, t: base.t.map((at, i) => (i < base.t.length / 2 ? at : at - 3600)) };
  const answer = evaluateSeries(jumped, options);
  assert.equal(answer.leak, true);
  assert.ok(Math.abs(answer.fields.anon!.slopeBytesPerHour! / slope(base) - 1) < 0.05);
});

test('gaps are no values: a series with half its samples missing has the same slope, within its interval', () => {
  const base = leakSeries({ seed: 11 });
  const holes = base.fields.get('anon')!.map((value, i) => (i % 2 === 0 || (i > 200 && i < 260) ? Number.NaN : value));
  const answer = evaluateSeries({ ...base, fields: new Map([['anon' as const, holes]]) }, options);
  assert.equal(answer.leak, true);
  assert.ok(answer.fields.anon!.low! < slope(base) && slope(base) < answer.fields.anon!.high!);
});

test('a restart that nobody reported is recognised by what falls together', () => {
  const base = leakSeries({ seed: 12 });
  const half = base.t.length / 2;
  const saw = base.fields.get('anon')!.map((value, i) => (i < half ? value : value - 120 * MIB));
  const stacks = base.t.map((_, i) => (i < half ? 8 : 3) * MIB);
  const threads = base.t.map((_, i) => (i < half ? 80 : 30));
  const answer = evaluateSeries(
    {
      ...base,
      fields: new Map([
        ['anon', saw],
        ['kernel_stack', stacks],
        ['threads', threads],
      ]),
    },
    options,
  );
  assert.ok(answer.fields.anon!.windowSeconds < 60 * half);
});
