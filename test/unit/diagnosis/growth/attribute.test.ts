import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type AnonGrowth, anonGrowth } from '../../../../src/diagnosis/growth/anon-growth.ts';
import { attribute, SEVERAL_PROCESSES } from '../../../../src/diagnosis/growth/attribute.ts';
import type { Cause, Evaluation } from '../../../../src/trends/types.ts';
import { HOUR_S, MIB } from '../../../../src/units.ts';
import { causeShare, eta, fieldTrend } from '../../../support/rule-context.ts';

/** Readings an hour apart: MiB that each part had at first, and at last. */
function grown(parts: Readonly<Record<string, readonly [number, number]>>): AnonGrowth {
  const growth = anonGrowth(
    {
      t: Float64Array.of(HOUR_S, 2 * HOUR_S),
      parts: Object.entries(parts).map(([name, [from, to]]) => ({
        id: /^[a-z-]+$/.test(name) && name !== 'convert' ? name : 'other-process',
        name,
        process: null,
        bytes: Float64Array.of(from * MIB, to * MIB),
      })),
    },
    HOUR_S,
    2 * HOUR_S,
  );
  assert.ok(growth !== null);
  return growth;
}

/** A leak of 100 MiB an hour of anonymous memory, which the fields lay on these causes. */
function leaking(causes: readonly Cause[], over: Partial<Evaluation> = {}): Evaluation {
  return {
    trend: 'growing',
    leak: true,
    confidence: 0.95,
    causes: causes.map((cause) => causeShare(cause, (100 * MIB) / causes.length)),
    etas: [eta('oom-kill', 600)],
    needs: null,
    causeBasis: [],
    fields: { anon: fieldTrend('growing', 100 * MIB), threads: fieldTrend('stable') },
    ...over,
  };
}

const mib = (bytesPerHour: number): number => Math.round(bytesPerHour / MIB);
const named = ({ causes }: Evaluation) => causes.map(({ cause, what, bytesPerHour }) => [cause, what, mib(bytesPerHour)]);

test('thirty threads cannot take what direct buffers grew by: native comes first, threads with what their stacks grew by', () => {
  const evaluation = leaking(['threads'], {
    fields: { anon: fieldTrend('growing', 100 * MIB), threads: fieldTrend('growing', 10) },
  });
  const growth = grown({ 'direct-buffers': [10, 107], 'thread-stacks': [1, 4] });
  assert.deepEqual(named(attribute({ evaluation, growth, heapCounted: true })), [
    ['native', 'direct-buffers', 97],
    ['threads', null, 3],
  ]);
});

test('the little malloc that comes with threads is theirs', () => {
  const evaluation = leaking(['threads'], {
    fields: { anon: fieldTrend('growing', 100 * MIB), threads: fieldTrend('growing', 500) },
  });
  const growth = grown({ 'malloc-arenas': [10, 50], 'thread-stacks': [1, 61] });
  assert.deepEqual(named(attribute({ evaluation, growth, heapCounted: true })), [['threads', null, 100]]);
});

test('on cgroup v1 the kernel memory that comes with threads is theirs, up to 40 KiB each', () => {
  const threads = (kernelMib: number) =>
    attribute({
      evaluation: leaking(['threads'], {
        fields: {
          anon: fieldTrend('growing', 60 * MIB),
          threads: fieldTrend('growing', 512),
          kernel: fieldTrend('growing', kernelMib * MIB),
        },
      }),
      growth: grown({ 'thread-stacks': [1, 61] }),
      heapCounted: true,
    });
  assert.deepEqual(named(threads(12)), [['threads', null, 72]]);
  assert.deepEqual(named(threads(90)), [['threads', null, 80]]);
});

test('on cgroup v2 the kernel stacks that come with threads are theirs', () => {
  const threads = (stacks: number | null) =>
    attribute({
      evaluation: leaking(['threads'], {
        fields: {
          anon: fieldTrend('growing', 60 * MIB),
          threads: fieldTrend('growing', 512),
          kernel: fieldTrend('growing', 90 * MIB),
          kernel_stack: fieldTrend('growing', stacks),
        },
      }),
      growth: grown({ 'thread-stacks': [1, 61] }),
      heapCounted: true,
    });
  assert.deepEqual(named(threads(8 * MIB)), [['threads', null, 68]]);
  assert.deepEqual(named(threads(-8 * MIB)), [['threads', null, 60]]);
  assert.deepEqual(named(threads(null)), [['threads', null, 60]]);
});

