import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnonPart, AnonPartId } from '../../../../src/diagnosis/ledger/anon-kinds.ts';
import { type AnonInput, anonObservations, anonParts, sharedHeap } from '../../../../src/diagnosis/ledger/anon-part.ts';
import type { AnonSplit } from '../../../../src/diagnosis/ledger/anon-split.ts';
import type { ProcessesByName } from '../../../../src/sources/process/other-processes.ts';
import type { FileReading } from '../../../../src/sources/types.ts';
import { fileReading } from '../../../support/file-reading.ts';
import { jvmReading } from '../../../support/jvm-reading.ts';
import { anonSplit } from '../../../support/made-mappings.ts';

const AT_MS = 120_000;
const NOW = '1970-01-01T00:02:00.000Z';
const BEFORE = '1970-01-01T00:01:00.000Z';

const part = (id: AnonPartId, bytes: number, given: Partial<AnonPart> = {}): AnonPart => ({
  id,
  bytes,
  low: bytes,
  high: bytes,
  count: 3,
  ...given,
});
const input = (anonBytes: number, of: AnonSplit | null, given: Partial<AnonInput> = {}): AnonInput => ({
  anonBytes,
  atMs: AT_MS,
  jvm: null,
  mappings: of === null ? null : { split: of, allocator: null, atMs: AT_MS - 60_000 },
  others: [],
  ...given,
});
const process = (name: string, anonBytes: number, given: Partial<ProcessesByName> = {}): ProcessesByName => ({
  name,
  processes: 1,
  pids: [9],
  anonBytes,
  swapBytes: 0,
  pid: 9,
  parent: null,
  ...given,
});
const figures = (...given: Parameters<typeof anonParts>) =>
  anonParts(...given).map(({ id, lowBytes, bytes, highBytes, how }) => [id, lowBytes, bytes, highBytes, how]);

const HEAP = part('java-heap', 600);
const ARENAS = part('malloc-arenas', 400);
const TWO = anonSplit([HEAP, ARENAS]);

test('parts of the mappings are as exact as they were measured, as of that time, with their notes', () => {
  const [heap, stacks, libraries] = anonParts(
    input(
      1000,
      anonSplit([
        part('java-heap', 600, { low: 500, disagreement: 'something else' }),
        part('thread-stacks', 300, { reportedByJvm: 'so it says' }),
        part('libraries', 100, { reportedByJvm: '' }),
      ]),
    ),
  );
  assert.deepEqual([heap!.lowBytes, heap!.bytes, heap!.highBytes, heap!.how], [500, 600, 600, 'estimated']);
  assert.equal(heap!.note, 'something else; resident pages in the range of the heap');
  assert.deepEqual([stacks!.how, stacks!.at, stacks!.note], ['measured', BEFORE, '3 of them; so it says']);
  assert.ok(!('note' in libraries!) && !('swapBytes' in libraries!));
  assert.match(anonParts(input(1000, TWO))[1]!.note!, /^3 of them; glibc keeps/);
});

test('what a part has in swap stands beside it', () => {
  const [heap, arenas] = anonParts(input(1000, anonSplit([HEAP, ARENAS], { swapped: new Map([['java-heap', 2048]]) })));
  assert.deepEqual([heap!.swapBytes, arenas!.swapBytes], [2048, undefined]);
  assert.equal(heap!.note, '2 KiB more in swap; resident pages in the range of the heap');
});

test('a part that is swapped out as a whole is still a part, and an empty one is not', () => {
  const parts = [HEAP, ARENAS, part('metaspace', 0), part('code-cache', 0)];
  const found = anonParts(input(1000, anonSplit(parts, { swapped: new Map([['metaspace', 50]]) })));
  assert.deepEqual(
    found.map(({ id }) => id),
    ['java-heap', 'malloc-arenas', 'metaspace'],
  );
});

test('what was added since the mappings were read is a part as of now', () => {
  const [, , since] = anonParts(input(1100, TWO));
  assert.deepEqual([since!.lowBytes, since!.bytes, since!.highBytes], [0, 100, 100]);
  assert.deepEqual([since!.how, since!.at], ['derived', NOW]);
  assert.match(since!.note!, /^the next reading shows/);
  assert.equal(anonParts(input(1000, TWO)).length, 2);
});

