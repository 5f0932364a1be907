import assert from 'node:assert/strict';
import { test } from 'node:test';
import { History } from '../../../src/history/history.ts';
import { toSeriesJson } from '../../../src/history/series-json.ts';
import type { Sample } from '../../../src/sample/types.ts';
import type { FileObservation } from '../../../src/sources/types.ts';

const sample = (s: number, values: Record<string, number>, epoch = 'a'): Sample => ({
  atMs: s * 1000,
  epoch,
  values,
  limitBytes: 1000,
  heapMaxBytes: null,
  failures: [],
});
const ALL = { fields: null, fromS: null, toS: null, points: null, epoch: 'all' } as const;

test('a field that a failed source left out is a gap, and a field that is added later has gaps before', () => {
  const h = new History();
  h.append(sample(10, { usage: 1 }));
  h.append(sample(20, { usage: 2, anon: 5 }));
  h.append(sample(30, { anon: 6 }));
  assert.deepEqual(toSeriesJson(h.series(ALL)).fields, { usage: [1, 2, null], anon: [null, 5, 6] });
});

test('a clock that stops or is set back adds no row with a repeated or an earlier time', () => {
  const h = new History();
  for (const s of [10, 20, 20, 5, 30]) h.append(sample(s, { usage: s }));
  assert.deepEqual([...h.series(ALL).t], [10, 20, 30]);
});

test('another epoch begins a new run, marked as a restart, and the current run begins there', () => {
  const h = new History();
  for (let s = 10; s <= 50; s += 10) h.append(sample(s, { usage: s }, s < 30 ? 'a' : 'b'));
  assert.deepEqual(h.events, [{ t: 30, type: 'restart' }]);
  assert.deepEqual([...h.series({ ...ALL, epoch: 'current' }).t], [30, 40, 50]);
  assert.equal(h.series(ALL).t.length, 5);
});

test('a pause between two runs is not the interval of the samples', () => {
  const h = new History();
  const intervalAt = (s: number, epoch: string): number => {
    h.append(sample(s, { usage: s }, epoch));
    return h.series(ALL).intervalS;
  };
  assert.deepEqual([intervalAt(10, 'a'), intervalAt(190, 'b'), intervalAt(200, 'b')], [10, 10, 10]);
  assert.deepEqual([intervalAt(230, 'b'), intervalAt(260, 'b')], [10, 30], 'memhound was started again with another interval');
});

test('a query for few points returns few, with the first and the newest', () => {
  const h = new History();
  for (let s = 1; s <= 1000; s++) h.append(sample(s, { usage: s }));
  const { t } = h.series({ ...ALL, points: 50 });
  assert.deepEqual([t.length, t[0], t[49]], [50, 1, 1000]);
  assert.deepEqual([...h.series({ ...ALL, fromS: 5, toS: 7 }).t], [5, 6, 7]);
});

test('two weeks of samples take few rows in order of time: the minimum of the heap, the mean of other fields', () => {
  const h = new History();
  const step = 10;
  const n = (14 * 86400) / step;
  for (let i = 0; i < n; i++) h.append(sample(1e6 + i * step, { usage: 1000, heap_used: 100 + (i % 6) * 100 }));
  const { t, fields } = h.series(ALL);
  assert.ok(h.length < 6500, String(h.length));
  for (let i = 1; i < t.length; i++) assert.ok(t[i]! > t[i - 1]!);
  assert.ok(fields.get('usage')!.every((v) => v === 1000));
  assert.equal(fields.get('heap_used')![0], 100);
  assert.equal(t[t.length - 1], 1e6 + (n - 1) * step);
});

test('a mean is rounded as on disk, so that a restart changes no row: to bytes and to milliseconds', () => {
  const h = new History();
  for (let i = 0; i < 3000; i++) h.append(sample(1e6 + i * 10, { usage: i % 2 === 0 ? 10 : 13, gc_seconds: (i % 2) / 1000 }));
  const { fields } = h.series(ALL);
  assert.deepEqual([fields.get('usage')![100], fields.get('gc_seconds')![100]], [12, 0.001]);
});

test('rows are never merged across a restart', () => {
  const h = new History();
  for (let i = 0; i < 3000; i++) h.append(sample(i * 10, { usage: i < 1001 ? 1 : 3 }, i < 1001 ? 'a' : 'b'));
  assert.ok(
    h
      .series(ALL)
      .fields.get('usage')!
      .every((v) => v === 1 || v === 3),
  );
});

test('a file that the newest scan did not see has no row, and the number of tracks is limited', () => {
  const h = new History();
  const file = (path: string, sizeBytes: number): FileObservation => ({
    kind: 'file',
    files: 1,
    path,
    openBy: [],
    deleted: false,
    residency: { state: 'known', method: 'fincore' },
    fileSystem: null,
    sizeBytes,
    residentBytes: null,
  });
  h.append(sample(1, { usage: 1 }));
  h.recordFiles(1000, [file('/a', 1), file('/b', 1)]);
  for (let i = 2; i < 2000; i++) h.recordFiles(i * 1000, [file('/b', i)]);
  const { files } = h.series(ALL);
  assert.deepEqual(
    files.map((f) => f.path),
    ['/b'],
  );
  assert.ok(files[0]!.t.length <= 361 && files[0]!.sizeBytes.at(-1) === 1999);
});

test('files that could not be queried have no path, and have one row for each reason', () => {
  const h = new History();
  const unqueried = (reason: string, files: number): FileObservation => ({
    kind: 'unqueried',
    files,
    path: '',
    openBy: [],
    deleted: false,
    residency: { state: 'unknown', reason },
    fileSystem: null,
    sizeBytes: files * 4096,
    residentBytes: null,
  });
  h.append(sample(1, { usage: 1 }));
  for (let i = 1; i <= 3; i++) h.recordFiles(i * 1000, [unqueried('owned by uid 0', 2 * i), unqueried('too large', i)]);
  const { files } = h.series(ALL);
  assert.deepEqual(
    files.map((f) => [f.residency, f.files, [...f.sizeBytes]]),
    [
      [{ state: 'unknown', reason: 'owned by uid 0' }, 6, [8192, 16_384, 24_576]],
      [{ state: 'unknown', reason: 'too large' }, 3, [4096, 8192, 12_288]],
    ],
  );
});

test('if the clock is set back by hours, earlier rows are moved, no row is doubled, and the next sample is stored at once', () => {
  const h = new History();
  for (let s = 10_000; s <= 10_100; s += 10) h.append(sample(s, { usage: s }, s < 10_050 ? 'a' : 'b'));
  for (let s = 2000; s <= 2050; s += 10) h.append(sample(s, { usage: s }, 'b'));
  const { t, fields } = h.series(ALL);
  assert.deepEqual([t.length, t[0], t.at(-7), t.at(-6), t.at(-1)], [17, 1890, 1990, 2000, 2050]);
  assert.deepEqual([fields.get('usage')![0], fields.get('usage')!.at(-7)], [10_000, 10_100]);
  assert.deepEqual(h.events, [{ t: 1940, type: 'restart' }]);
  assert.equal(h.epoch.startS, 1940);
});
