import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diskGrowths, grownFiles } from '../../../../src/diagnosis/growth/file-growth.ts';
import type { FileTrack, Series } from '../../../../src/history/series.ts';
import { fileTrack } from '../../../support/file-track.ts';
import { causeShare, fieldTrend, ruleContext } from '../../../support/rule-context.ts';

const DISK = { kind: 'disk', freeBytes: 1e9, totalBytes: 1e12 } as const;
const TMPFS = { kind: 'tmpfs', freeBytes: 1e9, totalBytes: 2e9 } as const;
const track = (path: string, bytes: readonly number[], over: Parameters<typeof fileTrack>[2] = {}) =>
  fileTrack(path, bytes, { fileSystem: DISK, ...over });
const group = (path: string, bytes: readonly number[], files: number, over: Parameters<typeof fileTrack>[2] = {}) =>
  track(path, bytes, { kind: 'folder', files, ...over });

/** The names of what grew, where the cgroup's page cache went through these bytes at the times of the tracks. */
function namesOf(files: readonly FileTrack[], cache: readonly number[], cause: 'page-cache' | 'shmem' = 'page-cache'): string[] {
  const t = files[0]?.t ?? new Float64Array(cache.length);
  const column = Float64Array.from(cache);
  const fields: Series['fields'] = new Map([
    ['file', column],
    ['shmem', cause === 'shmem' ? column : column.map(() => 0)],
  ]);
  const rows = grownFiles(
    { ...ruleContext().series, t, fields, files },
    {
      causes: [causeShare(cause, 100)],
      fields: { [cause === 'shmem' ? 'shmem' : 'file']: { ...fieldTrend('growing', 100), windowSeconds: 1e9 } },
    },
  );
  return rows[cause].map(({ path }) => path);
}

test('a single file that holds the growth is named', () =>
  assert.deepEqual(namesOf([track('/log/app.log', [0, 50, 100]), track('/app/x.bin', [70, 70, 70])], [80, 130, 180]), [
    '/log/app.log',
  ]));

test('files of a folder that grow together are named by it, whatever stands still beside them', () => {
  const tenants = ['a', 'b', 'c'].map((name) => track(`/data/tenant-${name}/app.log`, [0, 30, 60]));
  assert.deepEqual(namesOf([...tenants, track('/var/old.bin', [500, 500, 500])], [500, 590, 680]), ['/data/']);
});

test('a group that fills its folder is called by the folder, one among others by its own name', () => {
  assert.deepEqual(namesOf([group('/data/topic/*.log', [0, 50, 100], 30)], [0, 50, 100]), ['/data/topic/']);
  const uploads = group('/tmp/upload_*.tmp', [0, 50, 100], 30);
  assert.deepEqual(namesOf([uploads, track('/tmp/hsperf', [1, 1, 1])], [1, 51, 101]), ['/tmp/']);
  assert.deepEqual(namesOf([uploads, group('/tmp/cache-*.bin', [9, 9, 9], 30)], [9, 59, 109]), ['/tmp/upload_*.tmp']);
});

test('one file of a group is named if it is the one that goes on growing', () => {
  const one = track('/data/tenant-7.log', [0, 50, 100]);
  assert.deepEqual(namesOf([group('/data/tenant-*.log', [40, 90, 140], 25, { members: [one] })], [40, 90, 140]), [
    '/data/tenant-7.log',
  ]);
  const full = track('/data/seg-1.log', [0, 90, 90, 90, 90, 90]);
  const segments = group('/data/seg-*.log', [0, 90, 92, 95, 98, 101], 2, { members: [full] });
  assert.deepEqual(namesOf([segments], [0, 90, 92, 95, 98, 101]), ['/data/']);
});

test('places that have nothing in common but the root are named one by one', () =>
  assert.deepEqual(namesOf([track('/a/x', [0, 60, 120]), track('/b/y', [0, 50, 100]), track('/c/z', [0, 1, 2])], [0, 111, 222]), [
    '/a/x',
    '/b/y',
  ]));

test('length is no evidence: a preallocated file is named by the pages that it holds, and a sparse one is not', () => {
  const journal = track('/data/journal', [1000, 1000, 1000], { resident: [0, 50, 100] });
  const sparse = track('/data/holes', [5, 5, 5], { size: [0, 500, 1000] });
  assert.deepEqual(namesOf([journal, sparse], [5, 55, 105]), ['/data/journal']);
});

