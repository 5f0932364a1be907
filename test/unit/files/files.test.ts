import assert from 'node:assert/strict';
import { closeSync, openSync, readFileSync, type Stats, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, test } from 'node:test';
import { garbageCollection } from '../../../src/daemon/collect-garbage.ts';
import { reconcileResidency } from '../../../src/diagnosis/ledger/reconcile-residency.ts';
import { parseFincore } from '../../../src/sources/files/fincore.ts';
import { argumentFolders, writableMounts } from '../../../src/sources/files/folder-candidates.ts';
import { FolderSums } from '../../../src/sources/files/folder-sums.ts';
import { Residency, type ResidencyQuery } from '../../../src/sources/files/residency.ts';
import { parseResidency, residencyText } from '../../../src/sources/files/residency-text.ts';
import { parseMappedFiles } from '../../../src/sources/mappings/mapped-files.ts';
import { pin } from '../../../src/sources/process/pinned-path.ts';
import type { ResidencyState } from '../../../src/sources/types.ts';
import { MIB } from '../../../src/units.ts';
import { missingRequirements } from '../../support/needs.ts';
import { folder } from '../sources/files/own-process.ts';

const disk = (residentBytes: number) => ({ residentBytes, fileSystem: { kind: 'disk' as const, freeBytes: 1, totalBytes: 1 } });
const tmpfs = (residentBytes: number) => ({ residentBytes, fileSystem: { kind: 'tmpfs' as const, freeBytes: 1, totalBytes: 1 } });

test('files that hold more than the cgroup are scaled to it, disk and tmpfs each for itself', () => {
  const got = reconcileResidency([disk(300 * MIB), disk(100 * MIB), tmpfs(50 * MIB)], 250 * MIB, 50 * MIB);
  assert.equal(got.exceeds, true);
  assert.equal(got.diskScale, 0.5);
  assert.equal(got.tmpfsScale, 1);
  assert.equal(got.unattributedBytes, 0);
  assert.match(got.note ?? '', /another container/);
});

test('files that hold less leave the rest unnamed; an unknown cgroup leaves it unknown', () => {
  const files = [disk(60 * MIB), tmpfs(20 * MIB), { residentBytes: null, fileSystem: null }];
  assert.deepEqual(reconcileResidency(files, 100 * MIB, 20 * MIB), {
    tmpfsBytes: 20 * MIB,
    diskBytes: 60 * MIB,
    unattributedBytes: 20 * MIB,
    diskScale: 1,
    tmpfsScale: 1,
    exceeds: false,
    note: null,
  });
  assert.equal(reconcileResidency(files, null, null).unattributedBytes, null);
});

test('maps: each file once with the sum of its mappings, newlines restored, devices and memfds left out', () => {
  const text = [
    '7f00-7f10 r--p 00000000 fe:00 11                         /usr/lib/libc.so.6',
    '7f10-7f40 r-xp 00010000 fe:00 11                         /usr/lib/libc.so.6',
    '7f50-7f60 rw-s 00000000 00:19 12                         /dev/shm/a\\012b c',
    '7f60-7f70 rw-s 00000000 00:01 13                         /memfd:x (deleted)',
    '7f70-7f80 rw-s 00000000 fe:00 14                         /tmp/map.dat (deleted)',
    '7f80-7f90 rw-p 00000000 00:00 0                          [heap]',
    '7fa0-7fb0 rw-s 00000000 00:06 9                          /dev/zero',
  ].join('\n');
  assert.deepEqual(parseMappedFiles(text), [
    { path: '/usr/lib/libc.so.6', deleted: false, ino: 11, mappedBytes: 0x40 },
    { path: '/dev/shm/a\nb c', deleted: false, ino: 12, mappedBytes: 0x10 },
    { path: '/tmp/map.dat', deleted: true, ino: 14, mappedBytes: 0x10 },
  ]);
});

test('the path of a mapped file does not keep the text that it was read from', () => {
  const collect = garbageCollection('regular');
  const texts = 100;
  const usedBytes = (): number => {
    collect();
    return process.memoryUsage().heapUsed;
  };
  const before = usedBytes();
  const paths = Array.from({ length: texts }, (_, n) => {
    const text = `7f00-7f10 r--p 00000000 fd:01 11  /usr/lib/some-library-${n}.so\n`.padEnd(MIB, ' ');
    return parseMappedFiles(text)[0]!.path;
  });
  assert.ok(usedBytes() - before < (texts / 2) * MIB);
  assert.equal(paths[7], '/usr/lib/some-library-7.so');
});

