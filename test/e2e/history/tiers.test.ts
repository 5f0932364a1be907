import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readSegmentText } from '../../../src/history/store/segment-text.ts';
import { openStore } from '../../../src/history/store/store.ts';

const ALL = { fields: null, fromS: null, toS: null, points: null, epoch: 'all' } as const;
const ROWS_PER_SAVE = 10;

test('three weeks through the real store: all tiers, the budget never exceeded, nothing doubled, and a restart reads the same', {
  timeout: 300_000,
}, async (t) => {
  const dir = mkdtempSync(join(tmpdir(), 'memhound-tiers-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  const options = { dir, maxDiskBytes: 4 << 20, everyS: 60, log: { warn: (_: object, message: string) => assert.fail(message) } };
  const store = await openStore(options);
  const history = await store.load('jvm');
  const days = 21;
  const every = 60;
  const spikeAt = 10_000;
  const start = 1_700_000_000;
  let maxBytes = 0;
  for (let i = 0; i * every < days * 86400; i++) {
    const values: Record<string, number> = { usage: 1e9 + i * 100 + (i === spikeAt ? 5e8 : 0), heap_used: 1e8 + (i % 20) * 1e6 };
    for (let f = 0; f < 10; f++)
      values[
        ['anon', 'file', 'shmem', 'slab', 'kernel', 'pgfault', 'threads', 'active_file', 'inactive_file', 'working_set'][f]!
      ] = 1e6 * f + (i % 7);
    history.append({ atMs: (start + i * every) * 1000, epoch: 'a', values, limitBytes: 2e9, heapMaxBytes: 'max', failures: [] });
    // Segments end and merge at the same rows as with one save per row, with a tenth of the writes.
    if (i % ROWS_PER_SAVE === ROWS_PER_SAVE - 1) await store.save('jvm');
    if (i % 250 === 249) maxBytes = Math.max(maxBytes, bytesIn(dir));
  }
  await store.close();
  assert.ok(maxBytes <= options.maxDiskBytes, `${maxBytes} bytes`);
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
    const query = { ...ALL, fields: ['usage'] as const, fromS: spikeS - aroundS, toS: spikeS + aroundS, points: 40 };
    const { t: points } = reread.series(query);
    const { min, max, segments: read } = await again.envelope('jvm', query);
    assert.ok(points.length <= 40 && max.usage!.length === points.length);
    const seen = max.usage!.filter((v) => v !== null && v > 1.5e9);
    assert.equal(seen.length, 1, `the spike of one minute is in one point of those ${aroundS} s about it`);
    assert.ok(min.usage!.every((v, i) => v !== null && v < 1.5e9 && v <= max.usage![i]!));
    const ofTheSpan = segments.filter((s) => (s.until ?? s.t.at(-1)!) >= points[0]! && s.t[0]! <= points.at(-1)!);
    assert.equal(read, ofTheSpan.length, 'segments of the span are read, and no others');
    // At most four days of 21.
    assert.ok(read < segments.length / 5, `${read} of ${segments.length} segments`);
  }
  await again.close();
  assert.ok(times[0]! - start < 7200, 'the first day is still there');
  assert.equal(times.at(-1), history.lastS);
  const usage = fields.get('usage')!;
  for (const [i, at] of times.entries()) {
    assert.ok(i === 0 || at > times[i - 1]!, `row ${i} does not come after the one before`);
    // A coarse row has the mean of its span and the time of its first sample, so it is at most half a span above the line.
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
