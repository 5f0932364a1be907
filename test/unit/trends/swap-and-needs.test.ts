import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ByField, entriesOf } from '../../../src/fields.ts';
import { NO_PARTS } from '../../../src/history/part-readings.ts';
import { evaluateSeries } from '../../../src/trends/evaluate.ts';
import { MIB } from '../../../src/units.ts';
import { Random } from '../../../synthetic/random.ts';

const MINUTES = 360;
/** An evaluation of six hours; columns in MiB by minute, with a little noise. */
function evaluated(columns: ByField<(minute: number) => number>) {
  const random = new Random(3);
  const t = Float64Array.from({ length: MINUTES }, (_, i) => 1_700_000_000 + 60 * i);
  const fields = new Map(
    entriesOf(columns).map(([id, of]) => [id, t.map((_, i) => Math.max(0, of(i) + 0.1 * random.normal()) * MIB)]),
  );
  const rest = { intervalS: 60, limitBytes: 400 * MIB, heapMaxBytes: null, events: [], files: [], parts: NO_PARTS };
  return evaluateSeries({ t, fields, ...rest }, { minHistorySeconds: 900 });
}
const growing = (minute: number) => 0.5 * minute;

const causes = (...of: Parameters<typeof evaluated>) => evaluated(...of).causes.map(({ cause }) => cause);

test('anonymous memory that the kernel swaps out goes on growing, while the published field is what is resident', () => {
  const flat = { usage: () => 398, anon: () => 390, swap_limit: () => 600 };
  const swap = (minute: number) => 40 + growing(minute);
  const leak = evaluated({ ...flat, swap });
  assert.deepEqual([leak.trend, leak.leak, leak.causes[0]?.cause, leak.needs], ['growing', true, 'native', null]);
  assert.deepEqual([leak.fields.anon!.trend, leak.fields.usage!.trend], ['stable', 'stable']);
  // 220 MiB are in swap at the end, 382 MiB and the rest of the limit are left, at 30 MiB an hour.
  assert.ok(Math.abs(leak.etas[0]!.seconds / 3600 - 13) < 0.5, JSON.stringify(leak.etas));
  assert.deepEqual(causes({ anon: flat.anon, swap_limit: flat.swap_limit, swap }), ['native'], 'without a figure for usage');
  const { leak: none, trend } = evaluated({ ...flat, swap: () => 40 });
  assert.deepEqual([none, trend], [false, 'stable']);
});

test('files of tmpfs that are swapped out are no growth of anonymous memory', () => {
  const { leak, trend, causes } = evaluated({
    usage: (i) => 390 - growing(i),
    anon: () => 100,
    shmem: (i) => 290 - growing(i),
    swap: growing,
    swap_limit: () => 600,
  });
  assert.deepEqual([trend, leak, causes], ['shrinking', false, []]);
});

test('page cache that is locked in memory is a cause of its own', () => {
  const locked = {
    usage: (i: number) => 100 + growing(i),
    anon: () => 50,
    file: (i: number) => 50 + growing(i),
    active_anon: () => 25,
    inactive_anon: () => 25,
  };
  assert.deepEqual(causes({ ...locked, unevictable: growing }), ['locked-cache']);
  assert.deepEqual(causes(locked), ['page-cache']);
});

test('where nothing grows it is said how much history would show the slowest growth that matters, by usage if that is known', () => {
  const needs = (columns: Parameters<typeof evaluated>[0]) => evaluated(columns).needs;
  const anon = needs({ anon: () => 100 })!;
  assert.match(anon.for, /^a drift as slow as/);
  const wanders = (i: number) => 100 + 20 * Math.sin(i);
  assert.ok(needs({ anon: () => 100, usage: wanders })!.hours > anon.hours + 5);
  assert.ok(needs({ anon: wanders, usage: () => 150 })!.hours < needs({ anon: wanders })!.hours);
  assert.equal(needs({ anon: (i) => 100 + growing(i) }), null, 'growth is already shown');
});

test('a window that is long enough and has hardly any values needs as much time again', () => {
  const few = evaluated({ anon: (i) => (i < 4 || i > MINUTES - 4 ? 100 : Number.NaN) });
  assert.equal(few.trend, 'not-enough-data');
  assert.deepEqual(few.needs, { hours: (MINUTES - 1) / 60, for: 'values more evenly spread over the time' });
});

test('after the OOM killer took another process, growth and time to the next kill are those since then', () => {
  const random = new Random(3);
  const t = Float64Array.from({ length: MINUTES }, (_, i) => 1_700_000_000 + 60 * i);
  const kill = 300;
  const anon = t.map((_, i) => (100 + (i < kill ? 280 * (i / kill) : 4 * (i - kill)) + 0.1 * random.normal()) * MIB);
  const fields = new Map([['anon', anon] as const]);
  const events = [{ t: t[kill]! - 30, type: 'process_oom_kill' as const, killed: [] }];
  const series = { t, fields, intervalS: 60, limitBytes: 380 * MIB, heapMaxBytes: null, events, files: [], parts: NO_PARTS };
  const { etas, fields: trends } = evaluateSeries(series, { minHistorySeconds: 900 });
  assert.ok(Math.abs(trends.anon!.slopeBytesPerHour! / MIB - 240) < 15, String(trends.anon!.slopeBytesPerHour));
  // 100 + 4 x 59 of 380 MiB: 44 MiB are left at 4 MiB a minute.
  assert.ok(Math.abs(etas[0]!.seconds / 60 - 11) < 2, JSON.stringify(etas));
});
