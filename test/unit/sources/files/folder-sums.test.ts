import assert from 'node:assert/strict';
import type { Stats } from 'node:fs';
import { test } from 'node:test';
import { FolderSums } from '../../../../src/sources/files/folder-sums.ts';
import { KIB } from '../../../../src/units.ts';

const FIRST_SCAN_MS = 1000;
const BEFORE_MS = 500;

/** One file of so many KiB, all of it in memory, in a folder that is walked whole in this scan. */
function walk(sums: FolderSums, folder: string, kib: number, given: Walk): void {
  const { nowMs, mtimeMs = BEFORE_MS, bornMs = mtimeMs, dev = 1, ends = true } = given;
  const bytes = kib * KIB;
  sums.begin(folder, nowMs);
  const stat = { size: bytes, blocks: bytes / 512, mtimeMs, ctimeMs: mtimeMs, birthtimeMs: bornMs, dev } as Stats;
  const measured = { residentBytes: bytes, dirtyBytes: 0, residency: { state: 'known', method: 'fincore' } } as const;
  const fileSystem = { kind: 'disk', freeBytes: 1e9, totalBytes: 1e9 } as const;
  sums.add(folder, stat, { ...measured, fileSystem }, { weight: 1, isOwn: true });
  if (ends) sums.end(folder, false, nowMs);
}

interface Walk {
  readonly nowMs: number;
  readonly mtimeMs?: number;
  readonly bornMs?: number;
  readonly dev?: number;
  readonly ends?: boolean;
}

const rowsOf = (sums: FolderSums, nowMs: number) =>
  sums
    .rows({ nowMs, firstScanMs: FIRST_SCAN_MS, processStartMs: 0, fileSystemOf: () => null })
    .map(({ path, residentBytes, foundLate }) => [path, residentBytes! / KIB, (foundLate?.residentBytes ?? 0) / KIB]);

test('folders that are too small for a row count with the one above, and what was only found later is no growth of it', () => {
  const sums = new FolderSums();
  walk(sums, '/data', 100, { nowMs: FIRST_SCAN_MS });
  assert.deepEqual(rowsOf(sums, FIRST_SCAN_MS), [['/data/', 100, 100]]);
  walk(sums, '/data/a', 40, { nowMs: 2000 });
  walk(sums, '/data/b', 30, { nowMs: 2000, mtimeMs: 1500 });
  assert.deepEqual(rowsOf(sums, 2000), [['/data/', 170, 40]], 'a was written before the first scan, b after it');
  walk(sums, '/data/a', 50, { nowMs: 3000 });
  assert.deepEqual(rowsOf(sums, 3000), [['/data/', 180, 0]], 'it grew');
});

test('a folder whose files were unpacked after the first scan has grown, although each has the time of its original', () => {
  const sums = new FolderSums();
  walk(sums, '/data/build-7', 100, { nowMs: 2000, bornMs: 1500 });
  assert.deepEqual(rowsOf(sums, 2000), [['/data/build-7/', 100, 0]]);
});

test('a small folder whose walk goes on over several scans is found once', () => {
  const sums = new FolderSums();
  walk(sums, '/data', 100, { nowMs: FIRST_SCAN_MS });
  rowsOf(sums, FIRST_SCAN_MS);
  walk(sums, '/data/a', 40, { nowMs: 2000, ends: false });
  assert.deepEqual(rowsOf(sums, 2000), [['/data/', 140, 40]]);
  sums.end('/data/a', false, 3000);
  assert.deepEqual(rowsOf(sums, 3000), [['/data/', 140, 0]]);
});

test('small folders on another file system have a row of their own there, although the folder between has no files', () => {
  const sums = new FolderSums();
  walk(sums, '/data', 100, { nowMs: 1000 });
  sums.begin('/data/mnt', 1000);
  for (const name of ['a', 'b', 'c']) walk(sums, `/data/mnt/${name}`, 30, { nowMs: 1000, dev: 2 });
  const rows = rowsOf(sums, 1000).map(([path, resident]) => [path, resident]);
  assert.deepEqual(rows.sort(), [
    ['/data/', 100],
    ['/data/mnt/', 90],
  ]);
});
