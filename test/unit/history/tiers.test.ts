import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { coarsen } from '../../../src/history/coarsen.ts';
import { emptySegment, type Segment } from '../../../src/history/segment.ts';
import { readSegmentText, segmentText } from '../../../src/history/store/segment-text.ts';
import { openStore } from '../../../src/history/store/store.ts';

const folder = (t: { after: (f: () => void) => void }): string => {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-tiers-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  return dir;
};
const ALL = { fields: null, fromS: null, toS: null, points: null, epoch: 'all' } as const;
const raw = (over: Partial<Segment>): Segment => ({ ...emptySegment(), ...over });

test('a coarser row has the mean, of the heap the floor, and the spike and the dip beside it', () => {
  const t = [0, 10, 20, 30, 40, 50, 60, 70];
  const fields = { usage: [5, 5, 5, 95, 5, 5, 7, 7], heap_used: [30, 10, 50, 30, 30, 30, 20, 20] };
  const coarse = coarsen(
    [raw({ t: t.slice(0, 5), fields: cut(fields, 0, 5) }), raw({ t: t.slice(5), fields: cut(fields, 5) })],
    60,
  );
  assert.deepEqual([coarse.t, coarse.step, coarse.until], [[0, 60], 60, 70]);
  assert.deepEqual(coarse.fields, { usage: [20, 7], heap_used: [10, 20] });
  assert.deepEqual(coarse.max, { usage: [95, 7], heap_used: [50, 20] });
  assert.deepEqual(coarse.min, { usage: [5, 7] });
  const twice = coarsen([coarse], 900);
  assert.deepEqual([twice.t, twice.max.usage, twice.min.usage], [[0], [95], [5]]);
});
const cut = (fields: Record<string, number[]>, from: number, to?: number) =>
  Object.fromEntries(Object.entries(fields).map(([id, column]) => [id, column.slice(from, to)]));

test('no coarser row reaches across a restart, and gaps stay gaps', () => {
  const coarse = coarsen(
    [
      raw({
        t: [0, 10, 20, 30],
        fields: { usage: [8, 8, 1, 1], anon: [null, null, null, 4] },
        events: [{ t: 20, type: 'restart' }],
      }),
    ],
    60,
  );
  assert.deepEqual(coarse.t, [0, 20]);
  assert.deepEqual(coarse.fields, { usage: [8, 1], anon: [null, 4] });
  assert.deepEqual(coarse.events, [{ t: 20, type: 'restart' }]);
});

test('three weeks through the real store: all tiers, the budget never exceeded, nothing doubled, and a restart reads the same', {
  timeout: 300_000,
}, async (t) => {
  const dir = folder(t);
  const options = { dir, maxDiskBytes: 4 << 20, everyS: 60, log: { warn: (_: object, message: string) => assert.fail(message) } };
  const store = await openStore(options);
  const history = await store.load('jvm');
  const days = 21;
  const every = 60;
  const spikeAt = 10_000;
  const start = 1_700_000_000;
  let most = 0;
  for (let i = 0; i * every < days * 86400; i++) {
    const values: Record<string, number> = { usage: 1e9 + i * 100 + (i === spikeAt ? 5e8 : 0), heap_used: 1e8 + (i % 20) * 1e6 };
    for (let f = 0; f < 10; f++)
      values[
        ['anon', 'file', 'shmem', 'slab', 'kernel', 'pgfault', 'threads', 'active_file', 'inactive_file', 'working_set'][f]!
      ] = 1e6 * f + (i % 7);
    history.append({ atMs: (start + i * every) * 1000, epoch: 'a', values, limitBytes: 2e9, heapMaxBytes: 'max', failures: [] });
    await store.save('jvm');
    if (i % 250 === 0) most = Math.max(most, bytesIn(dir));
  }
  await store.close();
  assert.ok(most <= options.maxDiskBytes, `${most} bytes`);
  const names = readdirSync(join(dir, 'jvm'));
  for (const tier of [/^\d+\.json$/, /\.1m\.json$/, /\.15m\.json$/, /\.2h\.json$/])
    assert.ok(
      names.some((name) => tier.test(name)),
      `${tier}: ${names.length} files`,
    );
  assert.ok(names.length < 200, `${names.length} files`);

  const again = await openStore(options);
  const reread = await again.load('jvm');
  const { t: times, fields } = reread.series(ALL);
  const spikeS = start + spikeAt * every;
  const segments = names.map((name) => readSegmentText(readFileSync(join(dir, 'jvm', name), 'utf8')));
  for (const aroundS of [3600, 2 * 86_400]) {
    const query = { ...ALL, fields: ['usage'], fromS: spikeS - aroundS, toS: spikeS + aroundS, points: 40 };
    const { t: points } = reread.series(query);
    const { min, max, segments: read } = await again.envelope('jvm', query);
    assert.ok(points.length <= 40 && max.usage!.length === points.length);
    const seen = max.usage!.filter((v) => v !== null && v > 1.5e9);
    assert.equal(seen.length, 1, `the spike of one minute is in one point of those ${aroundS} s about it`);
    assert.ok(min.usage!.every((v, i) => v !== null && v < 1.5e9 && v <= max.usage![i]!));
    const ofTheSpan = segments.filter((s) => (s.until ?? s.t.at(-1)!) >= points[0]! && s.t[0]! <= points.at(-1)!);
    assert.equal(read, ofTheSpan.length, 'segments of the span are read, and no others');
    // Four days of 21 at most.
    assert.ok(read < segments.length / 5, `${read} of ${segments.length} segments`);
  }
  await again.close();
  assert.ok(times[0]! - start < 7200, 'the first day is still there');
  assert.equal(times.at(-1), history.lastS);
  const usage = fields.get('usage')!;
  for (const [i, at] of times.entries()) {
    assert.ok(i === 0 || at > times[i - 1]!, `row ${i} does not come after the one before`);
    // A coarse row has the mean of its span and the time of its first sample: above the line by half of its span at most.
    const line = 1e9 + ((at - start) / every) * 100;
    const spike = at <= spikeS && spikeS < at + 7200;
    if (!spike)
      assert.ok(usage[i]! >= line - 1 && usage[i]! <= line + (7200 / every) * 100, `${usage[i]} at ${at}, line ${line}`);
  }
  const kept = names
    .filter((n) => n.endsWith('.2h.json') || n.endsWith('.15m.json'))
    .map((n) => readSegmentText(readFileSync(join(dir, 'jvm', n), 'utf8')));
  assert.ok(
    kept.some((s) => s.max.usage?.some((v) => v !== null && v > 1.5e9)),
    'the spike of one minute is still known',
  );
});
const bytesIn = (dir: string): number =>
  readdirSync(dir, { recursive: true, encoding: 'utf8' }).reduce(
    (sum, name) => sum + (statSync(join(dir, name), { throwIfNoEntry: false })?.size ?? 0),
    0,
  );