test('counters that lag by a fiftieth make no part smaller, but for the rest in the largest', () => {
  assert.deepEqual(figures(input(980, anonSplit([ARENAS, HEAP]))), [
    ['malloc-arenas', 400, 400, 400, 'measured'],
    ['java-heap', 580, 580, 600, 'measured'],
  ]);
});

test('what was freed since is subtracted from all parts, each at most what it was', () => {
  assert.deepEqual(figures(input(500, TWO)), [
    ['java-heap', 0, 300, 600, 'estimated'],
    ['malloc-arenas', 0, 200, 400, 'estimated'],
  ]);
  const thirds = anonSplit([part('libraries', 100), part('metaspace', 101), part('code-cache', 100)]);
  const shrunk = anonParts(input(100, thirds));
  assert.deepEqual(
    shrunk.map(({ bytes }) => bytes),
    [33, 34, 33],
  );
});

test('other processes come first out of anon, exact where they fit', () => {
  const [, , sh, one] = anonParts(
    input(1300, TWO, { others: [process('sh', 200, { processes: 2, swapBytes: 1024 }), process('cat', 100)] }),
  );
  assert.deepEqual([sh!.name, sh!.lowBytes, sh!.bytes, sh!.highBytes], ['sh (2 processes)', 200, 200, 200]);
  assert.deepEqual([sh!.how, sh!.at, sh!.swapBytes], ['read', NOW, 1024]);
  assert.equal(sh!.note, '1 KiB more in swap; RssAnon of processes other than the JVM');
  assert.deepEqual([one!.name, one!.note], ['cat (process)', 'RssAnon of processes other than the JVM']);
  assert.ok(!('swapBytes' in one!));
});

test('other processes that share pages are scaled so that half of the JVM’s mappings stay', () => {
  const others = [process('a', 900), process('b', 300)];
  assert.deepEqual(figures(input(1100, TWO, { others })).slice(-2), [
    ['other-process', 0, 450, 900, 'read'],
    ['other-process', 0, 150, 300, 'read'],
  ]);
  assert.deepEqual(figures(input(600, null, { others })), [
    ['other-process', 0, 450, 900, 'read'],
    ['other-process', 0, 150, 300, 'read'],
  ]);
  assert.deepEqual(figures(input(100, TWO, { others: [process('a', 900)] })).at(-1), ['other-process', 0, 0, 900, 'read']);
});

const counted = jvmReading({
  heapUsed: { value: 500, atMs: 0 },
  heapCommitted: { value: 700, atMs: 0 },
  metaspace: { used: { value: 60, atMs: 0 }, committed: 90, maxBytes: null },
});

test('without mappings the JVM’s counters are the bounds of heap and metaspace, and the rest is native', () => {
  assert.deepEqual(figures(input(1000, null, { jvm: counted })), [
    ['java-heap', 500, 500, 700, 'estimated'],
    ['metaspace', 60, 60, 90, 'estimated'],
    ['native', 210, 440, 440, 'derived'],
  ]);
  assert.deepEqual(
    anonParts(input(1000, null, { jvm: counted })).map(({ at, note }) => [at, note!.split(/[:,]/)[0]]),
    [
      [NOW, 'between used and committed'],
      [NOW, 'between used and committed'],
      [NOW, 'the mappings'],
    ],
  );
  assert.deepEqual(figures(input(1000, null)), []);
  assert.deepEqual(figures(input(0, null, { jvm: counted })), []);
});

test('by counters no part has more than all of anon, a heap in shared memory has none of it, and what is not counted is native', () => {
  const boundsOf = (anonBytes: number, jvm: AnonInput['jvm']) =>
    figures(input(anonBytes, null, { jvm })).map((f) => f.slice(0, 4));
  assert.deepEqual(boundsOf(1000, { ...counted, collector: 'ZGC' }), [
    ['metaspace', 60, 60, 90],
    ['native', 910, 940, 940],
  ]);
  assert.deepEqual(boundsOf(1000, { ...counted, metaspace: null }), [
    ['java-heap', 500, 500, 700],
    ['native', 300, 500, 500],
  ]);
  assert.deepEqual(boundsOf(50, { ...counted, collector: 'ZGC' }), [['metaspace', 50, 50, 50]]);
  const compressedClass = { used: { value: 1, atMs: 0 }, committed: 95, maxBytes: null };
  assert.deepEqual(boundsOf(1000, { ...counted, compressedClass })[1], ['metaspace', 60, 60, 95]);
  assert.deepEqual(boundsOf(400, { ...counted, metaspace: null })[0], ['java-heap', 400, 400, 400]);
});

