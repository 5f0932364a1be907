import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonParts, sharedHeap } from '../../../../src/diagnosis/ledger/anon-part.ts';
import type { AnonSplit } from '../../../../src/diagnosis/ledger/anon-split.ts';
import { pageCacheParts, tmpfsParts } from '../../../../src/diagnosis/ledger/page-cache-part.ts';
import type { LedgerPart } from '../../../../src/diagnosis/types.ts';
import { MIB } from '../../../../src/units.ts';
import { fileReading } from '../../../support/file-reading.ts';

const AT = '2026-01-01T00:00:00.000Z';
const atMs = Date.parse(AT);
const sum = (parts: readonly LedgerPart[]): number => parts.reduce((all, p) => all + p.bytes, 0);
const by = (parts: readonly LedgerPart[], name: string): LedgerPart => parts.find((p) => p.name === name) ?? assert.fail(name);

const split: AnonSplit = {
  anonBytes: 100 * MIB,
  parts: [
    { id: 'java-heap', bytes: 64 * MIB, low: 64 * MIB, high: 64 * MIB, count: 1 },
    { id: 'malloc-arenas', bytes: 36 * MIB, low: 36 * MIB, high: 36 * MIB, count: 3 },
  ],
  swapped: new Map(),
  sharedHeap: null,
  mappedFiles: { bytes: 0, libraries: 0, jars: 0, other: 0 },
  heap: null,
  heapInHugePages: false,
  heapInFile: false,
};
const anon = (anonBytes: number, rest: Partial<Parameters<typeof anonParts>[0]> = {}) =>
  anonParts({ anonBytes, atMs, jvm: null, mappings: { split, allocator: null, atMs }, others: [], ...rest });

test('growth since the mappings were read is a separate part, and the others keep their bytes', () => {
  const parts = anon(110 * MIB);
  assert.equal(by(parts, 'since the mappings were read').bytes, 10 * MIB);
  assert.equal(by(parts, 'Java heap').bytes, 64 * MIB);
  assert.equal(sum(parts), 110 * MIB);
});

test('memory released since then makes every part an interval, and they still sum to anon', () => {
  const parts = anon(50 * MIB);
  assert.equal(sum(parts), 50 * MIB);
  const heap = by(parts, 'Java heap');
  assert.ok(heap.bytes === 32 * MIB && heap.highBytes === 64 * MIB && heap.lowBytes === 0);
});

test('other processes are separate parts by name, before the JVM is divided', () => {
  const parts = anon(130 * MIB, {
    others: [{ name: 'sh', processes: 2, pids: [9, 10], anonBytes: 30 * MIB, swapBytes: 0, pid: 9, parent: null }],
  });
  assert.equal(by(parts, 'sh (2 processes)').bytes, 30 * MIB);
  assert.equal(sum(parts), 130 * MIB);
});

test('a hostile process name is written as text', () => {
  const parts = anon(130 * MIB, {
    others: [{ name: 'a\nb\u001b[2J', processes: 1, pids: [9], anonBytes: MIB, swapBytes: 0, pid: 9, parent: null }],
  });
  assert.ok(parts.every((p) => !p.name.includes('\n') && !p.name.includes('\u001b')));
});

test('page cache is divided into files by name, libraries and jars together, and files that were not scanned', () => {
  const parts = pageCacheParts(
    [fileReading('/tmp/spring.log', 60 * MIB), fileReading('/app/app.jar', 8 * MIB), fileReading('/lib/libc.so.6', 2 * MIB)],
    80 * MIB,
    AT,
  );
  assert.equal(by(parts, '/tmp/spring.log').bytes, 60 * MIB);
  assert.equal(by(parts, 'mapped libraries and jars').bytes, 10 * MIB);
  assert.equal(by(parts, 'files not looked at, or closed and gone').bytes, 10 * MIB);
  assert.equal(sum(parts), 80 * MIB);
});

test('files that may not be queried are a separate part, with at most their bytes on disk', () => {
  const closed = fileReading('/secret', null, {
    sizeBytes: 5 * MIB,
    allocatedBytes: 5 * MIB,
    residency: { state: 'unknown', reason: 'owned by another user' },
  });
  const parts = pageCacheParts([fileReading('/tmp/a', 10 * MIB), closed], 30 * MIB, AT);
  const line = by(parts, 'files that this user may not query');
  assert.deepEqual([line.lowBytes, line.bytes, line.highBytes], [0, 5 * MIB, 5 * MIB]);
  assert.match(line.note!, /owned by another user/);
  assert.equal(sum(parts), 30 * MIB);
});

test('files that hold more than the container is charged for are scaled down to it, and say so', () => {
  const parts = pageCacheParts([fileReading('/tmp/a', 60 * MIB), fileReading('/tmp/b', 60 * MIB)], 60 * MIB, AT);
  assert.equal(sum(parts), 60 * MIB);
  assert.match(by(parts, '/tmp/a').note!, /charged to another container/);
  assert.equal(by(parts, '/tmp/a').how, 'estimated');
});

test('files of tmpfs stand under shared memory, and are not reclaimable', () => {
  const parts = tmpfsParts(
    [fileReading('/dev/shm/x', 5 * MIB, { fileSystem: { kind: 'tmpfs', freeBytes: 1, totalBytes: 2 } })],
    8 * MIB,
    AT,
  );
  assert.equal(by(parts, '/dev/shm/x').reclaimable, false);
  assert.equal(sum(parts), 8 * MIB);
});

const written = { openBy: [{ pid: 1, fd: 3, mode: 'w' as const }] };

