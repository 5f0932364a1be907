import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileRows, withChargedBytes } from '../../../src/diagnosis/file-rows.ts';
import type { FileTrack } from '../../../src/history/series.ts';
import { fileTrack } from '../../support/file-track.ts';
import { fileRow } from '../../support/rule-context.ts';

const track = (path: string, sizes: readonly number[], resident: readonly number[] = sizes, minutes = 30): FileTrack =>
  fileTrack(path, sizes, { resident, minutes });
const growth = (sizes: readonly number[], minutes?: number) =>
  fileRows([track('/a', sizes, sizes, minutes)])[0]?.growthBytesPerHour;

test('a row is the newest of its track', () => {
  assert.deepEqual(fileRows([track('/a', [1, 2, 4], [0, 1, 3])]), [
    {
      ...fileRow(),
      path: '/a',
      sizeBytes: 4,
      allocatedBytes: 4,
      residentBytes: 3,
      growthBytesPerHour: 3,
      residentGrowthBytesPerHour: 3,
    },
  ]);
});

test('growth is that of the bytes on disk: a sparse file grows by what it holds', () => {
  const [row] = fileRows([fileTrack('/sparse.log', [10, 10, 10, 10], { size: [100, 200, 300, 400] })]);
  assert.deepEqual([row?.sizeBytes, row?.allocatedBytes, row?.growthBytesPerHour], [400, 10, 0]);
});

test('a file that is truncated again and again grows by its peaks', () => {
  assert.equal(growth([0, 50, 0, 50, 0, 50, 0, 40]), 0);
  assert.equal(growth([0, 50, 0, 100, 0, 200, 220]), 80);
});

test('what the verdict names is one row; the others keep theirs', () => {
  const tracks = [track('/data/a/x.log', [1, 2, 4]), track('/data/b/x.log', [1, 2, 4]), track('/tmp/y', [9, 9, 9])];
  assert.deepEqual(
    fileRows(tracks, ['/data/']).map((f) => [f.path, f.kind, f.files, f.residentBytes, f.growthBytesPerHour]),
    [
      ['/tmp/y', 'file', 1, 9, 0],
      ['/data/', 'folder', 2, 8, 6],
    ],
  );
});

test('a file of a group that the verdict names has a row beside the rest of its group', () => {
  const group = fileTrack('/log/app.log*', [10, 20, 30], {
    kind: 'folder',
    files: 3,
    members: [fileTrack('/log/app.log', [1, 11, 21])],
  });
  assert.deepEqual(
    fileRows([group], ['/log/app.log']).map((f) => [f.path, f.files, f.residentBytes]),
    [
      ['/log/app.log', 1, 21],
      ['/log/app.log*', 2, 9],
    ],
  );
});

test('of a jar that other containers read too, no more is charged here than the container has page cache', () => {
  const jar = fileRow({ path: '/app/app.jar', residentBytes: 62_700_000, openBy: [] });
  const charged = (values: Record<string, number>) => withChargedBytes([jar], values)[0]?.chargedBytes;
  assert.equal(charged({ file: 36_864, shmem: 0 }), 36_864);
  assert.equal(charged({ file: 90_000_000, shmem: 0 }), 62_700_000);
  assert.equal(charged({}), null);
});

test('growth is the slope of the sizes by least squares, in bytes an hour', () => {
  assert.equal(growth([100, 150, 200, 250]), 100);
  assert.equal(growth([100, 150, 200, 250], 15), 200);
  assert.equal(growth([0, 30, 0 + 30, 60, 60]), 30);
  assert.equal(growth([7, 7, 7]), 0);
});

test('growth needs three sizes since the file last became smaller; gaps do not count', () => {
  assert.equal(growth([100, 150]), null);
  assert.equal(growth([]), null);
  assert.equal(growth([100, Number.NaN, 200]), null);
  assert.equal(growth([100, Number.NaN, 200, 250]), 100);
  assert.equal(growth([900, 950, 0, 50, 100]), 100);
  assert.equal(growth([0, 900, 10, 60]), null);
});

test('three sizes at one instant have no slope', () => assert.equal(growth([1, 2, 3], 0), null));

test('a gap in the newest sample is not filled with an old number', () => {
  const [row] = fileRows([track('/a', [1, Number.NaN], [1, Number.NaN])]);
  assert.deepEqual([row?.sizeBytes, row?.residentBytes], [null, null]);
  const [empty] = fileRows([track('/a', [])]);
  assert.deepEqual([empty?.sizeBytes, empty?.residentBytes], [null, null]);
});

test('rows are ordered by resident bytes, then by size; unknown values come last', () => {
  const order = (...tracks: FileTrack[]) => fileRows(tracks).map(({ path }) => path);
  const unknown = track('/unknown', [9], [Number.NaN]);
  assert.deepEqual(order(unknown, track('/none', [9], [0]), track('/most', [9], [9])), ['/most', '/none', '/unknown']);
  assert.deepEqual(order(track('/small', [3], [2]), track('/big', [8], [2])), ['/big', '/small']);
  assert.deepEqual(order(track('/no-size', [Number.NaN], [2]), track('/empty', [0], [2])), ['/empty', '/no-size']);
});
