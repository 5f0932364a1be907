import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ByField, entriesOf } from '../../../src/fields.ts';
import { NO_PARTS } from '../../../src/history/part-readings.ts';
import type { Series } from '../../../src/history/series.ts';
import { evaluateSeries } from '../../../src/trends/evaluate.ts';
import { MIB } from '../../../src/units.ts';

const options = { minHistorySeconds: 900 };

/** Seeded noise, so that a test tells the same story each time. */
function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      sum += state / 4_294_967_296;
    }
    return sum;
  };
}

function series(minutes: number, columns: ByField<(minute: number) => number>, rest: Partial<Series> = {}): Series {
  const t = Float64Array.from({ length: minutes }, (_, i) => 1_700_000_000 + 60 * i);
  const fields = new Map(entriesOf(columns).map(([id, of]) => [id, Float64Array.from(t, (_, i) => of(i))]));
  return {
    t,
    fields,
    intervalS: 60,
    limitBytes: 1024 * MIB,
    heapMaxBytes: null,
    events: [],
    files: [],
    parts: NO_PARTS,
    ...rest,
  };
}

test('anonymous memory that grows for good is a leak, with its slope inside the interval and a time to the OOM kill', () => {
  const wiggle = noise(1);
  const answer = evaluateSeries(series(720, { anon: (i) => 200 * MIB + (i / 60) * 5 * MIB + wiggle() * MIB }), options);
  assert.equal(answer.trend, 'growing');
  assert.equal(answer.leak, true);
  const { low, high } = answer.fields.anon!;
  assert.ok(low! < 5 * MIB && high! > 5 * MIB, `${low} to ${high}`);
  const eta = answer.etas.find(({ event }) => event === 'oom-kill')!;
  assert.ok(eta.low <= eta.seconds && eta.seconds <= eta.high!);
  assert.ok(Math.abs(eta.seconds / 3600 - (1024 - 260) / 5) < 15, String(eta.seconds / 3600));
});

test('usage grows by what grows in it: its slope is that of anon, where all else only wanders', () => {
  const [wiggle, sway] = [noise(7), noise(8)];
  let cache = 0;
  const file = Array.from({ length: 1440 }, () => {
    cache = 0.98 * cache + 4 * sway();
    return (300 + cache) * MIB;
  });
  const anon = Array.from({ length: 1440 }, (_, i) => 200 * MIB + (i / 60) * 5 * MIB + wiggle() * MIB);
  const columns = { usage: (i: number) => anon[i]! + file[i]!, anon: (i: number) => anon[i]!, file: (i: number) => file[i]! };
  const { fields, etas } = evaluateSeries(series(1440, columns), options);
  assert.equal(fields.file!.trend, 'stable');
  assert.equal(fields.usage!.trend, 'growing');
  assert.equal(fields.usage!.slopeBytesPerHour, fields.anon!.slopeBytesPerHour);
  assert.ok(fields.usage!.low! < 5 * MIB && fields.usage!.high! > 5 * MIB);
  assert.equal(etas[0]?.event, 'oom-kill');
  const { line } = fields.usage!.basis;
  assert.ok(Math.abs(line!.slopePerSecond * 3600 - fields.usage!.slopeBytesPerHour!) < 1);
});

test('the time to the limit starts from the peaks of the samples, which their means over minutes hide', () => {
  const wiggle = noise(9);
  const peaky = (peak: number) =>
    evaluateSeries(
      series(720, { anon: (i) => 200 * MIB + (i / 60) * 10 * MIB + wiggle() * MIB + (i % 10 === 0 ? peak * MIB : 0) }),
      options,
    );
  const hours = (peak: number): number => peaky(peak).etas.find(({ event }) => event === 'oom-kill')!.seconds / 3600;
  // 1024 MiB less the 320 at the end, 10 MiB an hour; and 200 MiB less to go where one sample in ten stands so much higher.
  assert.ok(Math.abs(hours(0) - 70) < 4, String(hours(0)));
  assert.ok(Math.abs(hours(200) - 50) < 6, String(hours(200)));
});

test('memory that only wanders is no leak', () => {
  const wiggle = noise(2);
  let wander = 0;
  const answer = evaluateSeries(
    series(720, {
      anon: () => {
        wander = 0.95 * wander + wiggle() * MIB;
        return 200 * MIB + wander;
      },
    }),
    options,
  );
  assert.equal(answer.leak, false);
  assert.equal(answer.trend, 'stable');
});

test('nothing is said of less than the least history, and the answer says how much is missing', () => {
  const answer = evaluateSeries(series(8, { anon: (i) => (200 + i) * MIB }), options);
  assert.equal(answer.trend, 'not-enough-data');
  assert.equal(answer.leak, null);
  assert.ok(answer.needs!.hours > 0);
});

test('a restart begins a new run: growth before it does not count', () => {
  const wiggle = noise(3);
  const answer = evaluateSeries(
    series(
      720,
      { anon: (i) => (i < 400 ? 200 + i : 200) * MIB + wiggle() * MIB },
      { events: [{ t: 1_700_000_000 + 400 * 60, type: 'restart' }] },
    ),
    options,
  );
  assert.equal(answer.leak, false);
  assert.equal(answer.fields.anon!.windowSeconds, 319 * 60);
});