test('a written log keeps its bytes where libraries hold more memory than the container is charged for', () => {
  const parts = pageCacheParts(
    [fileReading('/tmp/spring.log', 80 * MIB, written), fileReading('/usr/lib/libjvm.so', 40 * MIB)],
    100 * MIB,
    AT,
  );
  assert.equal(by(parts, '/tmp/spring.log').bytes, 80 * MIB);
  assert.equal(by(parts, '/tmp/spring.log').how, 'measured');
  assert.equal(by(parts, 'mapped libraries and jars').bytes, 20 * MIB);
});

test('a heap dump that was written and closed keeps its bytes; libraries, and files that are only read, are scaled down', () => {
  const files = [
    fileReading('/tmp/java.hprof', 186 * MIB, { isOwn: true }),
    fileReading('/data/index.bin', 20 * MIB),
    fileReading('/usr/lib/jvm/lib/modules', 120 * MIB),
    fileReading('/tmp/spring.log', 4 * MIB, written),
  ];
  const parts = pageCacheParts(files, 200 * MIB, AT);
  assert.equal(by(parts, '/tmp/java.hprof').bytes, 186 * MIB);
  assert.equal(by(parts, '/tmp/java.hprof').how, 'measured');
  assert.equal(by(parts, '/tmp/spring.log').bytes, 4 * MIB);
  assert.equal(by(parts, '/data/index.bin').bytes, 10 * MIB);
  assert.equal(sum(parts), 200 * MIB);
});

test('many files of one kind are one part, and so is what the verdict names', () => {
  const segments = Array.from({ length: 31 }, (_, i) => fileReading(`/data/topic/${i}.log`, MIB, written));
  const part = by(pageCacheParts(segments, 40 * MIB, AT), '/data/topic/*.log');
  assert.deepEqual([part.id, part.bytes, part.note, part.parts!.length], ['folder', 31 * MIB, '31 files', 21]);
  const tenants = ['a', 'b', 'c'].map((name) => fileReading(`/data/${name}/app.log`, MIB, written));
  assert.equal(by(pageCacheParts(tenants, 4 * MIB, AT, null, ['/data/']), '/data/').bytes, 3 * MIB);
});

test('rotated and deleted files are separate parts, small files are a sum, and all add up', () => {
  const files = [
    fileReading('/var/log/app.log', 40 * MIB, written),
    fileReading('/var/log/app.log.1', 20 * MIB),
    fileReading('/var/log/app-2026-11-23.0.log.gz', 5 * MIB),
    fileReading('/var/log/other.log.1', 6 * MIB),
    fileReading('/var/log/gone.log', 10 * MIB, { ...written, deleted: true }),
    fileReading('/var/tiny', 4096),
  ];
  const parts = pageCacheParts(files, 100 * MIB, AT);
  assert.deepEqual(
    by(parts, 'rotated files').parts!.map((p) => p.name),
    ['/var/log/app.log.1', '/var/log/app-2026-11-23.0.log.gz'],
  );
  assert.equal(by(parts, 'deleted files that are still open').bytes, 10 * MIB);
  assert.equal(by(parts, '/var/log/other.log.1').bytes, 6 * MIB, 'no log of that stem is written');
  assert.equal(by(parts, 'smaller files').bytes, 4096);
  assert.equal(sum(parts), 100 * MIB);
});

test('a user who may ask about no library knows what is mapped of them, as an interval below what the cgroup has mapped', () => {
  const files = { bytes: 30 * MIB, libraries: 10 * MIB, jars: 20 * MIB, other: 0 };
  const parts = pageCacheParts([], 90 * MIB, AT, { files, chargedBytes: 25 * MIB });
  const line = by(parts, 'mapped libraries and jars');
  assert.deepEqual([line.lowBytes, line.bytes, line.highBytes], [0, 25 * MIB, 25 * MIB]);
  assert.equal(sum(parts), 90 * MIB);
});

test('a heap in shared memory has the size of its file, and is not counted as a tmpfs file too', () => {
  const heap = fileReading('/memfd:java_heap', 30 * MIB, {
    deleted: true,
    fileSystem: { kind: 'tmpfs', freeBytes: 1, totalBytes: 2 },
  });
  const mapped = { ...split, sharedHeap: { bytes: MIB } };
  const [part] = sharedHeap({ jvm: null, mappings: { split: mapped, allocator: null, atMs }, atMs, files: [heap] }, 40 * MIB);
  assert.deepEqual([part!.bytes, part!.how], [30 * MIB, 'measured']);
  assert.deepEqual(tmpfsParts([heap], 10 * MIB, AT), []);
});

test('hostile names cost little, are written as text, and keep parts adding up', () => {
  const evil = [
    `/var/log/${'-1'.repeat(120)}!`,
    `/var/log/${'.1'.repeat(120)}x`,
    `/${'d/'.repeat(1999)}f`,
    '/tmp/<img src=x onerror=alert(1)>\n\u001b[2J.log',
    '/var/log/.log',
    '/',
  ];
  const files = evil.flatMap((path, i) => [
    fileReading(path, (i + 1) * MIB, i % 2 === 0 ? written : {}),
    fileReading(`${path}.1`, MIB),
  ]);
  const began = process.cpuUsage().user;
  const parts = pageCacheParts(
    [...files, ...Array.from({ length: 200 }, (_, n) => fileReading(`${evil[0]}${n}`, 4096))],
    500 * MIB,
    AT,
  );
  assert.ok(process.cpuUsage().user - began < 5e6, 'seconds of CPU for names alone');
  assert.equal(sum(parts), 500 * MIB);
  const names = (all: readonly LedgerPart[]): string[] => all.flatMap((p) => [p.name, ...names(p.parts ?? [])]);
  for (const name of names(parts))
    assert.ok(name.length <= 200 && !name.includes('\n') && !name.includes('\u001b'), JSON.stringify(name));
});
