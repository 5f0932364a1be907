import assert from 'node:assert/strict';
import { test } from 'node:test';
import { planExceedsLimit } from '../../../../src/diagnosis/rules/plan-exceeds-limit.ts';
import { MIB } from '../../../../src/units.ts';
import { applyRule, causeShare, type Given, NOW_MS } from '../../../support/rule-context.ts';

interface Plan {
  readonly heapMax: number;
  /** MiB outside the heap, beside a heap of 100 MiB that is resident. */
  readonly outside: number;
  readonly limit: number;
  readonly flags?: readonly string[];
}
const at = ({ heapMax, outside, limit, flags = [] }: Plan, over: Given = {}) =>
  applyRule(planExceedsLimit, {
    ...over,
    values: { anon: (100 + outside) * MIB, heap_used: 80 * MIB, heap_committed: 100 * MIB, metaspace: 30 * MIB, ...over.values },
    series: { limitBytes: limit * MIB, heapMaxBytes: heapMax * MIB, ...over.series },
    jvm: { flags },
  });

test('-Xmx and what lies outside the heap are compared with the limit, with the flag that sets the heap', () => {
  const found = at({ heapMax: 400, outside: 140, limit: 500, flags: ['-XX:MaxRAMPercentage=80'] });
  assert.equal(
    found?.title,
    '-Xmx is 400 MiB (-XX:MaxRAMPercentage=80), and 140 MiB lie outside the heap: 40 MiB more than the limit of 500 MiB',
  );
  assert.equal(found?.severity, 'warn');
  assert.equal(found?.evidence.excessBytes, 40 * MIB);
  assert.deepEqual(found?.limit, { kind: 'memory', bytes: 500 * MIB, level: 'planned', levelBytes: 540 * MIB });
  assert.match(found?.advice ?? '', /Set -Xmx310m instead of -XX:MaxRAMPercentage=80/);
});

test('what others hold of the limit of a pod is no room for the heap', () => {
  const plan = { heapMax: 300, outside: 100, limit: 500, flags: ['-Xmx300m'] };
  assert.equal(at(plan), null);
  const found = at(plan, { values: { held_elsewhere: 150 * MIB } });
  assert.equal(
    found?.title,
    '-Xmx is 300 MiB, and 100 MiB lie outside the heap: 50 MiB more than the 350 MiB that others leave of the limit of 500 MiB',
  );
  assert.deepEqual(found?.limit, { kind: 'memory', bytes: 500 * MIB, level: 'planned', levelBytes: 550 * MIB });
  assert.equal(found?.evidence.heldElsewhereBytes, 150 * MIB);
  assert.match(found?.advice ?? '', /Set -Xmx200m, .*raise the limit to 605 MiB/);
});

test('kernel memory of cgroup v1, which may be dentries, lies outside the heap only as far as page tables and threads explain it', () => {
  const plan = { heapMax: 400, outside: 90, limit: 500 };
  const kernel = { kernel: 60 * MIB, process_pagetables: 2 * MIB, threads: 40 };
  const version = (v: 1 | 2) => ({ values: kernel, target: { cgroup: { version: v, path: '/x' } } }) as const;
  assert.match(at(plan, version(2))?.title ?? '', /150 MiB lie outside the heap/);
  assert.equal(at(plan, version(1)), null);
  assert.match(at({ ...plan, outside: 120 }, version(1))?.title ?? '', /123 MiB lie outside the heap/);
});

test('it is critical where much does not fit, and says where no heap is left at all', () => {
  assert.equal(at({ heapMax: 500, outside: 140, limit: 500 })?.severity, 'critical');
  assert.match(at({ heapMax: 400, outside: 480, limit: 500 })?.advice ?? '', /leaves no room for a heap/);
});

test('a heap of half or three quarters of the limit is no alarm', () => {
  assert.equal(at({ heapMax: 512, outside: 250, limit: 1024, flags: ['-Xmx512m'] }), null);
  assert.equal(at({ heapMax: 768, outside: 240, limit: 1024, flags: ['-Xmx768m'] }), null);
});

test('direct memory that a flag allows counts before it is used', () => {
  const plan = { heapMax: 400, outside: 90, limit: 500 };
  assert.equal(at(plan), null);
  const found = at({ ...plan, flags: ['-Xmx400m', '-XX:MaxDirectMemorySize=300m'] });
  assert.equal(
    found?.title,
    '-Xmx is 400 MiB, and 330 MiB may lie outside the heap (-XX:MaxDirectMemorySize=300m): 230 MiB more than the limit of 500 MiB',
  );
  assert.equal(found?.severity, 'warn');
  assert.equal(at({ ...plan, flags: ['-XX:MaxDirectMemorySize=60m'] }), null, 'these may be there already');
  assert.equal(at({ ...plan, flags: ['-XX:MaxDirectMemorySize=0'] }), null, '0 is the default of the JVM');
});

test('where only what may come outside the heap is too much, the advice is to lower that, and not to raise -Xmx', () => {
  const found = at({ heapMax: 300, outside: 30, limit: 500, flags: ['-Xmx300m', '-XX:MaxDirectMemorySize=400m'] });
  assert.match(found?.advice ?? '', /Lower what may come outside the heap by 230 MiB; or raise the limit/);
  assert.doesNotMatch(found?.advice ?? '', /Set -Xmx/);
});

