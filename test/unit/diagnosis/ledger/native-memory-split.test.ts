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
const category = (name: string, mmap: number, malloc: number, arenas = 0) => ({
  name,
  reservedBytes: 0,
  committedBytes: (mmap + malloc + arenas) * MIB,
  mallocBytes: malloc * MIB,
  mmapBytes: mmap * MIB,
  arenaBytes: arenas * MIB,
  mallocs: 1,
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

test('what the JVM has reserved for code stands beside the part of its code, where both are known', () => {
  const [code, heap] = [part('code-cache', 20), part('java-heap', 64)];
  const reserved = { ...answers(), native: null, codeCacheBytes: 48 * MIB };
  assert.deepEqual(withNativeMemory([code, heap], reserved), [{ ...code, reportedByJvm: 'reserved for code: 48 MiB' }, heap]);
  assert.deepEqual(withNativeMemory([heap], reserved), [heap]);
  assert.deepEqual(withNativeMemory([code, heap], { ...reserved, codeCacheBytes: null }), [code, heap]);
});

test('a part that holds nothing for certain is left out, one that may hold something is not', () => {
  const maybe = [part('metaspace', 0, 0, 5), part('vm-structures', 0, 0, 9)];
  assert.deepEqual(withNativeMemory([part('libraries', 0), ...maybe], null), maybe);
  assert.deepEqual(withNativeMemory(maybe, answers(category('GC', 4, 0))), maybe);
});

const NAMELESS = [part('direct-buffers', 100)];
/** The most that the VM has of 100 MiB without a name, MiB. */
const mostOfVm = (tracked: ReturnType<typeof category>[], namedMib: number): number | undefined => {
  const vm = withNativeMemory(NAMELESS, answers(...tracked), namedMib * MIB).find(({ id }) => id === 'vm-structures');
  return vm === undefined ? undefined : vm.high / MIB;
};

test('of what the VM has committed, memory with a name of its own is not part of the memory without one', () => {
  for (const name of ['Java Heap', 'Class', 'Metaspace', 'Thread', 'Thread Stack', 'Code', 'Shared class space'])
    assert.equal(mostOfVm([category(name, 30, 0)], 0), undefined, name);
  assert.equal(mostOfVm([category('GC', 50, 0), category('Code', 10, 0)], 32), 18);
});

test('where more has a name than the JVM tracks, as ZGC of JDK 11, nothing is subtracted', () => {
  for (const named of [50, 60]) assert.equal(mostOfVm([category('GC', 50, 0)], named), 50);
});

test('before JDK 9 direct buffers are counted as internal memory', () => {
  const direct = (...tracked: ReturnType<typeof category>[]) =>
    by(withNativeMemory(NAMELESS, answers(...tracked)), 'direct-buffers').reportedByJvm!;
  assert.match(direct(category('Symbol', 0, 9), category('Internal', 0, 30)), /^the JVM counts 30 MiB of direct buffers/);
  assert.match(direct(category('Internal', 0, 5), category('Other', 0, 30)), /^the JVM counts 30 MiB of direct buffers/);
  assert.match(direct(category('Symbol', 0, 9)), /^the JVM counts 0 bytes of direct buffers/);
});

test('what is not in arenas of all that malloc has given out is at most so much of the memory without a name', () => {
  const before = [part('malloc-heap', 12), part('malloc-arenas', 8), part('vm-structures', 30), part('direct-buffers', 70)];
  // 60 MiB of malloc, 20 of them in arenas, so 60 of the 100 MiB without a name belong to the VM.
  const tracked = [category('GC', 70, 20, 8), category('Compiler', 1, 12), category('Symbol', 0.5, 0), category('Other', 0, 20)];
  const after = withNativeMemory(before, answers(...tracked));
  assert.deepEqual(
    after.map(({ id, bytes, low, high }) => [id, bytes / MIB, low / MIB, high / MIB]),
    [
      ['malloc-heap', 12, 12, 12],
      ['malloc-arenas', 8, 8, 8],
      ['vm-structures', 60, 0, 71.5],
      ['direct-buffers', 40, 28.5, 100],
    ],
  );
  assert.equal(by(after, 'vm-structures').reportedByJvm, 'GC 70 MiB committed, Compiler 1 MiB committed');
  assert.equal(by(after, 'direct-buffers').reportedByJvm, 'the JVM counts 20 MiB of direct buffers and Unsafe memory');
  assert.match(by(after, 'malloc-heap').reportedByJvm!, /^the JVM itself holds 60 MiB of malloc/);
});

test('native memory tracking makes no part of memory that the mappings do not show', () => {
  const heap = part('malloc-heap', 5);
  const after = withNativeMemory([heap], answers(category('GC', 12, 3)));
  assert.deepEqual(
    after.map(({ id }) => id),
    ['malloc-heap'],
  );
  assert.deepEqual(withNativeMemory([part('java-heap', 64)], answers(category('GC', 12, 3))), [part('java-heap', 64)]);
});
