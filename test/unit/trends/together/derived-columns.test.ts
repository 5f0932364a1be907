import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ByField, entriesOf } from '../../../../src/fields.ts';
import { NO_PARTS } from '../../../../src/history/part-readings.ts';
import { evaluateSeries } from '../../../../src/trends/evaluate.ts';
import { lockedCacheColumn, withSwap } from '../../../../src/trends/together/derived-columns.ts';
import { MIB } from '../../../../src/units.ts';

const columns = (mib: ByField<readonly number[]>) =>
  new Map(entriesOf(mib).map(([id, values]) => [id, Float64Array.from(values, (value) => value * MIB)]));
const NO_SERIES = { t: Float64Array.of(0, 60), restarts: [], oomKills: [], processKills: [] };
const lists = { anon: [100, 100], active_anon: [60, 60], inactive_anon: [40, 20], file: [80, 80], shmem: [0, 0] };

test('locked page cache is what is on the unevictable list and not anonymous, by sample', () => {
  const locked = lockedCacheColumn(columns({ ...lists, unevictable: [10, 30] }));
  assert.deepEqual([...(locked ?? [])], [10 * MIB, 10 * MIB]);
  assert.deepEqual([...(lockedCacheColumn(columns({ ...lists, unevictable: [Number.NaN, 30] })) ?? [])], [Number.NaN, 10 * MIB]);
});

test('it is not known without the lists, and not worth a trend where hardly any is locked', () => {
  assert.equal(lockedCacheColumn(columns({ anon: [100, 100], unevictable: [10, 30] })), null);
  assert.equal(lockedCacheColumn(columns(lists)), null);
  assert.equal(lockedCacheColumn(columns({ ...lists, unevictable: [0.5, 0.5] })), null);
});

test('anon and usage count what is swapped out; a sample without one of them is a gap', () => {
  const of = (mib: ByField<readonly number[]>) => withSwap({ ...NO_SERIES, fields: columns(mib) });
  const mib = (column: Float64Array | null | undefined) => column && [...column].map((bytes) => bytes / MIB);
  const all = of({ anon: [100, 90], usage: [150, 140], shmem: [5, 6], swap: [10, 30], file: [40, 40] })!;
  assert.deepEqual(
    [mib(all.anon), mib(all.usage), mib(all.anonShmemAndSwap)],
    [
      [110, 120],
      [160, 170],
      [115, 126],
    ],
  );
  const { fields } = all.series;
  assert.deepEqual([fields.get('anon'), fields.get('usage'), mib(fields.get('file'))], [all.anon, all.usage, [40, 40]]);
  const least = of({ anon: [100, Number.NaN], swap: [10, 30] })!;
  assert.deepEqual([mib(least.anon), least.usage, mib(least.anonShmemAndSwap)], [[110, Number.NaN], null, [110, Number.NaN]]);
  assert.equal(least.series.fields.has('usage'), false);
});

test('a container without swap, or whose swap or anonymous memory is not known, counts as it is', () => {
  const of = (mib: ByField<readonly number[]>) => withSwap({ ...NO_SERIES, fields: columns(mib) });
  assert.equal(of({ anon: [100, 90], swap: [0, 0] }), null);
  assert.equal(of({ anon: [100, 90] }), null);
  assert.equal(of({ swap: [10, 30] }), null);
});

test('locked page cache is known without shared memory', () => {
  const gap = { ...lists, shmem: [Number.NaN, 0], unevictable: [10, 30] };
  assert.deepEqual([...(lockedCacheColumn(columns(gap)) ?? [])], [10 * MIB, 10 * MIB]);
});

describe('a container that swaps', () => {
  const N = 400;
  const outcome = (mib: ByField<(share: number) => number>, limitMib = 1000, everyS = 600) => {
    const t = Float64Array.from({ length: N }, (_, i) => 1_600_000_000 + everyS * i);
    const fields = new Map(
      entriesOf(mib).map(([id, of]) => [id, t.map((_, i) => Math.round(of(i / N) * MIB + ((i * 7919) % 13) * 4096))]),
    );
    const series = {
      t,
      fields,
      intervalS: everyS,
      limitBytes: limitMib * MIB,
      heapMaxBytes: null,
      events: [],
      files: [],
      parts: NO_PARTS,
    };
    const { trend, leak, confidence, causes, etas } = evaluateSeries(series, { minHistorySeconds: 20 });
    const end = etas.find(({ event }) => event === 'oom-kill')?.seconds ?? null;
    return { trend, leak, isSure: confidence > 0.9, cause: causes[0]?.cause ?? null, end };
  };
  const leaked = { anon: () => 900, usage: () => 950, swap: (x: number) => 40 + 400 * x };

  test('leaks what it swaps out, and ends where swap does', () => {
    const { end, ...found } = outcome({ ...leaked, swap_limit: () => 600 });
    assert.deepEqual(found, { trend: 'growing', leak: true, isSure: true, cause: 'native' });
    // 260 MiB are left of 1600 at 400 MiB in 400 samples.
    assert.ok(end !== null && Math.abs(end / (260 * 600) - 1) < 0.1, String(end));
  });
  test('has no known end where swap has no limit', () => {
    assert.deepEqual(outcome(leaked), { trend: 'growing', leak: true, isSure: true, cause: 'native', end: null });
  });
  test('leaks for certain in its first minutes too: what is swapped out has met the limit', () => {
    assert.equal(outcome(leaked, 1000, 0.25).isSure, true);
    assert.equal(outcome({ anon: (x) => 300 + 200 * x, usage: (x) => 350 + 200 * x, swap: () => 0 }, 30_000, 0.25).isSure, false);
  });
  test('leaks nothing where tmpfs goes out, or where what was out comes back', () => {
    const tmpfs = { anon: () => 500, usage: (x: number) => 950 - 400 * x, file: (x: number) => 400 - 400 * x };
    assert.equal(outcome({ ...tmpfs, shmem: (x) => 400 - 400 * x, swap: (x) => 40 + 400 * x }).leak, false);
    assert.deepEqual(outcome({ anon: (x) => 500 + 300 * x, usage: (x) => 550 + 300 * x, swap: (x) => 400 - 300 * x }), {
      trend: 'stable',
      leak: false,
      isSure: true,
      cause: null,
      end: null,
    });
  });
});