test('stacks that grew under a steady number of threads are native memory, and no thread is the cause', () => {
  const growth = grown({ 'direct-buffers': [0, 100], 'thread-stacks': [1, 31] });
  const evaluation = leaking(['native'], { fields: { anon: fieldTrend('growing', 130 * MIB) } });
  assert.deepEqual(named(attribute({ evaluation, growth, heapCounted: true })), [['native', 'direct-buffers', 130]]);
});

test('if stacks alone grew under a steady number of threads, native memory is named after them and leaks', () => {
  const growth = grown({ 'thread-stacks': [10, 110] });
  const answer = attribute({ evaluation: leaking(['native']), growth, heapCounted: true });
  assert.deepEqual([named(answer), answer.leak], [[['native', 'thread-stacks', 100]], true]);
});

test('another process that grows is named, and the JVM is not blamed', () => {
  const growth = grown({ convert: [0, 99], 'java-heap': [64, 65] });
  assert.deepEqual(named(attribute({ evaluation: leaking(['native']), growth, heapCounted: true })), [
    ['process', 'convert', 99],
  ]);
});

test('each process with a tenth of the growth is named, the others are not', () => {
  const growth = grown({ convert: [0, 60], 'Log Shipper': [0, 31], Cron: [0, 9] });
  assert.deepEqual(named(attribute({ evaluation: leaking(['native']), growth, heapCounted: true })), [
    ['process', 'convert', 60],
    ['process', 'Log Shipper', 31],
  ]);
});

test('what shrinks beside a part that grows is not set off against it', () => {
  const growth = grown({ 'direct-buffers': [0, 100], 'malloc-arenas': [40, 10] });
  const evaluation = leaking(['native'], { fields: { anon: fieldTrend('growing', 70 * MIB) } });
  assert.deepEqual(named(attribute({ evaluation, growth, heapCounted: true })), [['native', 'direct-buffers', 100]]);
});

test('a few MiB of native memory beside a heap that fills are no cause: less than what counts as growth at all', () => {
  const namedOf = (native: number, heap: number) =>
    named(
      attribute({
        evaluation: leaking(['native']),
        growth: grown({ 'malloc-arenas': [1, 1 + native], 'java-heap': [5, 5 + heap] }),
        heapCounted: true,
      }),
    );
  assert.deepEqual(namedOf(3.3, 20), [], 'as in a spike of the heap');
  assert.deepEqual(namedOf(5, 20), [['native', 'malloc-arenas', 5]], 'enough to be a leak of its own');
  assert.deepEqual(namedOf(3.3, 2), [['native', 'malloc-arenas', 3]], 'little, but most of what grew');
});

test('native memory that is spread over several parts has no one name', () => {
  const growth = grown({ 'malloc-heap': [0, 50], 'direct-buffers': [0, 50] });
  assert.deepEqual(named(attribute({ evaluation: leaking(['native']), growth, heapCounted: true })), [['native', null, 100]]);
});

test('what grew only within the range of a counted heap is the heap that fills: no cause, and whether it leaks is open', () => {
  const growth = grown({ 'java-heap': [64, 164] });
  const answer = attribute({ evaluation: leaking(['native']), growth, heapCounted: true });
  assert.deepEqual([named(answer), answer.leak, answer.etas], [[], null, []]);
  assert.ok(answer.confidence <= 0.75);
});

test('the range of a heap without counters grows: the heap is named, and whether it leaks is open', () => {
  const growth = grown({ 'java-heap': [64, 160], 'malloc-arenas': [5, 9] });
  const answer = attribute({ evaluation: leaking(['native']), growth, heapCounted: false });
  assert.deepEqual([named(answer), answer.leak], [[['heap', null, 96]], null]);
});

test('mappings without a name may be a heap or malloc: their growth is no cause, and whether it leaks is open', () => {
  const growth = grown({ 'unnamed-mappings': [64, 160], 'malloc-arenas': [5, 9] });
  const answer = attribute({ evaluation: leaking(['native']), growth, heapCounted: false });
  assert.deepEqual([answer.causes, answer.leak], [[], null]);
});

test('without counters and before the parts were read twice, growth is not called native', () => {
  const answer = attribute({ evaluation: leaking(['native']), growth: null, heapCounted: false });
  assert.deepEqual([answer.causes, answer.leak], [[], null]);
});

test('before the parts were read twice, the causes of the fields stay, but for native memory without counters', () => {
  const counted = leaking(['threads', 'native']);
  assert.equal(attribute({ evaluation: counted, growth: null, heapCounted: true }), counted);
  const threads = leaking(['threads']);
  assert.equal(attribute({ evaluation: threads, growth: null, heapCounted: false }), threads);
  const answer = attribute({ evaluation: counted, growth: null, heapCounted: false });
  assert.deepEqual([named(answer), answer.leak], [[['threads', null, 50]], true]);
});