test('writable volumes are distinguished from kernel file systems and read-only ones', () => {
  const text = [
    '1 0 0:50 / / rw - overlay overlay rw',
    '2 1 254:0 /var/lib/kubelet/x /data\\040dir rw,relatime - ext4 /dev/vda rw',
    '3 1 0:51 / /cache rw - tmpfs tmpfs rw',
    '4 1 254:0 /y /config ro - ext4 /dev/vda rw',
    '5 1 0:5 / /proc rw - proc proc rw',
    '6 1 0:6 / /dev/shm rw - tmpfs shm rw',
    '7 1 0:7 / /dev/mqueue rw - mqueue mqueue rw',
  ].join('\n');
  assert.deepEqual(writableMounts(text), ['/data dir', '/cache', '/dev/shm']);
});

test('fincore: answers are matched by descriptor, and a file without one is null', () => {
  assert.deepEqual(
    parseFincore('8192 /proc/self/fd/4\n  0 /proc/self/fd/3\n', ['/proc/self/fd/3', '/proc/self/fd/4', '/proc/self/fd/5']),
    [0, 8192, null],
  );
});

const asked = async (residency: Residency, question: ResidencyQuery) => (await residency.query([question]))[0]!;
const ME = { uid: process.geteuid?.() ?? 0, fowner: false };

test('cachestat, mincore and fincore agree on a file that was just written', {
  skip: missingRequirements('fincore'),
}, async (t) => {
  const path = join(folder(t), 'file');
  writeFileSync(path, Buffer.alloc(3 * MIB + 5));
  const found = pin(path, '/proc/self');
  assert.ok(found.state === 'pinned');
  t.after(() => closeSync(found.fd));
  const question = { fd: found.fd, stat: found.stat, isOverlay: false };
  const bySpawn = await asked(new Residency(ME, async () => 'not wanted'), question);
  assert.deepEqual(bySpawn, { state: 'known', method: 'fincore', residentBytes: 3 * MIB + 4096, dirtyBytes: null });
  const byMincore = await asked(new Residency(ME), { ...question, isOverlay: true });
  assert.deepEqual(byMincore, { state: 'known', method: 'mincore', residentBytes: 3 * MIB + 4096, dirtyBytes: null });
});

test('if cachestat is refused, mincore answers for an owned file, and a foreign file is unknown', async (t) => {
  const path = join(folder(t), 'file');
  writeFileSync(path, Buffer.alloc(8192));
  const found = pin(path, '/proc/self');
  assert.ok(found.state === 'pinned');
  t.after(() => closeSync(found.fd));
  for (const errno of [1 /* EPERM */, 38 /* ENOSYS */]) {
    const none = () => undefined;
    const calls = {
      cachestat: () => errno,
      mincore: () => ({ cachedBytes: 8192 }),
      fadviseDontNeed: none,
      mallocTrim: none,
      madviseDontNeed: none,
      emptyPages: none,
    };
    const own = await asked(new Residency(ME, async () => calls), { fd: found.fd, stat: found.stat, isOverlay: false });
    assert.deepEqual(own, { state: 'known', method: 'mincore', residentBytes: 8192, dirtyBytes: null });
  }
});

test('without koffi and fincore the answer names the Debian package', async (t) => {
  const path = join(folder(t), 'file');
  writeFileSync(path, 'x');
  const fd = openSync(path, 'r');
  closeSync(fd);
  const found = pin(path, '/proc/self');
  assert.ok(found.state === 'pinned');
  t.after(() => closeSync(found.fd));
  const missing = async () => ({
    state: 'absent' as const,
    reason: 'fincore is not installed (Debian package util-linux-extra)',
  });
  const got = await asked(new Residency(ME, async () => 'koffi is not there', missing), {
    fd: found.fd,
    stat: found.stat,
    isOverlay: false,
  });
  assert.match(got.state === 'unknown' ? got.reason : '', /util-linux-extra.*koffi is not there/);
});