test('no file is named where the resident bytes in sight do not explain the growth', () => {
  const slow = track('/tmp/a.log', [0, 10, 20]);
  assert.deepEqual(namesOf([slow], [1000, 1030, 1060]), []);
  assert.deepEqual(namesOf([slow], [1000, 1025, 1050]), ['/tmp/a.log']);
  assert.deepEqual(namesOf([], [0, 50, 100]), []);
});

test('files that were cached before they were found explain a cache that they fill', () =>
  assert.deepEqual(namesOf([track('/data/store/x', [90, 90, 90])], [0, 50, 100]), ['/data/store/x']));

test('libraries, whose pages other containers map too, are named only where nothing else explains the growth', () => {
  const library = track('/usr/lib/jvm/lib/modules', [0, 60, 120]);
  assert.deepEqual(namesOf([library, track('/data/x', [0, 40, 80])], [0, 40, 80]), ['/data/x']);
  assert.deepEqual(namesOf([library], [0, 40, 80]), ['/usr/lib/jvm/lib/modules']);
});

test('shared memory is of files in tmpfs, page cache of the others; files that may not be queried have no name', () => {
  const shm = track('/dev/shm/q', [0, 50, 100], { fileSystem: TMPFS });
  const disk = track('/data/q', [0, 50, 100]);
  const unqueried = track('', [0, 50, 100], { kind: 'unqueried' });
  assert.deepEqual(namesOf([shm, disk, unqueried], [0, 50, 100], 'shmem'), ['/dev/shm/q']);
  assert.deepEqual(namesOf([shm, disk, unqueried], [0, 50, 100]), ['/data/q']);
  assert.deepEqual(namesOf([unqueried], [0, 50, 100]), []);
});

const hours = (files: readonly FileTrack[]) =>
  diskGrowths(files).map((d) => [d.files.map(({ path }) => path), Math.round(d.bytesPerHour), d.usedBytes]);

test('a disk is filled by all files on it together', () => {
  const parts = [track('/data/a/1', [0, 10, 20, 30]), track('/data/b/2', [0, 5, 10, 15]), track('/app/x', [9, 9, 9, 9])];
  assert.deepEqual(hours(parts), [[['/data/'], 30, 45]]);
  const other = track('/logs/z', [0, 4, 8, 12], { fileSystem: { ...DISK, totalBytes: 5e11 } });
  assert.deepEqual(
    hours([...parts, other]).map(([, perHour]) => perHour),
    [30, 8],
  );
});

test('a rotation with a bound fills no disk', () => {
  assert.deepEqual(hours([track('/a.log', [0, 50, 0, 50, 0, 50, 20])]), []);
  const rotated = group('/log/app.log*', [10, 50, 60, 100], 2, { members: [track('/log/app.log', [10, 50, 10, 50])] });
  assert.deepEqual(hours([rotated]), [], 'how many old ones are kept is not known after one rotation');
  const kept = group('/log/app.log*', [50, 60, 100, 110, 150, 160, 200, 210], 5, {
    members: [track('/log/app.log', [50, 10, 50, 10, 50, 10, 50, 10])],
  });
  assert.equal(hours([kept]).length, 1, 'after three that kept all it is');
});

test('a mapped journal of fixed length fills no disk that has room for all of it', () => {
  const journal = (length: number) =>
    track('/data/journal', [10, 20, 30, 40], {
      size: [length, length, length, length],
      fileSystem: { ...DISK, freeBytes: 1000 },
    });
  assert.deepEqual(hours([journal(600)]), []);
  assert.equal(hours([journal(6000)]).length, 1);
});

test('files whose disk does not lose free space do not fill it, whatever a neighbour frees at once', () => {
  const bytes = [0, 10, 20, 30, 40, 50, 60, 70, 80];
  const free = (values: readonly number[]) => Float64Array.from(values);
  const still = track('/data/x', bytes, { freeBytes: free(bytes.map(() => 500)) });
  assert.deepEqual(hours([still]), []);
  const taken = bytes.map((b, i) => 500 - b + (i >= 4 ? 300 : 0));
  assert.equal(hours([track('/data/x', bytes, { freeBytes: free(taken) })]).length, 1);
});

test('a burst that has ended fills no disk', () =>
  assert.deepEqual(hours([track('/data/x', [0, 80, 90, 90, 90, 90, 90, 90])]), []));
