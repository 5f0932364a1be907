import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
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

test('a coarser row has the mean (the minimum of the heap), and the spike and the dip as maximum and minimum', () => {
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

test('no coarser row crosses a restart, and gaps remain gaps', () => {
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

test('a kill after the coarser segment is written and before the finer ones are removed doubles no row', async (t) => {
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

test('a segment with any bit flipped, or cut at any place, is renamed and never read', () => {
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

test('a segment of schema 1 is read; one of a later schema is renamed, and the log names it', () => {
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
    if (s % 50 !== 0) continue;
    await store.save('jvm');
    if (s % 1000 !== 0) continue;
    const oldest = Math.min(...readdirSync(join(dir, 'jvm')).map((name) => Number.parseInt(name, 10) / 1000));
    assert.ok(s - oldest <= keepS, `${s - oldest} s on disk at ${s}`);
    assert.ok(s - history.series(ALL).t[0]! <= keepS, `in memory at ${s}`);
  }
  await store.close();
});