test('stacks, code cache and metaspace that flags allow count before they are used, and defaults do not', () => {
  const parts = {
    t: Float64Array.of(NOW_MS / 1000 - 30),
    parts: [
      { id: 'java-heap', name: 'Java heap', process: null, bytes: Float64Array.of(100 * MIB) },
      { id: 'code-cache', name: 'code cache', process: null, bytes: Float64Array.of(10 * MIB) },
      { id: 'thread-stacks', name: 'thread stacks', process: null, bytes: Float64Array.of(4 * MIB) },
      { id: 'metaspace', name: 'metaspace', process: null, bytes: Float64Array.of(26 * MIB) },
    ],
  };
  const plan = { heapMax: 300, outside: 40, limit: 500 };
  const planned = (...flags: string[]) => at({ ...plan, flags }, { series: { parts }, values: { threads: 40 } });
  assert.equal(planned(), null);
  assert.equal(planned('-XX:ReservedCodeCacheSize=100m', '-Xss1m'), null, 'that fits');
  assert.equal(
    planned('-Xss8m')?.title,
    '-Xmx is 300 MiB, and 356 MiB may lie outside the heap (-Xss8m for 40 threads): 156 MiB more than the limit of 500 MiB',
  );
  const found = planned('-XX:ReservedCodeCacheSize=210m', '-XX:MaxMetaspaceSize=126m');
  assert.match(found?.title ?? '', /340 MiB may lie .*\(-XX:MaxMetaspaceSize=126m and -XX:ReservedCodeCacheSize=210m\)/);
  assert.deepEqual(found?.evidence.flags, ['-XX:MaxMetaspaceSize=126m', '-XX:ReservedCodeCacheSize=210m']);
});

test('the heaps of two JVMs in a container are planned together', () => {
  const other = { pid: 40, name: 'Batch', heapRises: null, heap: null, address: '' };
  const beside = (maxMib: number) =>
    at(
      { heapMax: 300, outside: 90, limit: 500 },
      { otherJvms: [{ ...other, heapPlan: { maxBytes: maxMib * MIB, committedBytes: 20 * MIB } }] },
    );
  assert.equal(beside(100), null);
  assert.equal(
    beside(320)?.title,
    '-Xmx is 300 MiB, and 390 MiB may lie outside the heap (-Xmx of Batch pid 40 is 320 MiB): 190 MiB more than the limit of 500 MiB',
  );
});

test('without counters, the heap of the mappings counts', () => {
  const part = (id: string, mib: number) => ({ id, name: id, process: null, bytes: Float64Array.of(mib * MIB) });
  const parts = { t: Float64Array.of(NOW_MS / 1000 - 30), parts: [part('java-heap', 20), part('malloc-arenas', 30)] };
  const found = applyRule(planExceedsLimit, {
    values: { anon: 50 * MIB },
    series: { limitBytes: 500 * MIB, heapMaxBytes: 600 * MIB, parts },
  });
  assert.match(found?.title ?? '', /^-Xmx is 600 MiB, and 30 MiB lie outside the heap: 130 MiB more/);
});

test('as much direct memory as -Xmx, the default of the JVM, counts only while direct buffers grow', () => {
  const plan = { heapMax: 400, outside: 90, limit: 500 };
  const growing = (what: string) => at(plan, { evaluation: { causes: [causeShare('native', 31e6, { what })] } });
  assert.equal(growing('malloc arenas'), null);
  assert.equal(
    growing('direct buffers, large malloc or mmap')?.title,
    '-Xmx is 400 MiB, and 430 MiB may lie outside the heap (as much as -Xmx, since -XX:MaxDirectMemorySize is not given): 330 MiB more than the limit of 500 MiB',
  );
});

test('where the mappings were read, what lies outside the heap is theirs, though the heap has grown since', () => {
  const part = (id: string, mib: number) => ({ id, name: id, process: null, bytes: Float64Array.of(mib * MIB) });
  const parts = {
    t: Float64Array.of(NOW_MS / 1000 - 30),
    parts: [part('java-heap', 60), part('direct-buffers', 110), part('malloc-arenas', 10)],
  };
  const plan = { heapMax: 400, outside: 80, limit: 500 };
  assert.equal(at(plan), null);
  assert.equal(at(plan, { series: { parts } })?.evidence.outsideHeapBytes, 120 * MIB);
  const flags = ['-XX:MaxDirectMemorySize=200m'];
  assert.equal(at({ ...plan, flags }, { series: { parts } })?.evidence.directMemoryRoomBytes, 90 * MIB);
  const old = { ...parts, t: Float64Array.of(NOW_MS / 1000 - 3600) };
  assert.equal(at(plan, { series: { parts: old } }), null, 'an old reading does not count');
});

test('the heap of ZGC lies in shared memory', () => {
  const zgc = (outside: number) =>
    applyRule(planExceedsLimit, {
      values: { anon: outside * MIB, shmem: 100 * MIB, heap_used: 80 * MIB, heap_committed: 100 * MIB },
      series: { limitBytes: 500 * MIB, heapMaxBytes: 400 * MIB },
      jvm: { collector: 'ZGC' },
    });
  assert.equal(zgc(90), null);
  assert.equal(zgc(140)?.evidence.outsideHeapBytes, 140 * MIB);
});

test('without a limit, without the figures of the heap, or with swap nothing is said', () => {
  const plan = { heapMax: 400, outside: 140, limit: 500 };
  assert.equal(at(plan, { series: { limitBytes: 'max', heapMaxBytes: 400 * MIB } }), null);
  assert.equal(at(plan, { values: { swap: 50 * MIB } }), null);
  assert.equal(
    applyRule(planExceedsLimit, { values: { anon: 240 * MIB }, series: { limitBytes: 500 * MIB, heapMaxBytes: 400 * MIB } }),
    null,
  );
});
