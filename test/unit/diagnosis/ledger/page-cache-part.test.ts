import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isHeapFile, pageCacheParts, tmpfsParts } from '../../../../src/diagnosis/ledger/page-cache-part.ts';
import type { LedgerPart } from '../../../../src/diagnosis/types.ts';
import type { FileReading } from '../../../../src/sources/types.ts';
import { MIB, MINUTE_MS } from '../../../../src/units.ts';
import { fileReading } from '../../../support/file-reading.ts';

const AT_MS = 60 * MINUTE_MS;
const AT = new Date(AT_MS).toISOString();
const KIB_64 = MIB / 16;

const written = { openBy: [{ pid: 1, fd: 3, mode: 'w' as const }] };
const tmpfs = { fileSystem: { kind: 'tmpfs' as const, freeBytes: 1, totalBytes: 2 } };
const names = (parts: readonly LedgerPart[]) => parts.map(({ name }) => name);
const by = (parts: readonly LedgerPart[], id: string): LedgerPart => parts.find((p) => p.id === id) ?? assert.fail(id);
const ids = (parts: readonly LedgerPart[]) => parts.map(({ id }) => id);

test('a heap in shared memory is known by the name of its file', () => {
  for (const path of [
    '/memfd:java_heap',
    '/memfd:java_heap (deleted)',
    '/dev/shm/java_heap',
    '/x/java_heap.12ab',
    '/x/java_heap.1 (deleted)',
  ])
    assert.ok(isHeapFile(fileReading(path, 1)), path);
  for (const path of ['/memfd:java_heaps', '/x/memfd:java_heap!', '/x/java_heap.log.gz', '/x/my_java_heap', '/x/java_heap.-'])
    assert.ok(!isHeapFile(fileReading(path, 1)), path);
});

test('files of disks are page cache, also where the file system is not known, and files of tmpfs are shared memory', () => {
  const files = [
    fileReading('/a', 4 * MIB),
    fileReading('/b', 3 * MIB, { fileSystem: null }),
    fileReading('/c', 2 * MIB, tmpfs),
    fileReading('/d', null),
  ];
  const cache = pageCacheParts(files, 7 * MIB, AT);
  assert.deepEqual(
    [names(cache), cache.map((p) => p.reclaimable)],
    [
      ['/a', '/b'],
      [true, true],
    ],
  );
  const shared = tmpfsParts(files, 2 * MIB, AT);
  assert.deepEqual([names(shared), shared[0]!.reclaimable], [['/c'], false]);
  const [, rest] = tmpfsParts(files, 5 * MIB, AT);
  assert.deepEqual([rest!.id, rest!.lowBytes, rest!.bytes, rest!.how, rest!.at], ['other-shmem', 0, 3 * MIB, 'derived', AT]);
  assert.deepEqual([pageCacheParts([], 0, AT), tmpfsParts([], 9, AT)], [[], []]);
});

test('a folder of which only a part was opened is estimated, within a tenth', () => {
  const [part] = pageCacheParts(
    [fileReading('/objects/', 40 * MIB, { kind: 'folder', files: 9000, isSampled: true })],
    80 * MIB,
    AT,
  );
  assert.deepEqual([part!.how, part!.lowBytes, part!.bytes, part!.highBytes], ['estimated', 36 * MIB, 40 * MIB, 44 * MIB]);
});

test('the largest part comes first, whatever it is', () => {
  const files = [fileReading('/a', MIB), fileReading('/b.so', 3 * MIB), fileReading('/c', 2 * MIB)];
  assert.deepEqual(ids(pageCacheParts(files, 10 * MIB, AT)), ['unseen-files', 'mapped-libraries', 'file', 'file']);
});