const heapFile = (residentBytes: number | null, path = '/memfd:java_heap') =>
  fileReading(path, residentBytes, { deleted: true, fileSystem: { kind: 'tmpfs', freeBytes: 1, totalBytes: 2 } });
/** Bounds, time and note of the heap in shared memory. */
const shared = (
  shmem: number,
  { files = [] as FileReading[], mappedBytes = null as number | null, jvm = null as AnonInput['jvm'] },
) => {
  const mappings = {
    split: anonSplit([], { sharedHeap: mappedBytes === null ? null : { bytes: mappedBytes } }),
    allocator: null,
    atMs: AT_MS - 60_000,
  };
  const [heap, ...more] = sharedHeap({ jvm, mappings: mappedBytes === null ? null : mappings, atMs: AT_MS, files }, shmem);
  assert.deepEqual(more, []);
  return heap === undefined ? null : [heap.id, heap.lowBytes, heap.bytes, heap.highBytes, heap.how, heap.at, heap.note];
};

test('a heap in shared memory is what its file has resident, unless its mappings show more', () => {
  const byFile = ['measured', NOW, 'ZGC maps its heap as shared memory; by the file that holds it'];
  const files = [heapFile(200), heapFile(100), heapFile(null), heapFile(500, '/dev/shm/x')];
  assert.deepEqual(shared(1000, { files, mappedBytes: 250 }), ['java-heap', 300, 300, 300, ...byFile]);
  assert.deepEqual(shared(1000, { files }), ['java-heap', 300, 300, 300, ...byFile]);
  assert.deepEqual(shared(100, { files })!.slice(1, 4), [100, 100, 100], 'at most all shared memory');
  const byMappings = ['measured', BEFORE, 'ZGC maps its heap as shared memory, three times over: each page counts once here'];
  assert.deepEqual(shared(1000, { files, mappedBytes: 300 }), ['java-heap', 300, 300, 300, ...byMappings]);
  assert.deepEqual(shared(100, { mappedBytes: 300 })!.slice(1, 4), [100, 100, 100]);
});

test('by ZGC’s counters alone it is between used and committed; another collector has none, nor has a container without shared memory', () => {
  const zgc = { ...counted, collector: 'ZGC' } as const;
  assert.deepEqual(shared(1000, { jvm: zgc }), [
    'java-heap',
    500,
    700,
    700,
    'estimated',
    NOW,
    'ZGC maps its heap as shared memory',
  ]);
  assert.deepEqual(shared(400, { jvm: zgc })!.slice(1, 4), [400, 400, 400]);
  assert.equal(shared(1000, { jvm: counted }), null);
  assert.equal(shared(1000, {}), null);
  assert.equal(shared(0, { jvm: zgc, files: [heapFile(10)], mappedBytes: 5 }), null);
});

test('history has the same parts with what they have in swap, each other process by name, and a rest', () => {
  const parent = { pid: 1, name: 'java' };
  const others = [process('sh', 100, { processes: 2, swapBytes: 50, parent })];
  const swapped = new Map([['java-heap', 200]] as const);
  const found = anonObservations(input(1130, anonSplit([HEAP, ARENAS], { swapped }), { others }), 200);
  assert.deepEqual(found, [
    { id: 'java-heap', name: 'Java heap', bytes: 800, process: null, pids: null },
    { id: 'malloc-arenas', name: 'malloc arenas', bytes: 400, process: null, pids: null },
    { id: 'since-mappings', name: 'since the mappings were read', bytes: 30, process: null, pids: null },
    { id: 'other-process', name: 'sh', bytes: 150, process: { processes: 2, pid: 9, parent, lives: null }, pids: [9] },
  ]);
  assert.deepEqual(anonObservations(input(300, null, { others }), 20), [
    { id: 'other-process', name: 'sh', bytes: 150, process: { processes: 2, pid: 9, parent, lives: null }, pids: [9] },
    { id: 'anon', name: 'anon', bytes: 220, process: null, pids: null },
  ]);
});
