import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LEDGER_PARTS } from '../../../../src/diagnosis/ledger/part-table.ts';
import { nativeGrowth } from '../../../../src/diagnosis/rules/native-growth.ts';
import { HOUR_S, MIB } from '../../../../src/units.ts';
import { applyRule, causeShare, eta, fieldTrend, type Given } from '../../../support/rule-context.ts';

const FLAT = { heap_used: fieldTrend('stable'), metaspace: fieldTrend('cyclic'), threads: fieldTrend('shrinking') };
const growing = (
  over: Given & {
    readonly fields?: Record<string, ReturnType<typeof fieldTrend>>;
    readonly seconds?: number;
    readonly leak?: boolean | null;
  } = {},
) =>
  applyRule(nativeGrowth, {
    ...over,
    evaluation: {
      trend: 'growing',
      leak: over.leak === undefined ? true : over.leak,
      causes: [causeShare('native')],
      etas: over.seconds === undefined ? [] : [eta('oom-kill', over.seconds)],
      fields: over.fields ?? {},
    },
  });

test('memory outside the heap that grows is named by what is flat, with the time to the OOM kill', () => {
  const values = { anon: 900, heap_committed: 400, metaspace: 60, threads: 30 };
  assert.deepEqual(growing({ values, jvm: {}, fields: FLAT, seconds: 40 * HOUR_S }), {
    id: 'native-growth',
    headline:
      'Memory outside the Java heap grows 31 MB an hour while heap, threads and metaspace are flat: native memory. OOM kill in 36 to 44 hours.',
    severity: 'warn',
    title: 'Native memory grows: direct buffers, JNI or malloc',
    evidence: {
      bytesPerHour: 31e6,
      anonBytes: 900,
      heapCommittedBytes: 400,
      metaspaceBytes: 60,
      threads: 30,
      flat: ['heap', 'threads', 'metaspace'],
    },
    advice:
      'First see whether the program holds it at all: `memhound explain --release` lets the JVM collect, since buffers that nobody uses wait for a collection, then has malloc give back what was freed, and says what each gave back. Set -XX:MaxDirectMemorySize to test for direct buffers: if they leak, the JVM throws an OutOfMemoryError with a stack. Set MALLOC_ARENA_MAX=2 to test for glibc arenas. Start with -XX:NativeMemoryTracking=summary and compare `jcmd PID VM.native_memory summary.diff`; it does not see JNI code and libraries.',
  });
});

test('without a JVM it is anonymous memory', () => {
  const found = growing();
  assert.equal(found?.headline, 'Anonymous memory grows 31 MB an hour: native memory.');
  assert.equal(found?.title, 'Anonymous memory grows');
});

test('one flat field is named alone, and what is not known to be flat is not named', () =>
  assert.match(
    growing({
      jvm: {},
      fields: { heap_used: fieldTrend('stable'), threads: fieldTrend('not-enough-data'), working_set: fieldTrend('stable') },
    })?.headline ?? '',
    /an hour while heap is flat: native memory\.$/,
  ));

test('without a limit it ends where the node runs short', () =>
  assert.match(
    growing({ series: { limitBytes: 'max' } })?.headline ?? '',
    /native memory\. No limit is set: it grows until the node/,
  ));

test('it is critical within a day of the OOM kill', () => {
  assert.equal(growing({ seconds: 24 * HOUR_S })?.severity, 'warn');
  assert.equal(growing({ seconds: 24 * HOUR_S - 1 })?.severity, 'critical');
  assert.equal(growing()?.severity, 'warn');
});

const NAMES = { 'malloc-arenas': 'malloc arenas', 'malloc-heap': 'malloc main heap', 'code-cache': 'code cache' } as const;
const part = (id: keyof typeof NAMES, grewBytes: number) => ({
  id,
  name: NAMES[id],
  process: null,
  bytes: grewBytes,
  grewBytes,
  bytesPerHour: grewBytes,
});

test('native memory that may wait for a collection is said to, while that is not known', () => {
  const said = (leak: boolean | null): string =>
    applyRule(nativeGrowth, {
      jvm: {},
      evaluation: {
        trend: 'growing',
        leak,
        causes: [causeShare('native')],
        causeBasis: [{ cause: 'native', trends: [], posterior: 0.99, cappedBy: 'collection', confidence: 0.75 }],
        fields: FLAT,
      },
    })!.headline!;
  assert.match(said(null), /are flat: native memory that may wait for a collection\./);
  assert.match(said(true), /are flat: native memory\./);
});

test('growth that may be the compilers is said to be no more than that, unless something is known to leak', () => {
  const warmUp = (leak: boolean | null) =>
    growing({
      leak,
      jvm: {},
      anonGrowth: {
        fromS: 0,
        toS: 60,
        readings: 2,
        grewBytes: 8 * MIB,
        parts: [part('malloc-arenas', 7 * MIB), part('code-cache', MIB)],
      },
    })?.headline ?? '';
  assert.match(warmUp(null), /native memory, no more than the compilers of a JVM take as it warms up\.$/);
  assert.match(warmUp(true), /: native memory\.$/);
});