test('twenty files have a row of their own if they have 64 KiB and a thousandth of all; smaller ones are a sum', () => {
  // Names without a common stem, so that no group comes of them.
  const many = Array.from({ length: 24 }, (_, i) => fileReading(`/${String.fromCharCode(97 + i)}/data`, (i + 1) * MIB));
  const parts = pageCacheParts(many, 300 * MIB, AT);
  assert.equal(parts.filter(({ id }) => id === 'file').length, 20);
  const small = by(parts, 'small-files');
  assert.deepEqual([small.bytes, small.note, names(small.parts!)[0]], [10 * MIB, '4 files', '/d/data']);
  assert.deepEqual(ids(pageCacheParts([fileReading('/a', KIB_64), fileReading('/b', KIB_64 - 1)], 2 * KIB_64 - 1, AT)), [
    'file',
    'small-files',
  ]);
  const large = pageCacheParts([fileReading('/a', 1000 * MIB), fileReading('/b', MIB)], 1001 * MIB, AT);
  assert.deepEqual(ids(large), ['file', 'small-files']);
  assert.equal(by(large, 'small-files').note, '1 file');
});

test('from four files of one stem on they are one part, and folders that were read as a whole stand alone', () => {
  const segments = (n: number, given: Partial<FileReading> = {}) =>
    Array.from({ length: n }, (_, i) => fileReading(`/data/${i + 1}.log`, (i + 1) * MIB, { ...written, ...given }));
  assert.deepEqual(ids(pageCacheParts(segments(3), 6 * MIB, AT)), ['file', 'file', 'file']);
  const [group, ...more] = pageCacheParts(segments(4), 10 * MIB, AT);
  assert.deepEqual(more, []);
  assert.deepEqual([group!.id, group!.name, group!.bytes, group!.note], ['folder', '/data/*.log', 10 * MIB, '4 files']);
  assert.deepEqual([group!.lowBytes, group!.highBytes, group!.how, group!.at], [10 * MIB, 10 * MIB, 'measured', AT]);
  assert.deepEqual(names(group!.parts!), ['/data/4.log', '/data/3.log', '/data/2.log', '/data/1.log']);
  const folder = fileReading('/many/', 5 * MIB, { kind: 'folder', files: 12 });
  const [row] = pageCacheParts([folder], 5 * MIB, AT);
  assert.deepEqual([row!.id, row!.name, row!.note], ['folder', '/many/', 'cachestat; 12 files']);
});

test('of more than twenty rows in a sum the rest is one row', () => {
  const libraries = Array.from({ length: 22 }, (_, i) => fileReading(`/l/${i}.so`, (i + 1) * MIB));
  const { parts, note } = by(pageCacheParts(libraries, 300 * MIB, AT), 'mapped-libraries');
  assert.equal(note, '22 files');
  const rest = parts!.at(-1)!;
  assert.deepEqual(
    [parts!.length, rest.name, rest.bytes, rest.how, rest.reclaimable, rest.at],
    [21, '2 more', 3 * MIB, 'measured', true, AT],
  );
});

test('what the verdict names is one part of the files below it; deleted ones and others stay apart', () => {
  const files = [
    fileReading('/data/a/x', 3 * MIB, { files: 1 }),
    fileReading('/data/b/', 2 * MIB, { kind: 'folder', files: 7 }),
    fileReading('/data/gone', MIB, { ...written, deleted: true }),
    fileReading('/other/y', 5 * MIB),
  ];
  const parts = pageCacheParts(files, 11 * MIB, AT, null, ['/data/']);
  assert.deepEqual(
    parts.map(({ id, name, bytes }) => [id, name, bytes / MIB]),
    [
      ['folder', '/data/', 5],
      ['file', '/other/y', 5],
      ['deleted-files', 'deleted files that are still open', 1],
    ],
  );
  assert.equal(parts[0]!.note, '8 files');
  assert.deepEqual(names(pageCacheParts([files[0]!], 3 * MIB, AT, null, ['/data/', '/none/'])), ['/data/a/x']);
  const two = [fileReading('/data/a/x', 3 * MIB), fileReading('/data/b/y', 2 * MIB)];
  assert.deepEqual(names(pageCacheParts(two, 5 * MIB, AT, null, ['/data/'])), ['/data/']);
});

