import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withoutSharedHeap } from '../../../../src/diagnosis/growth/shared-heap.ts';
import type { Cause } from '../../../../src/trends/types.ts';
import { jvmReading } from '../../../support/jvm-reading.ts';
import { causeShare, eta, fileRow, filesThatGrow, ruleContext } from '../../../support/rule-context.ts';

function left(causes: readonly Cause[], path: string, collector: 'ZGC' | 'G1' | null = 'ZGC') {
  const { evaluation } = ruleContext({
    evaluation: { trend: 'growing', leak: true, causes: causes.map((cause) => causeShare(cause)), etas: [eta('oom-kill', 600)] },
  });
  const row = fileRow({ path, fileSystem: { kind: 'tmpfs', freeBytes: 0, totalBytes: 1 } });
  const jvm = collector === null ? null : jvmReading({ collector });
  const found = withoutSharedHeap(evaluation, jvm, filesThatGrow([row]).grown, jvm !== null);
  return [found.causes.map(({ cause }) => cause), found.leak, found.etas.length];
}

test('the heap of ZGC is shared memory: it is one cause, the heap, not two', () =>
  assert.deepEqual(left(['heap', 'shmem'], '/memfd:java_heap'), [['heap'], true, 1]));

test('before its floor is known, whether the heap leaks is not known', () =>
  assert.deepEqual(left(['shmem'], '/memfd:java_heap'), [[], null, 0]));

test('a heap in shared memory of a JVM without counters is the heap, of which nobody knows what a collection leaves', () => {
  assert.deepEqual(left(['shmem'], '/memfd:java_heap', null), [['heap'], null, 0]);
  assert.deepEqual(left(['shmem'], '/dev/shm/queue', null), [['shmem'], true, 1]);
});

test('the little that grows beside such a heap comes after it, and what grows faster before it', () => {
  const shares = (nativePerHour: number) => {
    const causes = [causeShare('native', nativePerHour), causeShare('shmem', 100e6)];
    const { evaluation } = ruleContext({ evaluation: { trend: 'growing', leak: true, causes } });
    const row = fileRow({ path: '/memfd:java_heap', fileSystem: { kind: 'tmpfs', freeBytes: 0, totalBytes: 1 } });
    const found = withoutSharedHeap(evaluation, null, filesThatGrow([row]).grown, false);
    return [found.causes.map(({ cause }) => cause), found.leak];
  };
  assert.deepEqual(shares(3e6), [['heap', 'native'], null]);
  assert.deepEqual(shares(300e6), [['native', 'heap'], true]);
});

test('what grows beside a heap of ZGC that fills is told with its answer only where it is faster, and a trickle of malloc is not', () => {
  const beside = (nativePerHour: number) => {
    const causes = [causeShare('native', nativePerHour), causeShare('shmem', 100e6)];
    const { evaluation } = ruleContext({ evaluation: { trend: 'growing', leak: true, causes, etas: [eta('oom-kill', 600)] } });
    const row = fileRow({ path: '/memfd:java_heap', fileSystem: { kind: 'tmpfs', freeBytes: 0, totalBytes: 1 } });
    const found = withoutSharedHeap(evaluation, jvmReading({ collector: 'ZGC' }), filesThatGrow([row]).grown, true);
    return [found.causes.map(({ cause }) => cause), found.leak, found.etas.length];
  };
  assert.deepEqual(beside(5e6), [[], null, 0]);
  assert.deepEqual(beside(40e6), [['native'], null, 0]);
  assert.deepEqual(beside(300e6), [['native'], true, 1]);
});

test('other files of shared memory, and shared memory beside another collector, stay a cause', () => {
  assert.deepEqual(left(['shmem'], '/dev/shm/queue'), [['shmem'], true, 1]);
  assert.deepEqual(left(['shmem'], '/memfd:java_heap', 'G1'), [['shmem'], true, 1]);
});