test('the part of native memory that grew is named with its share', () => {
  const found = applyRule(nativeGrowth, {
    jvm: {},
    anonGrowth: {
      fromS: 0,
      toS: 60,
      readings: 2,
      grewBytes: 88 * MIB,
      parts: [part('malloc-arenas', 87 * MIB), part('malloc-heap', MIB)],
    },
    evaluation: { trend: 'growing', leak: true, causes: [causeShare('native', 31e6, { what: 'malloc arenas' })], etas: [] },
  })!;
  assert.equal(
    found.headline,
    'Memory outside the Java heap grows 31 MB an hour, 87 of 88 MiB of it in malloc arenas: native memory.',
  );
  assert.deepEqual(found.evidence.grewBytesByPart, { 'malloc arenas': 87 * MIB, 'malloc main heap': MIB });
});

test('the first advice is to see whether the memory is held; settings of glibc are given for glibc alone', () => {
  const advice = (allocator: 'glibc' | 'jemalloc' | 'musl' | null) =>
    applyRule(nativeGrowth, {
      allocator,
      evaluation: { trend: 'growing', leak: true, causes: [causeShare('native')], etas: [] },
    })!.advice;
  assert.match(advice('glibc'), /^First see whether the program holds it.*explain --release.*Set MALLOC_ARENA_MAX=2/);
  assert.equal(advice(null), advice('glibc'));
  assert.match(advice('jemalloc'), /runs with jemalloc, so MALLOC_ARENA_MAX and trimming do nothing/);
  assert.doesNotMatch(advice('musl'), /Set MALLOC_ARENA_MAX/);
});

test('what the mappings show to grow beside it is not called flat, although its counter stands', () => {
  const found = applyRule(nativeGrowth, {
    jvm: {},
    evaluation: { trend: 'growing', leak: null, causes: [causeShare('native'), causeShare('metaspace', 9e6)], fields: FLAT },
  });
  assert.match(found?.headline ?? '', /while heap and threads are flat: native memory/);
});

/** Direct buffers of 200 MiB, or another part, all of what grew. */
const grownIn = (
  id: 'direct-buffers' | 'thread-stacks' | 'malloc-heap' | 'malloc-arenas' | 'code-cache',
  flags: readonly string[] = [],
  threads = 40,
  over: Given = {},
) =>
  applyRule(nativeGrowth, {
    jvm: { flags: [...flags] },
    values: { anon: 300 * MIB, threads },
    ...over,
    series: { limitBytes: 1024 * MIB, ...over.series },
    anonGrowth: {
      fromS: 0,
      toS: 60,
      readings: 6,
      grewBytes: 100 * MIB,
      parts: [{ id, name: id, process: null, bytes: 200 * MIB, grewBytes: 100 * MIB, bytesPerHour: 31e6 }],
    },
    evaluation: {
      trend: 'growing',
      leak: true,
      causes: [causeShare('native', 31e6, { what: id })],
      etas: [eta('oom-kill', 10 * HOUR_S)],
      fields: FLAT,
    },
  });

test('direct buffers that -XX:MaxDirectMemorySize bounds below the limit end there, and only other blocks reach the limit', () => {
  assert.match(
    grownIn('direct-buffers', ['-XX:MaxDirectMemorySize=300m'])?.headline ?? '',
    /native memory\. Direct buffers end at 300 MiB \(-XX:MaxDirectMemorySize=300m\): there the JVM collects, and throws an OutOfMemoryError if they are in use\. Other blocks of malloc, and what a library maps, would go on: OOM kill in 9 to 11 hours\.$/,
  );
  for (const flags of [['-XX:MaxDirectMemorySize=2g'], ['-XX:MaxDirectMemorySize=150m'], []])
    assert.match(grownIn('direct-buffers', flags)?.headline ?? '', /native memory\. OOM kill in 9 to 11 hours\.$/);
});

test('direct buffers end at -Xmx where -XX:MaxDirectMemorySize is not given', () => {
  const headline = (heapMaxBytes: number, over: Given = {}) =>
    grownIn('direct-buffers', [], 40, { ...over, series: { heapMaxBytes } })?.headline ?? '';
  assert.match(
    headline(300 * MIB),
    /native memory\. Direct buffers end at 300 MiB \(as much as -Xmx, since -XX:MaxDirectMemorySize is not given\): there the JVM collects/,
  );
  const noBound = /native memory\. OOM kill in 9 to 11 hours\.$/;
  assert.match(headline(2048 * MIB), noBound, 'the limit has no room for it');
  assert.match(headline(300 * MIB, { allocator: 'jemalloc' }), noBound, 'all of malloc looks like direct buffers');
  assert.match(headline(300 * MIB, { allocator: 'glibc' }), /end at 300 MiB/);
});