test('kernel memory that comes with page cache is no cause of its own, also where the cache goes by fits and starts', () => {
  // A log of 5 MB a second whose writer stood still twice, the second time to the end: 28 s of it, each second.
  const stands = (s: number) => s < 5 || (s >= 8 && s < 14) || s >= 22;
  const file: number[] = [];
  for (let s = 0; s < 28; s++) {
    const written = file.at(-1) ?? 0;
    file.push(stands(s) ? written : Math.min((s - 4) * 5e6, written + 10e6));
  }
  const outcome = (besides: number) => {
    const columns = {
      usage: (s: number) => 60e6 + 1.03 * file[s]! + besides * s,
      anon: () => 55e6,
      file: (s: number) => 5e6 + file[s]!,
      kernel: (s: number) => 1.2e6 + 0.0287 * file[s]! + besides * s,
    };
    const each = series(28, columns, { intervalS: 1 });
    return evaluateSeries({ ...each, t: each.t.map((_, s) => 1_700_000_000 + s) }, { minHistorySeconds: 15 });
  };
  assert.equal(outcome(0).fields.file!.trend, 'stable');
  assert.equal(outcome(0).fields.kernel!.trend, 'growing');
  assert.deepEqual(outcome(0).causes, []);
  assert.equal(outcome(0).leak, false);
  assert.equal(outcome(2e6).causes[0]?.cause, 'slab');
});

test('a cache that was loaded once does not hide kernel memory that leaks before and after, nor does tmpfs that grows beside it', () => {
  const wiggle = noise(10);
  const leak = (i: number) => (40 + 0.06 * i) * MIB + wiggle() * 8192;
  const loaded = evaluateSeries(
    series(400, { anon: () => 200 * MIB, file: (i) => (i < 200 ? 100 : 1600) * MIB, slab_unreclaimable: leak }),
    options,
  );
  assert.deepEqual([loaded.leak, loaded.causes[0]?.cause], [true, 'slab']);
  const tmpfs = (i: number) => (50 + i) * MIB;
  const beside = evaluateSeries(
    series(400, { anon: () => 200 * MIB, file: (i) => 100 * MIB + tmpfs(i), shmem: tmpfs, slab_unreclaimable: leak }),
    options,
  );
  assert.deepEqual(
    beside.causes.map(({ cause }) => cause),
    ['shmem', 'slab'],
  );
});

test('a heap that grows where no field of the container itself is known has no time to an OOM kill', () => {
  const wiggle = noise(11);
  const { causes, etas } = evaluateSeries(
    series(720, { heap_used: (i) => (100 + 0.2 * i) * MIB + wiggle() * MIB, usage: () => 500 * MIB }),
    options,
  );
  assert.equal(causes[0]?.cause, 'heap');
  assert.deepEqual(etas, []);
});

test('a field that was known for a while only does not decide which peaks are seen', () => {
  const wiggle = noise(12);
  const anon = (i: number) => (200 + i / 6) * MIB + wiggle() * MIB + (i > 100 && i % 10 === 0 ? 200 * MIB : 0);
  const hours = (columns: Record<string, (i: number) => number>): number =>
    evaluateSeries(series(720, columns), options).etas.find(({ event }) => event === 'oom-kill')!.seconds / 3600;
  const percpu = (i: number) => (i < 40 ? 3 * MIB : Number.NaN);
  assert.ok(Math.abs(hours({ anon, percpu }) / hours({ anon }) - 1) < 0.1);
});

test('native memory that class loaders bring is metaspace, not a cause of its own; much more than that is', () => {
  const wiggle = noise(5);
  const metaspace = (i: number) => 60 * MIB + i * 0.1 * MIB;
  const outcome = (times: number) =>
    evaluateSeries(
      series(360, {
        usage: (i) => 300 * MIB + times * i * 0.1 * MIB + wiggle() * MIB,
        anon: (i) => 250 * MIB + times * i * 0.1 * MIB + wiggle() * MIB,
        heap_used: () => 100 * MIB + wiggle() * MIB,
        metaspace,
      }),
      options,
    ).causes.map((c) => c.cause);
  assert.deepEqual(outcome(4), ['metaspace']);
  assert.deepEqual(outcome(12), ['native', 'metaspace']);
});

test('a heap that fills without its old generation having been collected may be a leak or not', () => {
  const wiggle = noise(6);
  const answer = evaluateSeries(
    series(240, {
      usage: (i) => 200 * MIB + i * MIB + wiggle() * 0.2 * MIB,
      anon: (i) => 150 * MIB + i * MIB + wiggle() * 0.2 * MIB,
      heap_used: (i) => 50 * MIB + i * MIB + wiggle() * 0.2 * MIB,
      old_used: (i) => 50 * MIB + Math.floor(i / 5) * 5 * MIB,
      gc_count: (i) => Math.floor(i / 5),
      full_gc_count: () => 0,
    }),
    options,
  );
  assert.equal(answer.trend, 'growing');
  assert.equal(answer.leak, null);
});