test('a scan reads no content: the bytes that this process has read do not grow with the files', async (t) => {
  const { watcher } = await import('../sources/files/own-process.ts');
  const dir = folder(t);
  const fd = openSync(join(dir, 'log'), 'w');
  t.after(() => closeSync(fd));
  for (let i = 0; i < 20; i++) writeFileSync(join(dir, `f${i}`), Buffer.alloc(4 * MIB));
  const watch = watcher(t);
  await watch.scan(1);
  const read = () => Number(/^rchar: (\d+)/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1]);
  const before = read();
  await watch.scan(20_000);
  assert.ok(read() - before < 2 * MIB, 'rchar counts the text of /proc alone');
});

describe('residency as one text', () => {
  const states: readonly ResidencyState[] = [
    { state: 'known', method: 'mincore' },
    { state: 'unknown', reason: 'owned by uid 0, asked by uid 1000' },
    { state: 'unknown', reason: 'cachestat failed:\nunknown: errno 5' },
  ];
  for (const state of states)
    test(`${residencyText(state)} is read back as it was`, () => assert.deepEqual(parseResidency(residencyText(state)), state));

  test('a method that memhound does not use is a recorded one', () =>
    assert.deepEqual(parseResidency('vmtouch'), { state: 'known', method: 'recorded' }));
});

test('small files have a row for their folder, and those that could not be queried one for each reason', () => {
  const sums = new FolderSums();
  const stat = { size: 40_960, blocks: 80, mtimeMs: 5 } as Stats;
  const unknown = {
    residentBytes: null,
    dirtyBytes: null,
    residency: { state: 'unknown', reason: 'owned by uid 0' },
    fileSystem: null,
  } as const;
  for (const folder of ['/a', '/b']) {
    sums.begin(folder, 0);
    for (let i = 0; i < 3; i++)
      sums.add(
        folder,
        stat,
        { residentBytes: 40_960, dirtyBytes: 0, residency: { state: 'known', method: 'cachestat' }, fileSystem: null },
        { weight: 1, isOwn: false },
      );
    sums.add(folder, stat, unknown, { weight: 1, isOwn: false });
    sums.end(folder, false, 1);
  }
  assert.deepEqual(
    sums
      .rows({ nowMs: 2, firstScanMs: 1, processStartMs: 1, fileSystemOf: () => null })
      .map((row) => [row.kind, row.path, row.files, row.sizeBytes, row.residentBytes, row.residency]),
    [
      ['folder', '/a/', 3, 122_880, 122_880, { state: 'known', method: 'cachestat' }],
      ['folder', '/b/', 3, 122_880, 122_880, { state: 'known', method: 'cachestat' }],
      ['unqueried', '', 2, 81_920, null, { state: 'unknown', reason: 'owned by uid 0' }],
    ],
  );
});

test('a file that stands for others counts as all of them, and its row says that it is estimated', () => {
  const sums = new FolderSums();
  const stat = { size: 40_960, blocks: 80, mtimeMs: 5 } as Stats;
  const measured = {
    residentBytes: 8192,
    dirtyBytes: 0,
    residency: { state: 'known', method: 'cachestat' },
    fileSystem: null,
  } as const;
  sums.begin('/a', 0);
  for (const weight of [1, 4, 16]) sums.add('/a', stat, measured, { weight, isOwn: true });
  sums.end('/a', false, 1);
  const [row] = sums.rows({ nowMs: 2, firstScanMs: 1, processStartMs: 1, fileSystemOf: () => null });
  assert.deepEqual([row?.files, row?.sizeBytes, row?.residentBytes, row?.isSampled], [21, 860_160, 172_032, true]);
});

const KNOWN = { dirtyBytes: 0, residency: { state: 'known', method: 'cachestat' }, fileSystem: null } as const;
const ONE = { weight: 1, isOwn: true };
const TIMES = { nowMs: 2, firstScanMs: 1, processStartMs: 1, fileSystemOf: () => null };