test('where whether it leaks is open, only the times of disk and reclaim stay', () => {
  const etas = [eta('oom-kill', 600), eta('heap-exhausted', 700), eta('reclaim', 800), eta('disk-full', 900)];
  const answer = attribute({ evaluation: leaking(['native'], { etas }), growth: null, heapCounted: false });
  assert.deepEqual(
    answer.etas.map(({ event }) => event),
    ['reclaim', 'disk-full'],
  );
});

test('measured parts have causes where the fields found none', () => {
  const growth = grown({ 'direct-buffers': [0, 100] });
  assert.deepEqual(named(attribute({ evaluation: leaking([]), growth, heapCounted: true })), [['native', 'direct-buffers', 100]]);
});

test('where neither fields nor parts find a cause in anonymous memory, leak and times stay', () => {
  const evaluation = leaking([], { causes: [causeShare('page-cache', 9 * MIB)] });
  const answer = attribute({ evaluation, growth: grown({ 'java-heap': [0, 100] }), heapCounted: true });
  assert.deepEqual(answer, evaluation);
});

test("the collector's tables of a heap that expands are the heap, and not native memory: whether it leaks is not known", () => {
  const growth = grown({ 'java-heap': [100, 180], 'vm-structures': [2, 14] });
  const answer = attribute({ evaluation: leaking(['native']), growth, heapCounted: true });
  assert.deepEqual([named(answer), answer.leak, answer.etas], [[], null, []]);
  const larger = grown({ 'java-heap': [100, 180], 'vm-structures': [2, 40] });
  assert.deepEqual(named(attribute({ evaluation: leaking(['native']), growth: larger, heapCounted: true })), [
    ['native', 'vm-structures', 32],
  ]);
  const ahead = grown({ 'java-heap': [0.5, 27.8], 'vm-structures': [1, 5.3], libraries: [1, 2.1] });
  assert.deepEqual(named(attribute({ evaluation: leaking(['native']), growth: ahead, heapCounted: true })), [], 'touched first');
});

test('a heap leak without a trend of anonymous memory is measured at the pace of its causes', () => {
  for (const fields of [{}, { anon: fieldTrend('stable', 60 * MIB) }]) {
    const growth = grown({ 'direct-buffers': [0, 80], 'java-heap': [64, 84] });
    const answer = attribute({ evaluation: leaking(['heap'], { fields }), growth, heapCounted: true });
    assert.deepEqual(named(answer), [
      ['heap', null, 100],
      ['native', 'direct-buffers', 80],
    ]);
  }
});

test('without counters leak stays open where it was, and false where only page cache grows', () => {
  const early = leaking([], { trend: 'not-enough-data', leak: null, confidence: 0.9, fields: {} });
  assert.equal(attribute({ evaluation: early, growth: null, heapCounted: false }), early);
  const cache = leaking([], { causes: [causeShare('page-cache')], leak: false, fields: { anon: fieldTrend('stable') } });
  assert.equal(attribute({ evaluation: cache, growth: null, heapCounted: false }), cache);
});

test('an evaluation that does not grow is left alone, though its anonymous memory does', () => {
  const settling = leaking([], { trend: 'settling', leak: false });
  assert.equal(attribute({ evaluation: settling, growth: grown({ 'direct-buffers': [0, 100] }), heapCounted: true }), settling);
});

test('without counters a heap that stands still may leak within what it has touched: leak is open', () => {
  const still = leaking([], { trend: 'stable', leak: false, confidence: 0.95, etas: [], fields: { anon: fieldTrend('stable') } });
  const answer = (heapCounted: boolean) => attribute({ evaluation: still, growth: null, heapCounted });
  assert.deepEqual([answer(false).leak, answer(false).confidence, answer(false).trend], [null, 0.75, 'stable']);
  assert.deepEqual([answer(true).leak, answer(true).confidence], [false, 0.95]);
});

test('native memory that was measured is a leak, with counters or without', () => {
  for (const heapCounted of [true, false]) {
    const answer = attribute({ evaluation: leaking(['native']), growth: grown({ 'malloc-arenas': [5, 105] }), heapCounted });
    assert.deepEqual([named(answer), answer.leak, answer.etas.length], [[['native', 'malloc-arenas', 100]], true, 1]);
  }
});

