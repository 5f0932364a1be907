import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heapFloor } from '../../../../src/diagnosis/rules/heap-floor.ts';
import type { CauseBasis } from '../../../../src/trends/types.ts';
import { GIB, HOUR_S, MIB } from '../../../../src/units.ts';
import { applyRule, causeShare, eta, fileRow, type Given } from '../../../support/rule-context.ts';

const leaking = (etas: readonly ReturnType<typeof eta>[], over: Given = {}) =>
  applyRule(heapFloor, {
    values: { heap_used: 700 * MIB },
    ...over,
    evaluation: { trend: 'growing', leak: true, causes: [causeShare('heap')], etas },
  });
const FLOOR = "The Java heap's floor after GC rises 31 MB an hour";

test('a rising floor is a heap leak, with the time to -Xmx and the size of -Xmx in the advice', () => {
  const found = leaking([eta('heap-exhausted', 40 * HOUR_S)], {
    values: { heap_used: 700 * MIB },
    series: { heapMaxBytes: GIB },
    jvm: {},
  });
  assert.deepEqual(found, {
    id: 'heap-floor',
    headline: `${FLOOR} and reaches -Xmx in 36 to 44 hours: OutOfMemoryError, before any OOM kill.`,
    severity: 'warn',
    title: 'What survives garbage collection grows: a Java heap leak',
    evidence: {
      bytesPerHour: 31e6,
      heapUsedBytes: 700 * MIB,
      heapMaxBytes: GIB,
      collections: 40,
      fullCollections: 2,
      collector: 'G1',
    },
    advice:
      'Take two class histograms some time apart and compare them (`memhound explain --histogram --attach`, or `jcmd PID GC.class_histogram`), or dump the heap before 1 GiB is reached. A larger -Xmx only delays it.',
  });
});

test('the end is -Xmx or the container limit, whichever comes first', () => {
  const [exhausted, oom] = [eta('heap-exhausted', 40 * HOUR_S), eta('oom-kill', 30 * HOUR_S)];
  assert.equal(leaking([exhausted, oom])?.headline, `${FLOOR} and reaches the container's limit in 27 to 33 hours: OOM kill.`);
  assert.match(leaking([exhausted, eta('oom-kill', 40 * HOUR_S)])?.headline ?? '', /reaches -Xmx/);
  assert.match(leaking([oom])?.headline ?? '', /reaches the container's limit/);
});

test('a heap that soft references may fill is no leak yet, and its end is a condition', () => {
  const found = (leak: boolean | null, cappedBy: CauseBasis['cappedBy']) =>
    applyRule(heapFloor, {
      values: { heap_used: 700 * MIB },
      evaluation: {
        trend: 'growing',
        leak,
        causes: [causeShare('heap')],
        causeBasis: [{ cause: 'heap', trends: [], posterior: 0.95, cappedBy, confidence: 0.75 }],
        etas: [eta('heap-exhausted', 40 * HOUR_S)],
      },
    });
  const open = found(null, 'soft-references');
  assert.match(open?.headline ?? '', /floor after GC rises 31 MB an hour and, if it goes on, reaches -Xmx in 36 to 44 hours/);
  assert.equal(open?.title, 'What survives garbage collection grows: a Java heap leak, or soft references that fill it');
  for (const known of [found(true, 'soft-references'), found(null, null), found(null, 'daily-load')]) {
    assert.match(known?.headline ?? '', /rises 31 MB an hour and reaches -Xmx/);
    assert.equal(known?.title, 'What survives garbage collection grows: a Java heap leak');
  }
});

test('an -Xmx that the limit has no room for is not the end, also where the time to an OOM kill is not known', () => {
  const series = { heapMaxBytes: GIB, limitBytes: 200 * MIB };
  assert.equal(
    leaking([eta('heap-exhausted', 120)], { series })?.headline,
    `${FLOOR} and reaches the container's limit before -Xmx: OOM kill.`,
  );
});

test('without any time to an end none is claimed, and -Xmx stays a name in the advice', () => {
  const found = leaking([]);
  assert.equal(found?.headline, `${FLOOR}.`);
  assert.match(found?.advice ?? '', /dump the heap before -Xmx is reached/);
  assert.deepEqual(
    [found?.evidence.collections, found?.evidence.fullCollections, found?.evidence.collector],
    [null, null, null],
    'no JVM was read',
  );
});

test('without a limit, -Xmx is the end and no OOM kill is mentioned; without -Xmx the node runs short of memory', () => {
  const series = { limitBytes: 'max' } as const;
  assert.match(leaking([eta('heap-exhausted', 40 * HOUR_S)], { series })?.headline ?? '', /: OutOfMemoryError\.$/);
  assert.equal(
    leaking([], { series })?.headline,
    `${FLOOR}. No limit is set: it grows until the node runs short of memory. Kubernetes then evicts pods, first those above their request.`,
  );
});

test('a heap without counters is not said to have a floor, although its parts are not known yet', () => {
  assert.match(
    leaking([], { values: {} })?.headline ?? '',
    /^Anonymous memory grows 31 MB an hour, in the range of the Java heap\. The JVM publishes no counters/,
  );
});

test('a heap in shared memory, of a JVM without counters, is known by its file', () => {
  const heap = fileRow({ path: '/memfd:java_heap', fileSystem: { kind: 'tmpfs', freeBytes: 0, totalBytes: 1 } });
  assert.match(
    leaking([], { values: {}, files: [heap] })?.headline ?? '',
    /^The Java heap, which this JVM holds in shared memory, grows 31 MB an hour\. The JVM publishes no counters/,
  );
});

test('it is critical within a day of either end', () => {
  assert.equal(leaking([eta('heap-exhausted', 24 * HOUR_S)])?.severity, 'warn');
  assert.equal(leaking([eta('heap-exhausted', 24 * HOUR_S - 1)])?.severity, 'critical');
  assert.equal(leaking([eta('oom-kill', 24 * HOUR_S - 1)])?.severity, 'critical');
});
