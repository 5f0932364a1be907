import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diskGrowths, grownFiles } from '../../../../src/diagnosis/growth/file-growth.ts';
import type { GrowthCause } from '../../../../src/fields.ts';
import type { FileTrack, Series } from '../../../../src/history/series.ts';
import { fileTrack } from '../../../support/file-track.ts';
import { causeShare, fieldTrend, ruleContext } from '../../../support/rule-context.ts';

const DISK = { kind: 'disk', freeBytes: 1e9, totalBytes: 1e12 } as const;
const TMPFS = { kind: 'tmpfs', freeBytes: 1e9, totalBytes: 2e9 } as const;
const track = (path: string, bytes: readonly number[], over: Parameters<typeof fileTrack>[2] = {}) =>
  fileTrack(path, bytes, { fileSystem: DISK, ...over });
const group = (path: string, bytes: readonly number[], files: number, over: Parameters<typeof fileTrack>[2] = {}) =>
  track(path, bytes, { kind: 'folder', files, ...over });

interface Given {
  readonly cause?: 'page-cache' | 'shmem';
  readonly trend?: GrowthCause;
  readonly windowS?: number;
  readonly shmem?: readonly number[] | null;
}

/** The names of what grew, where the cgroup's page cache (or shmem) went through these bytes at the times of the tracks. */
function namesOf(files: readonly FileTrack[], sum: readonly number[], given: Given = {}): string[] {
  const { cause = 'page-cache', trend = cause, windowS = 1e9, shmem = sum.map(() => 0) } = given;
  const t = files[0]?.t ?? new Float64Array(sum.length);
  const whole = Float64Array.from(sum);
  const fields: Series['fields'] = new Map(
    cause === 'shmem'
      ? [['shmem', whole]]
      : [['file', whole], ...(shmem === null ? [] : [['shmem', Float64Array.from(shmem)] as const])],
  );
  const field = cause === 'shmem' ? 'shmem' : 'file';
  const rows = grownFiles(
    { ...ruleContext().series, t, fields, files },
    { causes: [causeShare(trend, 100)], fields: { [field]: { ...fieldTrend('growing', 100), windowSeconds: windowS } } },
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

test('where any program writes, folders that differ in a number are named by their stem, and others by the folder that holds them', () => {
  const starts = (parent: string) => [1, 2, 3].map((n) => group(`${parent}app-cache-${n}/`, [0, 30, 60], 20));
  const other = track('/tmp/x.bin', [0, 5, 10]);
  assert.deepEqual(namesOf([...starts('/tmp/'), other], [0, 95, 190]), ['/tmp/app-cache-*/']);
  assert.deepEqual(namesOf([...starts('/tmp/'), track('/tmp/x.bin', [0, 50, 100])], [0, 140, 280]), ['/tmp/']);
  assert.deepEqual(namesOf(starts('/data/'), [0, 90, 180]), ['/data/']);
});

test('two folders that have nearly all of the growth are both named, and not the one that holds them', () => {
  const uploads = group('/data/uploads/*.part', [0, 30, 60], 20);
  const letters = group('/data/dlq/msg-*.json', [0, 24, 48], 20);
  assert.deepEqual(namesOf([letters, uploads], [0, 54, 108]), ['/data/uploads/', '/data/dlq/']);
  assert.deepEqual(namesOf([uploads, track('/data/app.log', [0, 20, 40])], [0, 50, 100]), ['/data/uploads/', '/data/app.log']);
  const tenants = ['/data/a', '/data/b'].flatMap((one) => [
    track(`${one}/in/x`, [0, 20, 40]),
    track(`${one}/out/y`, [0, 19, 38]),
  ]);
  assert.deepEqual(namesOf(tenants, [0, 78, 156]), ['/data/a/', '/data/b/'], 'no two of each of them');
  const third = track('/data/x/y.log', [0, 20, 40]);
  assert.deepEqual(namesOf([letters, uploads, third], [0, 74, 148]), ['/data/'], 'three are called by what holds them');
  const builds = [track('/data/1/log', [0, 60, 60, 60, 60, 60]), track('/data/2/log', [0, 0, 15, 30, 45, 60])];
  assert.deepEqual(namesOf(builds, [0, 60, 75, 90, 105, 120]), ['/data/'], 'one folder after another');
  assert.deepEqual(namesOf([track('/data/a.log', [0, 50]), track('/data/b.log', [0, 50])], [0, 100]), ['/data/']);
});

test('a group that fills its folder is called by the folder, one among others, or in a folder of all programs, by its own name', () => {
  assert.deepEqual(namesOf([group('/data/topic/*.log', [0, 50, 100], 30)], [0, 50, 100]), ['/data/topic/']);
  const uploads = group('/tmp/upload_*.tmp', [0, 50, 100], 30);
  assert.deepEqual(namesOf([uploads, track('/tmp/hsperf', [1, 1, 1])], [1, 51, 101]), ['/tmp/upload_*.tmp']);
  assert.deepEqual(namesOf([group('/tmp/*.tmp', [0, 50, 100], 30)], [0, 50, 100]), ['/tmp/'], 'ids tell nothing');
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

test('a folder beside a few other files is named by itself, and a group right below the root by its own name', () => {
  const topic = ['1', '2', '3', '4', '5'].map((name) => track(`/data/topic/${name}.log`, [0, 20, 40]));
  const lock = track('/data/lock', [1, 1, 1]);
  assert.deepEqual(namesOf([lock, ...topic], [1, 101, 201]), ['/data/topic/']);
  assert.deepEqual(namesOf([group('/core.*', [0, 50, 100], 9)], [0, 50, 100]), ['/core.*']);
});

test('a group of which one file is left is named by that file', () => {
  const left = track('/data/seg-9.log', [0, 50, 100]);
  assert.deepEqual(namesOf([group('/data/seg-*.log', [0, 50, 100], 1, { members: [left] })], [0, 50, 100]), ['/data/seg-9.log']);
});

test('a file alone in its folder is named, also if it has just become smaller', () =>
  assert.deepEqual(namesOf([track('/log/app/x.log', [0, 90, 110, 100])], [0, 90, 110, 100]), ['/log/app/x.log']));

test('places that have nothing in common but the root are named one by one, at most three, the largest first', () => {
  const [small, large] = [track('/b/y', [0, 50, 100]), track('/a/x', [0, 60, 120])];
  assert.deepEqual(namesOf([track('/c/z', [0, 1, 2]), small, large], [0, 111, 222]), ['/a/x', '/b/y']);
  const four = [1, 2, 3, 4].map((n) => track(`/data${n}/x`, [0, 10, 30 - n]));
  assert.deepEqual(namesOf(four, [0, 40, 120]), ['/data1/x', '/data2/x', '/data3/x']);
});

test('length is no evidence: a preallocated file is named by the pages that it holds, and a sparse one is not', () => {
  const journal = track('/data/journal', [1000, 1000, 1000], { resident: [0, 50, 100] });
  const sparse = track('/data/holes', [5, 5, 5], { size: [0, 500, 1000] });
  assert.deepEqual(namesOf([journal, sparse], [2005, 2055, 2105]), ['/data/journal']);
});

test('where residency is not known, a file counts with what it has allocated, or else with its length', () => {
  const unknown = [0, 0, 0].map(() => Number.NaN);
  assert.deepEqual(namesOf([track('/log/x', [0, 50, 100], { resident: unknown })], [2000, 2050, 2100]), ['/log/x']);
  const length = track('/log/y', unknown, { resident: unknown, size: [0, 50, 100] });
  assert.deepEqual(namesOf([length], [2000, 2050, 2100]), ['/log/y']);
});

test('files have names only for the cause that they explain', () =>
  assert.deepEqual(namesOf([track('/log/x', [0, 50, 100])], [0, 50, 100], { trend: 'heap' }), []));

test('only growth within the trend counts, and at least that of twelve scans', () => {
  const scans = Array.from({ length: 24 }, (_, i) => i);
  for (const [cause, fileSystem] of [
    ['page-cache', DISK],
    ['shmem', TMPFS],
  ] as const) {
    const before = scans.map((i) => Math.min(i, 4) * 250);
    const within = scans.map((i) => Math.max(0, i - 6) * 10);
    const files = [track('/before', before, { fileSystem }), track('/within', within, { fileSystem })];
    const sum = scans.map((i) => before[i]! + within[i]!);
    assert.deepEqual(namesOf(files, sum, { cause, windowS: 18 * 1800 }), ['/within']);
    assert.deepEqual(namesOf(files, sum, { cause, windowS: 23 * 1800 }), ['/before']);
  }
  const lately = track(
    '/lately',
    scans.map((i) => (i === 23 ? 20 : 0)),
  );
  const earlier = track(
    '/earlier',
    scans.map((i) => (i > 16 ? 100 : 0)),
  );
  const sum = scans.map((i) => lately.sizeBytes[i]! + earlier.sizeBytes[i]!);
  assert.deepEqual(namesOf([lately, earlier], sum, { windowS: 1800 }), ['/earlier']);
});

test('where the sum did not rise meanwhile, the pace of its trend says how much there is to explain', () => {
  assert.deepEqual(namesOf([track('/log/x', [0, 15, 30])], [100, 100, 100]), []);
  assert.deepEqual(namesOf([track('/log/x', [0, 25, 50])], [100, 100, 100]), ['/log/x']);
});

test('one scan shows no growth', () => assert.deepEqual(namesOf([track('/log/x', [50])], [100]), []));

test('page cache is the file memory without shared memory, which not each series has', () => {
  const file = track('/log/x', [0, 20, 45]);
  assert.deepEqual(namesOf([file], [1000, 1500, 2100], { shmem: [1000, 1450, 2000] }), ['/log/x']);
  assert.deepEqual(namesOf([file], [1000, 1500, 2100], { shmem: null }), []);
  assert.deepEqual(namesOf([file], [1000, 1050, 1100], { shmem: null }), ['/log/x']);
});

test('where the newest sum is a gap, the one before it counts; where the first is, the one after it', () => {
  for (const sum of [
    [0, 200, Number.NaN],
    [Number.NaN, 0, 200],
  ]) {
    assert.deepEqual(namesOf([track('/log/x', [0, 20, 41])], sum), []);
    assert.deepEqual(namesOf([track('/log/x', [0, 40, 81])], sum), ['/log/x']);
  }
});

test('pages that another container read count only as far as the cgroup has room for them beside its own', () => {
  const shared = track('/data/shared.bin', [0, 500, 1000], { openBy: [] });
  assert.deepEqual(namesOf([shared, track('/log/app.log', [0, 45, 90])], [0, 50, 100]), ['/log/app.log']);
});

test('a file whose file system is not known is taken to lie on disk', () =>
  assert.deepEqual(namesOf([track('/log/x', [0, 50, 100], { fileSystem: null })], [0, 50, 100]), ['/log/x']));

test('no file is named where the resident bytes in sight do not explain the growth', () => {
  const slow = track('/tmp/a.log', [0, 10, 20]);
  assert.deepEqual(namesOf([slow], [1000, 1030, 1060]), []);
  assert.deepEqual(namesOf([slow], [1000, 1025, 1050]), ['/tmp/a.log']);
  assert.deepEqual(namesOf([], [0, 50, 100]), []);
});

test('files that were cached before they were found explain a cache that they fill', () => {
  const unknown = track('/data/new', [Number.NaN, Number.NaN, Number.NaN]);
  assert.deepEqual(namesOf([unknown, track('/data/store/x', [90, 90, 90])], [0, 50, 100]), ['/data/store/x']);
  assert.deepEqual(namesOf([track('/data/store/x', [50, 50, 50])], [100, 125, 150]), [], 'not one of which they are a third');
  assert.deepEqual(namesOf([track('/data/store/x', [900, 900, 900], { resident: [10, 10, 10] })], [0, 50, 100]), []);
  const shared = track('/b/shared.bin', [1000, 1000, 1000], { openBy: [] });
  assert.deepEqual(namesOf([track('/a/app.log', [90, 90, 90]), shared], [0, 50, 100]), ['/a/app.log']);
});

test('a file of a group that holds nearly all that was cached before is named by itself', () => {
  const one = track('/data/seg-1.log', [95, 95, 95]);
  assert.deepEqual(namesOf([group('/data/seg-*.log', [100, 100, 100], 3, { members: [one] })], [0, 60, 120]), [
    '/data/seg-1.log',
  ]);
});

test('libraries, whose pages other containers map too, are named only where nothing else explains the growth', () => {
  const library = track('/usr/lib/jvm/lib/modules', [0, 60, 120]);
  assert.deepEqual(namesOf([library, track('/data/x', [0, 40, 80])], [0, 40, 80]), ['/data/x']);
  assert.deepEqual(namesOf([library], [0, 40, 80]), ['/usr/lib/jvm/lib/modules']);
  const before = track('/usr/lib/jvm/lib/modules', [90, 90, 90]);
  assert.deepEqual(namesOf([before], [0, 50, 100]), [], 'but not if they were cached before');
});

test('shared memory is of files in tmpfs, page cache of the others; files that may not be queried have no name', () => {
  const shm = track('/dev/shm/q', [0, 50, 100], { fileSystem: TMPFS });
  const disk = track('/data/q', [0, 50, 100]);
  const unqueried = track('', [0, 50, 100], { kind: 'unqueried' });
  assert.deepEqual(namesOf([shm, disk, unqueried], [0, 50, 100], { cause: 'shmem' }), ['/dev/shm/q']);
  assert.deepEqual(namesOf([shm, disk, unqueried], [0, 50, 100]), ['/data/q']);
  assert.deepEqual(namesOf([unqueried], [0, 50, 100]), []);
});

const hours = (files: readonly FileTrack[]) =>
  diskGrowths(files).map((d) => [d.files.map(({ path }) => path), Math.round(d.bytesPerHour), d.usedBytes]);

test('a disk is filled by all files on it together', () => {
  const parts = [track('/data/a/1', [0, 10, 20, 30]), track('/data/b/2', [0, 5, 10, 15]), track('/app/x', [9, 9, 9, 9])];
  assert.deepEqual(hours(parts), [[['/data/a/1', '/data/b/2'], 30, 45]]);
  const other = track('/logs/z', [0, 4, 8, 12], { fileSystem: { ...DISK, totalBytes: 5e11 } });
  assert.deepEqual(
    hours([...parts, other]).map(([, perHour]) => perHour),
    [30, 8],
  );
});

test('a folder of the system of which a walk finds more and more fills no disk, unless the container writes there', () => {
  const found = (isOwn: boolean) => hours([group('/usr/share/app/', [0, 10, 20, 30], 900, { isOwn, writtenFiles: 0 })]);
  assert.deepEqual([found(false), found(true)], [[], [[['/usr/share/app/'], 20, 30]]]);
});

test('what fills a disk is measured by allocated bytes, whatever of them is in memory', () =>
  assert.deepEqual(hours([track('/data/x', [0, 10, 20, 30], { resident: [5, 5, 5, 5] })]), [[['/data/x'], 20, 30]]));

test('the file with nearly all of the growth is named, but a full segment is not', () => {
  const [log, other] = [track('/log/app.log', [0, 100, 200, 300]), track('/data/x', [0, 1, 2, 3])];
  assert.deepEqual(hours([other, log]), [[['/log/app.log'], 202, 303]]);
  const [data, dump] = [track('/data/x', [0, 100, 200, 300]), track('/dump/y', [0, 90, 180, 270])];
  assert.deepEqual(hours([data, dump])[0]?.[0], ['/data/x', '/dump/y']);
  const full = track('/data/seg-1.log', [0, 90, 90, 90, 90, 90]);
  const segments = group('/data/seg-*.log', [0, 90, 92, 95, 98, 101], 2, { members: [full] });
  assert.deepEqual(hours([segments])[0]?.[0], ['/data/']);
});

test('files that are all too new for a pace of their own fill a disk together', () => {
  const gap = Number.NaN;
  const files = [
    track('/a/1', [10, 10, 10, 10, 10]),
    track('/b/2', [gap, gap, 10, 10, 10]),
    track('/c/3', [gap, gap, gap, 10, 12]),
    track('/d/4', [gap, gap, gap, gap, 14]),
  ];
  assert.deepEqual(hours(files), [[['/d/4', '/c/3', '/b/2'], 18, 46]]);
});

test('a heap dump beside a log fills no disk, and the log does by its own pace', () => {
  const dump = track('/tmp/heap.hprof', [Number.NaN, 900, 900, 900, 900, 900]);
  assert.deepEqual(hours([track('/app/x', [9, 9, 9, 9, 9, 9]), dump]), []);
  const log = track('/log/app.log', [0, 2, 4, 6, 8, 10]);
  assert.deepEqual(hours([log, dump]), [[['/log/app.log'], 4, 10]]);
});

test('files whose file system is not known fill none', () =>
  assert.deepEqual(hours([track('/data/x', [0, 10, 20, 30], { fileSystem: null })]), []));

test('a rotation with a bound fills no disk', () => {
  assert.deepEqual(hours([track('/a.log', [0, 50, 0, 50, 0, 50, 20])]), []);
  const rotated = group('/log/app.log*', [10, 50, 60, 100], 2, { members: [track('/log/app.log', [10, 50, 10, 50])] });
  assert.deepEqual(hours([rotated]), [], 'how many old ones are kept is not known after one rotation');
  const kept = group('/log/app.log*', [50, 60, 100, 110, 150, 160, 200, 210], 5, {
    members: [track('/log/app.log', [50, 10, 50, 10, 50, 10, 50, 60])],
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
  assert.deepEqual(hours([journal(40)]), [], 'nor does one that is full now');
  assert.equal(hours([journal(6000)]).length, 1);
  const sparse = track('/data/sparse', [10, 20, 30, 40], { size: [100, 200, 300, 400] });
  assert.equal(hours([sparse]).length, 1, 'one whose length grows as well may fill it');
  const kept = track('/data/kept', [10, 20, 30, 40], { size: [5, 5, 5, 5] });
  assert.equal(hours([kept]).length, 1, 'and so may one that allocates beyond its length');
});

test('files whose disk does not lose free space do not fill it, whatever a neighbour frees at once', () => {
  const bytes = [0, 10, 20, 30, 40, 50, 60, 70, 80];
  const free = (values: readonly number[]) => Float64Array.from(values);
  const still = track('/data/x', bytes, { freeBytes: free(bytes.map(() => 500)) });
  assert.deepEqual(hours([still]), []);
  assert.deepEqual(hours([track('/data/y', bytes), still]), [], 'by the file that knows the free space');
  const barely = track('/data/x', bytes, { freeBytes: free(bytes.map((_, i) => 500 - i)) });
  assert.deepEqual(hours([barely]), []);
  const taken = bytes.map((b, i) => 500 - b + (i >= 4 ? 300 : 0));
  assert.equal(hours([track('/data/x', bytes, { freeBytes: free(taken) })]).length, 1);
});

test('free space is compared where files grow and it is known, in eight parts of the time', () => {
  const late = [0, 0, 0, 0, 0, 0, 10, 20, 30, 40];
  const rising = Float64Array.of(100, 110, 120, 130, 140, 150, 140, 130, 120, 110);
  assert.equal(hours([track('/data/x', late, { freeBytes: rising })]).length, 1);
  const bytes = Array.from({ length: 25 }, (_, i) => 10 * i);
  const gap = Float64Array.from(bytes, (b, i) => (i < 15 ? Number.NaN : 500 - b));
  assert.equal(hours([track('/data/x', bytes, { freeBytes: gap })]).length, 1);
  const unsteady = Float64Array.from(bytes, (_, i) => 900 - 20 * Math.floor(i / 3) - [0, 40, 30][i % 3]!);
  assert.equal(hours([track('/data/x', bytes, { freeBytes: unsteady })]).length, 1);
});

test('a burst that has ended fills no disk', () =>
  assert.deepEqual(hours([track('/data/x', [0, 80, 90, 90, 90, 90, 90, 90])]), []));

test('files of the system that only others may have read are not named, though their pages fill the node', () => {
  const usr = group('/usr/bin/', [0, 100, 200], 700, { openFiles: 0, writtenFiles: 0, openBy: [] });
  assert.deepEqual(namesOf([usr], [50, 150, 250]), []);
  const own = group('/usr/bin/', [0, 100, 200], 700, { openFiles: 0, writtenFiles: 0, openBy: [], isOwn: true });
  assert.deepEqual(namesOf([own], [50, 150, 250]), ['/usr/bin/']);
});

test('files of a tmpfs that nobody of this container has open are not taken for memory that it shares', () => {
  const closed = { fileSystem: TMPFS, openFiles: 0, writtenFiles: 0, openBy: [] };
  const given = { cause: 'shmem' } as const;
  assert.deepEqual(namesOf([group('/dev/shm/psm*', [200, 200, 200], 203, closed)], [50, 120, 200], given), []);
});

test('files that this container reads are named, though the node has read more of the system than this container has cache', () => {
  const closed = { openFiles: 0, writtenFiles: 0, openBy: [] };
  const usr = group('/usr/bin/', [600, 610, 620], 700, closed);
  const read = group('/data/logs/l*.log', [0, 100, 200], 9, closed);
  assert.deepEqual(namesOf([usr, read], [50, 150, 250]), ['/data/logs/']);
});
