import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnonPart, AnonPartId, AnonSplit } from '../../../../src/diagnosis/ledger/anon-split.ts';
import { withJcmdReport } from '../../../../src/diagnosis/ledger/jvm-reported-split.ts';
import type { JcmdReport } from '../../../../src/sources/jvm/jcmd-report.ts';
import { MIB } from '../../../../src/units.ts';

const part = (id: AnonPartId, mb: number, low = mb, high = mb): AnonPart => ({
  id,
  bytes: mb * MIB,
  low: low * MIB,
  high: high * MIB,
  count: 1,
});
const split = (...parts: AnonPart[]): AnonSplit => ({
  anonBytes: parts.reduce((sum, p) => sum + p.bytes, 0),
  parts,
  sharedHeap: null,
  mappedFiles: { bytes: 0, libraries: 0, jars: 0, other: 0 },
  heap: null,
});
const none: JcmdReport = { atMs: 0, heap: null, native: null, metaspace: null, codeCacheBytes: null };
const category = (name: string, mmap: number, malloc: number) => ({
  name,
  reservedBytes: 0,
  committedBytes: (mmap + malloc) * MIB,
  mallocBytes: malloc * MIB,
  mmapBytes: mmap * MIB,
  arenaBytes: 0,
});
const by = (s: AnonSplit, id: AnonPartId): AnonPart => s.parts.find((p) => p.id === id) ?? assert.fail(id);
const sum = (s: AnonSplit): number => s.parts.reduce((all, p) => all + p.bytes, 0);

test('native memory tracking separates the tables of the collector from direct buffers, and the sum does not change', () => {
  const before = split(part('java-heap', 64), part('vm-structures', 40, 0, 90), part('direct-buffers', 60, 10, 100));
  const native = {
    reservedBytes: 0,
    committedBytes: 0,
    categories: [category('Java Heap', 64, 0), category('GC', 12, 3), category('Other', 0, 90)],
  };
  const after = withJcmdReport(before, { ...none, native });
  const direct = by(after, 'direct-buffers');
  assert.deepEqual([direct.bytes, direct.low, direct.high], [90 * MIB, 88 * MIB, 100 * MIB]);
  assert.equal(by(after, 'vm-structures').bytes, 10 * MIB);
  assert.match(by(after, 'vm-structures').reportedByJvm!, /GC 12 MiB/);
  assert.equal(sum(after), sum(before));
});

test('metaspace is no larger than what the JVM has committed: the rest of an open reservation was an arena', () => {
  const before = split(part('metaspace', 30, 10, 30), part('malloc-arenas', 5, 5, 25));
  const after = withJcmdReport(before, {
    ...none,
    metaspace: { nonClass: { usedBytes: 9 * MIB, committedBytes: 10 * MIB }, class: null },
  });
  assert.deepEqual([by(after, 'metaspace').bytes, by(after, 'metaspace').high], [10 * MIB, 10 * MIB]);
  assert.equal(by(after, 'malloc-arenas').bytes, 25 * MIB);
  assert.equal(sum(after), sum(before));
});

test('without hsperfdata the heap is limited by GC.heap_info', () => {
  const before = split(part('java-heap', 200, 0, 200));
  const heap = { areas: [{ name: 'garbage-first heap', usedBytes: 50 * MIB, committedBytes: 100 * MIB }] };
  const after = withJcmdReport(before, { ...none, heap });
  assert.equal(Math.round(by(after, 'java-heap').bytes / MIB), 110);
  assert.equal(by(after, 'java-heap').low, by(after, 'java-heap').bytes);
  assert.equal(sum(after), sum(before));
});

test('a JVM that does not answer does not change the split', () => {
  const before = split(part('java-heap', 64), part('malloc-arenas', 8));
  assert.deepEqual(withJcmdReport(before, none), before);
});