test('a heap leak keeps the pace of its floor, and native memory beside it is named where it was measured', () => {
  const growth = grown({ 'java-heap': [64, 124], 'direct-buffers': [5, 45] });
  assert.deepEqual(named(attribute({ evaluation: leaking(['heap']), growth, heapCounted: true })), [
    ['heap', null, 100],
    ['native', 'direct-buffers', 40],
  ]);
});

test('class loaders bring malloc: as much as their metaspace is theirs, more is native', () => {
  const few = grown({ metaspace: [10, 70], 'malloc-arenas': [5, 45] });
  assert.deepEqual(named(attribute({ evaluation: leaking(['metaspace']), growth: few, heapCounted: true })), [
    ['metaspace', null, 100],
  ]);
  const many = grown({ metaspace: [10, 30], 'malloc-arenas': [5, 85] });
  assert.deepEqual(named(attribute({ evaluation: leaking(['metaspace']), growth: many, heapCounted: true })), [
    ['native', 'malloc-arenas', 60],
    ['metaspace', null, 40],
  ]);
});

test('compiled code is not what class loaders bring beside their metaspace', () => {
  const growth = grown({ metaspace: [10, 18], 'code-cache': [5, 23], 'malloc-arenas': [2, 4] });
  assert.deepEqual(named(attribute({ evaluation: leaking(['metaspace']), growth, heapCounted: true })), [
    ['native', 'code-cache', 18],
    ['metaspace', null, 10],
  ]);
});

test('class loaders take no malloc that threads took, and metaspace of a trend is named with little growth, too', () => {
  const both = leaking(['threads', 'metaspace'], {
    fields: { anon: fieldTrend('growing', 100 * MIB), threads: fieldTrend('growing', 10) },
  });
  const growth = grown({ metaspace: [10, 60], 'malloc-arenas': [5, 35], 'thread-stacks': [1, 21] });
  assert.deepEqual(named(attribute({ evaluation: both, growth, heapCounted: true })), [
    ['metaspace', null, 59],
    ['threads', null, 41],
  ]);
  const little = grown({ metaspace: [10, 12], 'direct-buffers': [0, 98] });
  assert.deepEqual(named(attribute({ evaluation: leaking(['metaspace']), growth: little, heapCounted: true })), [
    ['native', 'direct-buffers', 96],
    ['metaspace', null, 4],
  ]);
});

test('metaspace that grows by its mappings is named, also while the JVM has not renewed its figure', () => {
  const growth = grown({ metaspace: [10, 70], 'malloc-arenas': [5, 45] });

  test('metaspace in the mappings is that of the start where no class is loaded any more and other native memory grows', () => {
    const causes = (classesPerHour: number, parts = grown({ metaspace: [10, 70], 'malloc-arenas': [5, 45] })) => {
      const classes = { ...fieldTrend('stable', classesPerHour), windowSeconds: 1800 };
      const evaluation = leaking(['native'], { fields: { anon: fieldTrend('growing', 100 * MIB), classes } });
      return named(attribute({ evaluation, growth: parts, heapCounted: true }));
    };
    assert.deepEqual(causes(1.9), [['native', 'malloc-arenas', 40]]);
    assert.deepEqual(causes(2), [['metaspace', null, 100]], 'one class in half an hour');
    assert.deepEqual(causes(0, grown({ metaspace: [10, 70] })), [['metaspace', null, 100]], 'nothing else grows');
  });
  assert.deepEqual(named(attribute({ evaluation: leaking(['native']), growth, heapCounted: true })), [['metaspace', null, 100]]);
});

test('causes outside anonymous memory stay, behind those that cannot be reclaimed', () => {
  const evaluation = leaking([], {
    causes: [causeShare('page-cache', 900 * MIB), causeShare('native', 100 * MIB), causeShare('slab', 300 * MIB)],
  });
  const answer = attribute({ evaluation, growth: grown({ 'direct-buffers': [0, 100] }), heapCounted: true });
  assert.deepEqual(
    answer.causes.map(({ cause }) => cause),
    ['slab', 'native', 'page-cache'],
  );
});

test('an evaluation in which anonymous memory does not grow is left alone', () => {
  const evaluation = leaking([], { causes: [causeShare('page-cache')], leak: false, fields: { anon: fieldTrend('stable') } });
  assert.equal(attribute({ evaluation, growth: grown({ 'direct-buffers': [0, 100] }), heapCounted: true }), evaluation);
});