test('a row says how and when the file was asked, and its state', () => {
  const note = (given: Partial<FileReading>) => pageCacheParts([fileReading('/a', MIB, given)], MIB, AT)[0]!.note;
  assert.equal(note(written), 'cachestat; open for writing');
  assert.equal(note({ residency: { state: 'unknown', reason: 'x' } }), '');
  assert.equal(note({ residentAtMs: AT_MS - 2 * MINUTE_MS }), 'cachestat; asked 2 min ago');
  assert.equal(note({ residentAtMs: AT_MS - 2 * MINUTE_MS + 1 }), 'cachestat');
  const [deleted] = pageCacheParts([fileReading('/a', MIB, { deleted: true })], MIB, AT);
  assert.equal(deleted!.parts![0]!.note, 'cachestat; deleted, but still open');
});

test('a file that fits is exact; one that was scaled down is an interval up to what is resident of it, at most all cache', () => {
  const bounds = ({ lowBytes, bytes, highBytes, how }: LedgerPart) => [lowBytes / MIB, bytes / MIB, highBytes / MIB, how];
  assert.deepEqual(pageCacheParts([fileReading('/a', 6 * MIB)], 6 * MIB, AT).map(bounds), [[6, 6, 6, 'measured']]);
  assert.deepEqual(pageCacheParts([fileReading('/a', 6 * MIB), fileReading('/b', 2 * MIB)], 4 * MIB, AT).map(bounds), [
    [0, 3, 4, 'estimated'],
    [0, 1, 2, 'estimated'],
  ]);
  const [libraries] = pageCacheParts([fileReading('/a.so', 6 * MIB), fileReading('/b.so', 2 * MIB)], 4 * MIB, AT);
  assert.deepEqual(bounds(libraries!), [0, 4, 6, 'estimated']);
});

test('files that cannot be queried have at most what they take on disk, and the reason where it is one', () => {
  const closed = (path: string, reason: string, given: Partial<FileReading> = {}) =>
    fileReading(path, null, { sizeBytes: 2 * MIB, allocatedBytes: MIB, residency: { state: 'unknown', reason }, ...given });
  const of = (...files: FileReading[]) => by(pageCacheParts(files, 20 * MIB, AT), 'unqueried-files');
  const one = of(
    closed('/a', 'no right'),
    closed('/b', 'no right', { allocatedBytes: null }),
    closed('/c', 'other', { sizeBytes: null }),
  );
  assert.deepEqual([one.lowBytes, one.bytes, one.how, one.at], [0, 3 * MIB, 'estimated', AT]);
  assert.equal(one.note, 'no right; at most what they take on disk');
  assert.match(of(closed('/a', 'no right'), closed('/b', 'gone')).note!, /^for 2 different reasons;/);
  assert.match(of(closed('/a', 'no right', { residency: { state: 'known', method: 'mincore' } })).note!, /^for 0 different/);
});

test('what the process maps of libraries counts where no library could be asked', () => {
  const mapped = { files: { bytes: 9 * MIB, libraries: 2 * MIB, jars: 3 * MIB, other: 4 * MIB }, chargedBytes: null };
  const [unseen, libraries] = pageCacheParts([fileReading('/a', MIB)], 12 * MIB, AT, mapped);
  assert.deepEqual(
    [libraries!.id, libraries!.lowBytes, libraries!.bytes, libraries!.how],
    ['mapped-libraries', 0, 5 * MIB, 'estimated'],
  );
  assert.match(libraries!.note!, /by smaps/);
  assert.deepEqual([unseen!.bytes, unseen!.lowBytes, unseen!.highBytes, unseen!.how], [6 * MIB, 6 * MIB, 11 * MIB, 'derived']);
  assert.match(unseen!.note!, /^read or written once/);
  const asked = pageCacheParts([fileReading('/a.so', MIB)], 12 * MIB, AT, mapped);
  assert.equal(by(asked, 'mapped-libraries').bytes, MIB);
  assert.deepEqual(ids(pageCacheParts([], 5 * MIB, AT, mapped)), ['mapped-libraries']);
  assert.deepEqual(ids(pageCacheParts([], 5 * MIB, AT, { ...mapped, chargedBytes: 0 })), ['unseen-files']);
});
