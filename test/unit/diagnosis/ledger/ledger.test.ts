import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnonSplit } from '../../../../src/diagnosis/ledger/anon-split.ts';
import { buildLedger, type LedgerInput } from '../../../../src/diagnosis/ledger/ledger.ts';
import { LEDGER_PARTS, reclaimabilityText } from '../../../../src/diagnosis/ledger/part-table.ts';
import { KIB, MIB } from '../../../../src/units.ts';
import { fileReading } from '../../../support/file-reading.ts';
import { anonSplit } from '../../../support/made-mappings.ts';

const AT = '1970-01-01T00:00:01.000Z';
const ledger = (values: LedgerInput['values'], given: Partial<LedgerInput> = {}) =>
  buildLedger({
    atMs: 1000,
    version: 2,
    values,
    limitBytes: 'max',
    cpusOnline: 4,
    jvm: null,
    files: [],
    namedFiles: [],
    mappings: null,
    others: [],
    ...given,
  });
const partOf = (found: ReturnType<typeof ledger>, id: string) => found.parts.find((p) => p.id === id) ?? assert.fail(id);
const mappings = (given: Partial<AnonSplit> = {}): LedgerInput['mappings'] => ({
  split: anonSplit([{ id: 'java-heap', bytes: 100, low: 100, high: 100, count: 1 }], given),
  allocator: null,
  atMs: 1000,
});

test('usage is divided into anon, page cache, shared memory, kernel and sockets, and the rest is unexplained', () => {
  const found = ledger({ usage: 1000, anon: 100, file: 500, shmem: 200, kernel: 50, sock: 20 });
  assert.deepEqual(
    found.parts.map(({ id, bytes, how, at }) => [id, bytes, how, at]),
    [
      ['anon', 100, 'read', AT],
      ['page-cache', 300, 'derived', AT],
      ['shmem', 200, 'read', AT],
      ['kernel', 50, 'read', AT],
      ['sock', 20, 'read', AT],
    ],
  );
  assert.deepEqual([found.totalBytes, found.unexplainedBytes, found.limitBytes, found.at], [1000, 330, 'max', AT]);
  assert.equal(partOf(found, 'page-cache').note, 'file less shmem');
});

test('values that are not known count as none, and page cache is never negative', () => {
  const found = ledger({ shmem: 7 });
  assert.deepEqual(
    found.parts.map(({ bytes }) => bytes),
    [0, 0, 7, 0, 0],
  );
  assert.equal(found.unexplainedBytes, -7);
  assert.ok(found.parts.every((p) => p.parts === undefined));
});

test('cgroup v1 has sockets outside of usage, and says that its kernel memory is one figure', () => {
  const found = ledger({ usage: 10, kernel: 5, sock: 3 }, { version: 1 });
  assert.ok(found.parts.every(({ id }) => id !== 'sock'));
  assert.match(partOf(found, 'kernel').note!, /^cgroup v1 gives one figure.*page cache on ext4/);
});

test('the bound is a fiftieth of usage, or the charge batches of all CPUs of the node', () => {
  assert.equal(ledger({ usage: 100 * MIB }).boundBytes, Math.round(2 * MIB));
  assert.equal(ledger({ usage: MIB }).boundBytes, 1024 * KIB);
  assert.match(ledger({}).boundNote, /each of the node's 4 CPUs/);
});

test('states of page cache that are known stand beside it', () => {
  const states = { active_file: 1, inactive_file: 2, file_dirty: 3, file_writeback: 4, file_mapped: 5 };
  assert.deepEqual(partOf(ledger(states), 'page-cache').pageStates, {
    activeBytes: 1,
    inactiveBytes: 2,
    dirtyBytes: 3,
    writebackBytes: 4,
    mappedBytes: 5,
  });
  assert.deepEqual(partOf(ledger({ file_dirty: 0 }), 'page-cache').pageStates, { dirtyBytes: 0 });
});

test('memory of a shared limit that others hold is said where it is known', () => {
  assert.ok(!('sharedLimit' in ledger({})));
  assert.deepEqual(ledger({ held_elsewhere: 5 }).sharedLimit, { heldElsewhereBytes: 5, heldByEndedBytes: null });
  assert.deepEqual(ledger({ held_elsewhere: 5, held_by_ended: 2 }).sharedLimit, { heldElsewhereBytes: 5, heldByEndedBytes: 2 });
});

test('kernel memory has a part for each of its fields that is not 0, and only reclaimable slab has a note', () => {
  const { parts } = partOf(ledger({ kernel: 100, slab_reclaimable: 60, slab_unreclaimable: 40, percpu: 0 }), 'kernel');
  assert.deepEqual(
    parts!.map(({ id, bytes, note }) => [id, bytes, note?.slice(0, 18)]),
    [
      ['slab-reclaimable', 60, 'page cache on ext4'],
      ['slab-unreclaimable', 40, undefined],
    ],
  );
  const more = partOf(ledger({ kernel: 100, percpu: 40 }), 'kernel').parts!.at(-1)!;
  assert.deepEqual([more.id, more.bytes, more.how], ['other-kernel', 60, 'derived']);
  assert.equal(partOf(ledger({ kernel: 100 }), 'kernel').parts, undefined);
});

test('anon is divided by the mappings, with a note where the heap is in huge pages or in a file', () => {
  const plain = partOf(ledger({ anon: 100 }, { mappings: mappings() }), 'anon');
  assert.deepEqual([plain.parts!.map(({ id }) => id), plain.note], [['java-heap'], undefined]);
  const huge = partOf(ledger({ anon: 100 }, { mappings: mappings({ heapInHugePages: true }) }), 'anon');
  assert.match(huge.note!, /^the Java heap is in reserved huge pages/);
  const file = partOf(ledger({ anon: 100 }, { mappings: mappings({ heapInFile: true }) }), 'anon');
  assert.match(file.note!, /^the Java heap is a file/);
});

test('shared memory is the heap of ZGC and the files of tmpfs, and page cache has what is mapped of libraries', () => {
  const tmpfs = { kind: 'tmpfs', freeBytes: 1, totalBytes: 2 } as const;
  const file = fileReading('/dev/shm/x', MIB, { fileSystem: tmpfs });
  const mappedFiles = { bytes: 900, libraries: 400, jars: 500, other: 0 };
  const given = { files: [file], mappings: mappings({ sharedHeap: { bytes: 2 * MIB }, mappedFiles }) };
  const values = { file: 4 * MIB + 1000, shmem: 4 * MIB };
  const found = ledger(values, given);
  assert.deepEqual(
    partOf(found, 'shmem').parts!.map(({ id, bytes }) => [id, bytes / MIB]),
    [
      ['java-heap', 2],
      ['file', 1],
      ['other-shmem', 1],
    ],
  );
  const libraries = (fileMapped: number | undefined) =>
    partOf(
      ledger({ ...values, ...(fileMapped === undefined ? {} : { file_mapped: fileMapped }) }, given),
      'page-cache',
    ).parts!.find(({ id }) => id === 'mapped-libraries')?.bytes;
  assert.deepEqual([libraries(undefined), libraries(300), libraries(0)], [900, 300, undefined]);
});

test('each part says in words whether the kernel can free it', () => {
  assert.deepEqual([null, true, false].map(reclaimabilityText), ['partly reclaimable', 'reclaimable', 'not reclaimable']);
  assert.equal(LEDGER_PARTS['slab-unreclaimable'].name, 'unreclaimable slab');
  assert.equal(LEDGER_PARTS['slab-unreclaimable'].reclaimable, false);
});
