import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnonPart, AnonPartId } from '../../../../src/diagnosis/ledger/anon-kinds.ts';
import { withNativeMemory } from '../../../../src/diagnosis/ledger/native-memory-split.ts';
import type { JcmdReport } from '../../../../src/sources/jvm/jcmd-report.ts';
import { MIB } from '../../../../src/units.ts';

const part = (id: AnonPartId, mb: number, low = mb, high = mb): AnonPart => ({
  id,
  bytes: mb * MIB,
  low: low * MIB,
  high: high * MIB,
  count: 1,
});
const category = (name: string, mmap: number, malloc: number) => ({
  name,
  reservedBytes: 0,
  committedBytes: (mmap + malloc) * MIB,
  mallocBytes: malloc * MIB,
  mmapBytes: mmap * MIB,
  arenaBytes: 0,
});
const answers = (...categories: ReturnType<typeof category>[]): JcmdReport => ({
  atMs: 0,
  heap: null,
  native: { reservedBytes: 0, committedBytes: 0, categories },
  metaspace: null,
  codeCacheBytes: null,
});
const by = (parts: readonly AnonPart[], id: AnonPartId): AnonPart => parts.find((p) => p.id === id) ?? assert.fail(id);
const sum = (parts: readonly AnonPart[]): number => parts.reduce((all, p) => all + p.bytes, 0);

test('native memory tracking separates the tables of the collector from direct buffers, and the sum does not change', () => {
  const before = [part('malloc-heap', 5), part('vm-structures', 40, 0, 90), part('direct-buffers', 60, 10, 100)];
  const after = withNativeMemory(before, answers(category('Java Heap', 64, 0), category('GC', 12, 3), category('Other', 0, 90)));
  const direct = by(after, 'direct-buffers');
  assert.deepEqual([direct.bytes, direct.low, direct.high], [90 * MIB, 88 * MIB, 100 * MIB]);
  assert.equal(by(after, 'vm-structures').bytes, 10 * MIB);
  assert.match(by(after, 'vm-structures').reportedByJvm!, /GC 12 MiB/);
  assert.equal(sum(after), sum(before));
});

test('with an allocator that has no arenas, nameless memory is not called the VM’s up to all that it has committed', () => {
  // 60 MiB of jemalloc's memory, of which the VM holds 30; 33 MiB of tables are committed and hardly touched.
  const before = [part('vm-structures', 3, 0, 17), part('direct-buffers', 57, 43, 60)];
  const after = withNativeMemory(before, answers(category('GC', 33, 10), category('Symbol', 0, 20)));
  const vm = by(after, 'vm-structures');
  assert.deepEqual([vm.bytes, vm.low, vm.high], [3 * MIB, 0, 33 * MIB]);
  assert.deepEqual([by(after, 'direct-buffers').bytes, by(after, 'direct-buffers').low], [57 * MIB, 27 * MIB]);
  assert.match(by(after, 'direct-buffers').reportedByJvm!, /30 MiB of malloc in all, most of it in no arena of glibc/);
});

test('a JVM that does not answer does not change the parts', () => {
  const before = [part('java-heap', 64), part('malloc-arenas', 8)];
  assert.deepEqual(withNativeMemory(before, null), before);
});