test('a kill between the coarser segment and the removal of the finer ones doubles nothing', async (t) => {
  const dir = folder(t);
  const log = { warn: (_: object, message: string) => assert.fail(message) };
  const options = { dir, maxDiskBytes: 64 << 20, everyS: 10, log };
  mkdirSync(join(dir, 'jvm'));
  const fine = raw({ t: [100, 110, 120], fields: { usage: [1, 2, 3] } });
  writeFileSync(join(dir, 'jvm/100000.json'), segmentText(fine));
  writeFileSync(join(dir, 'jvm/100000.1m.json'), segmentText(coarsen([fine], 60)));
  const store = await openStore(options);
  const { t: times } = (await store.load('jvm')).series(ALL);
  assert.deepEqual([...times], [100, 120]);
  assert.deepEqual(readdirSync(join(dir, 'jvm')).sort(), ['100000.1m.json']);
  await store.close();
});

test('whichever bit is flipped and wherever it is cut, a segment is set aside, never read as another', () => {
  const text = segmentText(raw({ t: [1, 2.5, 3], fields: { usage: [10, null, 1e9] }, events: [{ t: 2.5, type: 'restart' }] }));
  const whole = Buffer.from(text);
  assert.deepEqual(readSegmentText(text).fields.usage, [10, null, 1e9]);
  for (let bit = 0; bit < (whole.length - 1) * 8; bit++) {
    const flipped = Buffer.from(whole);
    flipped[bit >> 3]! ^= 1 << (bit & 7);
    assert.throws(() => readSegmentText(flipped.toString('utf8')), `bit ${bit} of ${text}`);
  }
  for (let length = 0; length < whole.length - 1; length++) assert.throws(() => readSegmentText(text.slice(0, length)));
});

test('a segment of the first schema is read; one of a later is set aside and named', () => {
  const { step, until, min, max, ...old } = raw({ t: [5], fields: { usage: [7] } });
  const v1 = { ...old, schema: 'memhound.history/1' };
  assert.deepEqual(readSegmentText(JSON.stringify(v1)), raw({ t: [5], fields: { usage: [7] } }));
  assert.throws(
    () => readSegmentText(JSON.stringify({ ...old, schema: 'memhound.history/3' })),
    /expected schema memhound.history\/1 or 2/,
  );
  assert.deepEqual([step, until, min, max], [0, null, {}, {}]);
});

test('no row is ever older than --keep, on disk or in memory', async (t) => {
  const dir = folder(t);
  const log = { warn: (_: object, message: string) => assert.fail(message) };
  const keepS = 7200;
  const store = await openStore({ dir, maxDiskBytes: 64 << 20, keepS, everyS: 10, log });
  const history = await store.load('jvm');
  for (let s = 10; s <= 20_000; s += 10) {
    history.append({ atMs: s * 1000, epoch: 'a', values: { usage: s }, limitBytes: 1, heapMaxBytes: null, failures: [] });
    await store.save('jvm');
    if (s % 1000 !== 0) continue;
    const oldest = Math.min(...readdirSync(join(dir, 'jvm')).map((name) => Number.parseInt(name, 10) / 1000));
    assert.ok(s - oldest <= keepS, `${s - oldest} s on disk at ${s}`);
    assert.ok(s - history.series(ALL).t[0]! <= keepS, `in memory at ${s}`);
  }
  await store.close();
});
