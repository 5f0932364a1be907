import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fileRows } from '../../../src/diagnosis/file-rows.ts';
import type { FileTrack } from '../../../src/history/series.ts';
import { fileRow } from '../../support/rule-context.ts';

/** A file that was seen every half hour with these sizes. */
const track = (path: string, sizes: readonly number[], resident: readonly number[] = sizes, minutes = 30): FileTrack => {
  const { kind, files, openBy, deleted, residency, fileSystem } = fileRow();
  return {
    ...{ path, kind, files, openBy, deleted, residency, fileSystem },
    t: Float64Array.from(sizes, (_, i) => 1000 + i * minutes * 60),
    sizeBytes: Float64Array.from(sizes),
    residentBytes: Float64Array.from(resident),
  };
};
const growth = (sizes: readonly number[], minutes?: number) =>
  fileRows([track('/a', sizes, sizes, minutes)])[0]?.growthBytesPerHour;

test('a row is the newest of its track', () => {
  const { growthBytesPerHour: _, ...rest } = fileRow();
  assert.deepEqual(fileRows([track('/a', [1, 2, 4], [0, 1, 3])]), [
    { ...rest, path: '/a', sizeBytes: 4, residentBytes: 3, growthBytesPerHour: 3 },
  ]);
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
