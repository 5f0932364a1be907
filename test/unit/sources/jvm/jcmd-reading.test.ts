import assert from 'node:assert/strict';
import { test } from 'node:test';
import { G1CycleCounter } from '../../../../src/sources/jvm/g1-cycles.ts';
import { type JcmdTexts, toAskedReading, withNewerAnswer } from '../../../../src/sources/jvm/jcmd-reading.ts';
import { jvmValues } from '../../../../src/sources/jvm/jvm-values.ts';
import { KIB, MIB } from '../../../../src/units.ts';
import { jvmReading } from '../../../support/jvm-reading.ts';

const read = (texts: Partial<JcmdTexts>) =>
  toAskedReading({ heapInfo: '', events: '', metaspace: '', version: '', args: ['java'], ...texts }, 1000, new G1CycleCounter());
const asked = (texts: Partial<JcmdTexts>) => read(texts) ?? assert.fail('no heap is understood');

const SERIAL_8 = ` def new generation   total 30720K, used 19072K [0x00000000f9c00000, 0x00000000fbd50000, 0x00000000fbd50000)
  eden space 27328K,  57% used [0x00000000f9c00000, 0x00000000fab502b0, 0x00000000fb6b0000)
 tenured generation   total 68288K, used 17686K [0x00000000fbd50000, 0x0000000100000000, 0x0000000100000000)
   the space 68288K,  25% used [0x00000000fbd50000, 0x00000000fce95840, 0x00000000fce95a00, 0x0000000100000000)
 Metaspace       used 3712K, capacity 4632K, committed 4864K, reserved 1056768K
  class space    used 404K, capacity 459K, committed 512K, reserved 1048576K
`;
const G1_17 = ` garbage-first heap   total 102400K, used 32700K [0x00000000f9c00000, 0x0000000100000000)
  region size 1024K, 10 young (10240K), 2 survivors (2048K)
`;

test('JDK 8 without counters: heap, old generation, -Xmx and metaspace are those of GC.heap_info', () => {
  const jvm = asked({ heapInfo: SERIAL_8, version: 'OpenJDK 64-Bit Server VM version 25.504-b01\nJDK 8.0_504' });
  assert.deepEqual([jvm.source, jvm.version, jvm.collector], ['attach', '1.8.0_504', 'Serial']);
  assert.deepEqual(jvm.heapUsed, { value: (19072 + 17686) * KIB, atMs: 1000 });
  assert.deepEqual([jvm.oldUsed?.value, jvm.heapMax], [17686 * KIB, 100 * MIB]);
  assert.deepEqual([jvm.metaspace?.used.value, jvm.metaspace?.committed], [3712 * KIB, 4864 * KIB]);
  assert.equal(jvm.compressedClass?.committed, 512 * KIB);
});

test('what of G1’s heap is old is what is not young', () => {
  const jvm = asked({ heapInfo: G1_17 });
  assert.deepEqual([jvm.collector, jvm.oldUsed?.value], ['G1', (32700 - 10240) * KIB]);
});

for (const [release, entry] of [
  ['17', '{Heap after GC invocations=12 (full 3):'],
  ['25', 'Event: 5.698 {heap After GC invocations=12 (full 3):'],
] as const)
  test(`collections are the newest of the history that JDK ${release} keeps`, () => {
    const events = `Event: 0.1 GC heap after\n{Heap after GC invocations=2 (full 1):\n}\n${entry}\n}`;
    const jvm = asked({ heapInfo: SERIAL_8, events });
    assert.deepEqual([jvm.gcCount, jvm.fullGcCount, jvmValues(jvm).gc_count], [12, 3, 12]);
  });

test('collections that are not known are no field, nor is the time that they took', () => {
  const values = jvmValues(asked({ heapInfo: SERIAL_8 }));
  assert.deepEqual([values.gc_count, values.full_gc_count, values.gc_seconds], [undefined, undefined, undefined]);
  assert.equal(values.heap_used, (19072 + 17686) * KIB);
});

test('ZGC prints its maximum, and says nothing of what is old', () => {
  const jvm = asked({ heapInfo: ' ZHeap           used 4M, capacity 64M, max capacity 200M\n' });
  assert.deepEqual([jvm.collector, jvm.heapMax, jvm.oldUsed, jvm.fullGcCount], ['ZGC', 200 * MIB, null, null]);
});

test('an answer without a heap is no reading', () => {
  assert.equal(read({ heapInfo: 'java.lang.IllegalArgumentException: Unknown diagnostic command' }), null);
});

const COUNTED = jvmReading({
  collector: 'ZGC',
  heapUsed: { value: 60 * MIB, atMs: 500 },
  heapCommitted: { value: 64 * MIB, atMs: 500 },
  oldUsed: { value: 30 * MIB, atMs: 500 },
  metaspace: { used: { value: MIB, atMs: 500 }, committed: 2 * MIB, maxBytes: null },
});
const ZGC_11 = ` ZHeap           used 54M, capacity 132M, max capacity 256M
 Metaspace       used 22528K, capacity 22630K, committed 23552K, reserved 24576K
`;

test('an answer that is newer than the last collection replaces what only a collection updates, but not the live set', () => {
  const jvm = withNewerAnswer(COUNTED, asked({ heapInfo: ZGC_11 }));
  assert.deepEqual([jvm.heapUsed, jvm.heapCommitted.value], [{ value: 54 * MIB, atMs: 1000 }, 132 * MIB]);
  assert.deepEqual(jvm.metaspace, { used: { value: 22 * MIB, atMs: 1000 }, committed: 23 * MIB, maxBytes: null });
  assert.deepEqual(jvm.oldUsed, COUNTED.oldUsed);
});

test('counters that a collection has updated since the answer stay', () => {
  const counters = { ...COUNTED, heapUsed: { value: 40 * MIB, atMs: 1001 } };
  assert.deepEqual(withNewerAnswer(counters, asked({ heapInfo: ZGC_11 })), counters);
});

test('collections that no counter counts are those of the JVM’s history', () => {
  const answer = asked({ heapInfo: ZGC_11, events: '{Heap after GC invocations=4 (full 4):\n}' });
  assert.equal(withNewerAnswer({ ...COUNTED, gcCount: null }, answer).gcCount, 4);
  assert.equal(withNewerAnswer({ ...COUNTED, gcCount: 7 }, answer).gcCount, 7);
});

test('both survivor spaces are committed, though the total of the young generation leaves one out', () => {
  const young = `DefNew     total 12288K, used 7014K [0x00000000fd800000, 0x00000000fe550000, 0x00000000fe550000)
 eden space 10944K,  64% used [0x00000000fd800000, 0x00000000fded98b8, 0x00000000fe2b0000)
 from space 1344K,   0% used [0x00000000fe2b0000, 0x00000000fe2b0000, 0x00000000fe400000)
 to   space 1344K,   0% used [0x00000000fe400000, 0x00000000fe400000, 0x00000000fe550000)
Tenured    total 27328K, used 1156K [0x00000000fe550000, 0x0000000100000000, 0x0000000100000000)
`;
  const jvm = asked({ heapInfo: young });
  assert.deepEqual([jvm.heapCommitted.value, jvm.heapMax], [(12288 + 1344 + 27328) * KIB, 40 * MIB]);
});