/** Sums of a folder in which so many folders lie, each with one small file, of which some were walked. */
function manyFolders(folders: number, walked: number, fileBytes = 4096): FolderSums {
  const sums = new FolderSums();
  sums.begin('/w', 0);
  for (let i = 0; i < folders; i++) sums.addFolder('/w', { blocks: 8, dev: 1, mtimeMs: 5 } as Stats, ONE);
  sums.end('/w', false, 1);
  for (let i = 0; i < walked; i++) {
    sums.begin(`/w/${i}`, 0);
    const stat = { size: fileBytes, blocks: fileBytes / 512, mtimeMs: 5 } as Stats;
    sums.add(`/w/${i}`, stat, { ...KNOWN, residentBytes: fileBytes }, ONE);
    sums.end(`/w/${i}`, false, 1);
  }
  return sums;
}

test('thousands of folders with little in each are one row, with what the walked ones let expect and with their own blocks', () => {
  const sums = manyFolders(2000, 100);
  for (const rows of [sums.rows(TIMES), sums.rows(TIMES)])
    assert.deepEqual(
      rows.map(({ path, files, residentBytes, isSampled }) => [path, files, residentBytes, isSampled]),
      [['/w/', 2000, 2000 * 8192, true]],
    );
  assert.equal(sums.residentBytes(), 2000 * 8192);
  assert.deepEqual(
    manyFolders(2000, 0)
      .rows(TIMES)
      .map(({ path, files, residentBytes }) => [path, files, residentBytes]),
    [['/w/', 2000, 2000 * 4096]],
    'empty folders have blocks, too',
  );
});

test('folders of which each has a row of its own keep it, and a few are not taken for all', () => {
  assert.equal(
    manyFolders(200, 200, 128 * 1024)
      .rows(TIMES)
      .filter(({ path }) => path !== '/w/').length,
    200,
  );
  const sums = manyFolders(2000, 100);
  sums.begin('/w/large', 0);
  sums.add('/w/large', { size: 1 << 20, blocks: 2048, mtimeMs: 5 } as Stats, { ...KNOWN, residentBytes: 1 << 20 }, ONE);
  sums.end('/w/large', false, 1);
  assert.deepEqual(
    sums.rows(TIMES).map(({ path, residentBytes }) => [path, residentBytes]),
    [
      ['/w/', 2000 * 4096 + 1999 * 4096],
      ['/w/large/', 1 << 20],
    ],
    'a large one among small ones',
  );
  const [row] = manyFolders(2000, 10).rows(TIMES);
  assert.equal(row?.residentBytes, 2000 * 4096 + 10 * 4096);
});

test("folders that arguments name are found: of a file its folder, and none of what is only read or is the system's", () => {
  const args = [
    'java',
    '-Dlogging.file=/data/logs/app.log',
    '-XX:HeapDumpPath=/dumps/',
    '-jar',
    '/app/app.jar',
    '--dir',
    '/data',
  ];
  assert.deepEqual(argumentFolders([...args, '-cp', '/a/x.jar:/b/y.jar', '/usr/lib/z', 'http://host/path', '/', '']), [
    '/data/logs',
    '/dumps',
    '/data',
  ]);
});

test('folders with too little for a row are a part of the nearest folder above that has one, and of no other file system', () => {
  const sums = new FolderSums();
  const put = (folder: string, bytes: number, dev = 1) => {
    sums.begin(folder, 0);
    const stat = { size: bytes, blocks: bytes / 512, mtimeMs: 5, dev } as Stats;
    sums.add(
      folder,
      stat,
      { ...KNOWN, residentBytes: bytes, fileSystem: { kind: 'disk', freeBytes: 1, totalBytes: 2 } } as never,
      ONE,
    );
    sums.end(folder, false, 1);
  };
  put('/src', 128 * 1024);
  put('/src/a', 0);
  for (let i = 0; i < 20; i++) put(`/src/a/${i}`, 12 * 1024);
  put('/src/shm', 16 * 1024, 2);
  put('/lib', 0);
  for (let i = 0; i < 10; i++) put(`/lib/${i}`, 8 * 1024);
  put('/few', 4096);
  assert.deepEqual(
    sums.rows(TIMES).map(({ path, residentBytes, isSampled }) => [path, residentBytes! / 1024, isSampled]),
    [
      ['/src/', 128 + 20 * 12, false],
      ['/lib/', 80, false],
    ],
  );
});