test('with -XX:+DisableExplicitGC nothing is collected where direct buffers end, and that flag is the first advice about them', () => {
  const found = grownIn('direct-buffers', ['-XX:MaxDirectMemorySize=300m', '-XX:+DisableExplicitGC']);
  assert.match(
    found?.headline ?? '',
    /there the JVM throws an OutOfMemoryError, even if nobody uses them: -XX:\+DisableExplicitGC/,
  );
  assert.match(
    found?.advice ?? '',
    /says what each gave back\. -XX:\+DisableExplicitGC keeps the JVM from collecting for direct buffers/,
  );
  const given = ['-XX:+DisableExplicitGC', '-XX:-DisableExplicitGC', '-XX:MaxDirectMemorySize=300m'];
  assert.match(grownIn('direct-buffers', given)?.headline ?? '', /there the JVM collects/);
});

test('what grows beside native memory and brings it comes first in the advice: threads, and descriptors of one kind', () => {
  const beside = (cause: 'threads' | 'slab', over: Given = {}) =>
    applyRule(nativeGrowth, {
      ...over,
      evaluation: { trend: 'growing', leak: true, causes: [causeShare('native'), causeShare(cause, 4e6)] },
    })?.advice ?? '';
  assert.match(beside('threads'), /^Threads grow beside it, and each keeps its own buffers/);
  const selectors = {
    values: { kernel: 12 * MIB },
    kernelObjects: [{ pid: 7, kind: 'epoll', count: 3000, grew: 0, seconds: 0 }],
  } as const;
  assert.match(beside('slab', selectors), /^About 3,000 epoll sets are held open by pid 7: .* Each Selector holds/);
  assert.match(beside('slab'), /^First see whether the program holds it/);
});

test('what is set already is not advised', () => {
  const advice = grownIn('direct-buffers', ['-XX:MaxDirectMemorySize=2g', '-XX:NativeMemoryTracking=summary'])?.advice ?? '';
  assert.match(advice, /-XX:MaxDirectMemorySize=2g is set: a smaller one tests for direct buffers/);
  assert.match(advice, /tracked already: `jcmd PID VM\.native_memory baseline` now, and later/);
  assert.doesNotMatch(advice, /Set -XX:MaxDirectMemorySize|Start with/);
});

test('the advice is for the part that grew', () => {
  assert.doesNotMatch(grownIn('malloc-heap')?.advice ?? '', /MALLOC_ARENA_MAX|MaxDirectMemorySize/);
  assert.match(grownIn('malloc-heap')?.advice ?? '', /Inflater/);
  assert.match(grownIn('malloc-arenas')?.advice ?? '', /Inflater.*Direct buffers of less than 128 KiB.*MALLOC_ARENA_MAX/);
  assert.doesNotMatch(grownIn('direct-buffers')?.advice ?? '', /MALLOC_ARENA_MAX/);
  assert.match(grownIn('code-cache')?.advice ?? '', /ReservedCodeCacheSize/);
});

test('stacks that grow under a steady number of threads are named, with the advice to look for deep recursion', () => {
  const found = grownIn('thread-stacks');
  assert.equal(found?.title, 'Thread stacks grow: deep recursion or large frames');
  assert.match(found?.headline ?? '', /, 100 of 100 MiB of it in thread-stacks, while .* are flat: native memory\. OOM kill in/);
  assert.match(found?.advice ?? '', /recursion.*Thread\.print.*-Xss/);
  assert.doesNotMatch(found?.advice ?? '', /malloc|MALLOC|direct buffers/);
});

test('stacks end at the number of threads by -Xss if the limit has room for it, and only larger ones would go on', () => {
  const headline = (flags: string[], threads: number) => grownIn('thread-stacks', flags, threads)?.headline ?? '';
  const ends =
    /native memory\. If all 300 stacks are of 1 MiB, they end at 300 MiB, which the limit has room for\. If threads asked for larger ones, they go on: OOM kill in 9 to 11 hours\.$/;
  assert.match(headline([], 300), ends);
  assert.match(headline(['-Xss8m', '-Xss1024k'], 300), ends);
  assert.match(headline(['-XX:ThreadStackSize=1024'], 300), ends);
  const noBound = /native memory\. OOM kill in 9 to 11 hours\.$/;
  assert.match(headline([], 150), noBound, 'they take more than that already');
  assert.match(headline(['-Xss8m'], 300), noBound, 'more than the limit has room for');
});

test('what has no name may be direct buffers, malloc, or mappings of a library, and the advice has all of them', () => {
  assert.equal(LEDGER_PARTS['direct-buffers'].name, 'direct buffers, large malloc or mmap');
  const { advice = '' } = grownIn('direct-buffers') ?? {};
  assert.match(advice, /`memhound explain --release` .* -XX:MaxDirectMemorySize .* takes memory by mmap.*async-profiler/);
  assert.doesNotMatch(grownIn('malloc-arenas')?.advice ?? '', /mmap/);
});