test('a part takes the pace of the trend, so that none is faster than the whole; under a trend of a moment it keeps its own', () => {
  const slow = leaking(['native'], { fields: { anon: fieldTrend('growing', 80 * MIB) } });
  const growth = grown({ 'direct-buffers': [0, 100] });
  assert.deepEqual(named(attribute({ evaluation: slow, growth, heapCounted: true })), [['native', 'direct-buffers', 80]]);
  const slower = leaking(['native'], { fields: { anon: fieldTrend('growing', 10 * MIB) } });
  assert.deepEqual(named(attribute({ evaluation: slower, growth, heapCounted: true })), [['native', 'direct-buffers', 10]]);
  const faster = leaking(['native'], { fields: { anon: fieldTrend('growing', 900 * MIB) } });
  assert.deepEqual(named(attribute({ evaluation: faster, growth, heapCounted: true })), [['native', 'direct-buffers', 100]]);
});

test('growth that the mappings did not divide names no cause: those of the fields stay', () => {
  const evaluation = leaking(['native', 'threads']);
  const answer = attribute({ evaluation, growth: grown({ anon: [10, 110] }), heapCounted: true });
  assert.deepEqual(answer.causes, evaluation.causes);
});

/** A heap without counters that rose by 200 MiB in 60 s, and stands. */
const standing = (standsSeconds: number): Evaluation =>
  leaking([], {
    trend: 'stable',
    leak: false,
    etas: [],
    fields: {
      anon: {
        ...fieldTrend('stable'),
        basis: { ...fieldTrend('stable').basis, statistics: { rise: 200 * MIB, roseSeconds: 60, standsSeconds } },
      },
    },
  });

test('a heap without counters that has not stood for as long as it rose is reported as growing, leak unknown', () => {
  const growth = grown({ 'java-heap': [20, 220] });
  const answer = attribute({ evaluation: standing(40), growth, heapCounted: false });
  assert.deepEqual([answer.trend, answer.leak, answer.etas], ['growing', null, []]);
  assert.deepEqual(named(answer), [['heap', null, 2 * 3600]]);
});

test('once it has stood for as long as it rose it does not grow, and whether it leaks stays unknown', () => {
  const answer = attribute({ evaluation: standing(60), growth: grown({ 'java-heap': [20, 220] }), heapCounted: false });
  assert.deepEqual([answer.trend, answer.leak, answer.causes], ['stable', null, []]);
});

test('neither counted heaps nor other parts are taken for a heap that fills in steps', () => {
  const heap = grown({ 'java-heap': [20, 220] });
  const native = grown({ 'malloc-arenas': [20, 220] });
  assert.equal(attribute({ evaluation: standing(40), growth: heap, heapCounted: true }).trend, 'stable');
  assert.equal(attribute({ evaluation: standing(40), growth: native, heapCounted: false }).trend, 'stable');
});

test('processes of many names that grow together are one cause, where none of them is large enough to be one', () => {
  const evaluation = leaking(['native']);
  const names = Array.from({ length: 12 }, (_, i) => `Tool ${i}`);
  const growth = grown(Object.fromEntries(names.map((name) => [name, [1, 9] as const])));
  assert.deepEqual(named(attribute({ evaluation, growth, heapCounted: true })), [['process', SEVERAL_PROCESSES, 96]]);
});

test('a cause with a thirtieth of the largest one is not reported beside it', () => {
  const evaluation = leaking(['heap', 'native'], {
    causes: [causeShare('heap', MIB), causeShare('native', 99 * MIB)],
  });
  assert.deepEqual(named(attribute({ evaluation, growth: grown({ 'direct-buffers': [0, 99] }), heapCounted: true })), [
    ['native', 'direct-buffers', 100],
  ]);
});

test('blocks of buffers are not taken for memory of the threads that start beside them', () => {
  const evaluation = leaking(['threads'], {
    fields: { anon: fieldTrend('growing', 100 * MIB), threads: fieldTrend('growing', 500) },
  });
  const growth = grown({ 'direct-buffers': [0, 40], 'thread-stacks': [0, 60] });
  assert.deepEqual(named(attribute({ evaluation, growth, heapCounted: true })), [
    ['threads', null, 60],
    ['native', 'direct-buffers', 40],
  ]);
});

test('beside a heap that takes pages in steps, native memory keeps the pace that was measured: the trend of all memory is flat between two', () => {
  const evaluation = leaking(['heap'], { fields: { anon: fieldTrend('growing', 110 * MIB), threads: fieldTrend('stable') } });
  const growth = grown({ 'direct-buffers': [10, 110], 'java-heap': [50, 450] });
  assert.deepEqual(named(attribute({ evaluation, growth, heapCounted: true })), [
    ['heap', null, 100],
    ['native', 'direct-buffers', 100],
  ]);
});
