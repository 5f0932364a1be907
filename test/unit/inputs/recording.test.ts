import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseRecording } from '../../../src/inputs/recording.ts';

/** A recording of two lines, with one file behind the page cache. */
const withFile = (given: object): string => [1_764_000_000, 1_764_000_010].map((t) => line(t, given)).join('\n');
const line = (t: number, given: object): string =>
  JSON.stringify({
    t,
    meta: {},
    files: { 'memory.current': '1000', 'memory.stat': 'anon 600\nfile 400\n', 'memory.max': 'max' },
    openFiles: [{ path: '/data/a.log', method: 'cachestat', openBy: [], sizeBytes: 400, residentBytes: 400, ...given }],
  });

test('a recording of an earlier version, whose files have no file system, has its files with none', () => {
  const [file] = parseRecording(withFile({})).series.files;
  assert.deepEqual([file?.path, file?.fileSystem, file?.kind, file?.files], ['/data/a.log', null, 'file', 1]);
});

test('a file system whose sizes are no sizes is refused with the line', () => {
  assert.throws(() => parseRecording(withFile({ fileSystem: { freeBytes: -1, totalBytes: 10 } })), /line 1: openFiles/);
});
