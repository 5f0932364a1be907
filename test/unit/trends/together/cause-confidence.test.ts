import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ByField, entriesOf, type FieldName } from '../../../../src/fields.ts';
import type { FieldEvaluation } from '../../../../src/trends/field/field-trend.ts';
import {
  causeBasis,
  type DerivedTrends,
  grows,
  type Limits,
  mayBeStartUp,
} from '../../../../src/trends/together/cause-confidence.ts';
import type { Cause } from '../../../../src/trends/types.ts';
import { DAY_S, HOUR_S, MIB, MINUTE_S } from '../../../../src/units.ts';
import { fieldEvaluation, growingField } from '../../../support/evaluation.ts';
import { eta } from '../../../support/rule-context.ts';

type Given = ByField<FieldEvaluation>;
const fieldsOf = (given: Given) => new Map<FieldName, FieldEvaluation>(entriesOf(given));
const LIMITS: Limits = { limit: 4096 * MIB, heapMax: 2048 * MIB };

/** 0.99 where the growth is taken as it is, 0.75 where it may still turn out to be bounded. */
const confidence = (...given: Parameters<typeof basis>): number => basis(...given).confidence;

const basis = (cause: Cause, given: Given, limits: Limits = LIMITS, derived: Partial<DerivedTrends> = {}) =>
  causeBasis({ cause, bytesPerHour: 1, reclaimable: false, what: null }, fieldsOf(given), limits, {
    native: null,
    locked: null,
    isSwapped: false,
    waits: null,
    ...derived,
  });

/** A field that grows by so many MiB an hour over hours, from 100 MiB on. */
const grown = (perHour: number, hours: number, given: Partial<FieldEvaluation> = {}): FieldEvaluation =>
  growingField(perHour * MIB, MIB, {
    windowSeconds: hours * HOUR_S,
    levelAtStart: 100 * MIB,
    levelNow: (100 + perHour * hours) * MIB,
    ...given,
  });
const since = (hours: number) => ({
  basis: { ...fieldEvaluation().basis, line: { fromT: 0, toT: hours * HOUR_S, level: 0, slopePerSecond: 0 } },
});

test('a field grows where its trend says so', () => {
  assert.equal(grows(fieldsOf({ anon: growingField(1, 1) }), 'anon'), true);
  assert.equal(grows(fieldsOf({ anon: fieldEvaluation() }), 'anon'), false);
  assert.equal(grows(fieldsOf({}), 'anon'), false);
});

test('a cause is as sure as the surest field that shows it, and only fields that grow count', () => {
  const threads = grown(1, 30, { posterior: 0.8 });
  assert.equal(confidence('threads', { threads, kernel_stack: grown(1, 30, { posterior: 0.9 }) }), 0.9);
  assert.equal(confidence('threads', { threads, kernel_stack: fieldEvaluation({ posterior: 0.95 }) }), 0.8);
  assert.equal(confidence('threads', { anon: grown(1, 30) }), 0);
  assert.equal(confidence('shmem', { shmem: grown(1, 1, { posterior: 0.6 }) }), 0.6, 'less sure than what may be bounded');
});

describe('growth of the first five minutes may be the start', () => {
  const soon = (event: 'oom-kill' | 'heap-exhausted' | 'reclaim', seconds: number, grewSeconds: number): boolean =>
    mayBeStartUp(grewSeconds, grewSeconds, [eta(event, seconds)]);
  test('and later growth not', () => {
    assert.equal(mayBeStartUp(5 * MINUTE_S, 5 * MINUTE_S, []), true);
    assert.equal(mayBeStartUp(5 * MINUTE_S + 1, 5 * MINUTE_S + 1, []), false);
  });
  test('unless a limit is met within half an hour, and within 24 times as long as it grows', () => {
    for (const event of ['oom-kill', 'heap-exhausted'] as const) {
      assert.deepEqual([soon(event, 30 * MINUTE_S, 240), soon(event, 30 * MINUTE_S - 1, 240)], [true, false]);
      assert.deepEqual([soon(event, 24 * 60, 60), soon(event, 24 * 60 - 1, 60)], [true, false]);
    }
    assert.equal(mayBeStartUp(60, 60, [eta('oom-kill', HOUR_S), eta('heap-exhausted', 60)]), false);
    assert.equal(soon('reclaim', 60, 240), true, 'that page cache is reclaimed does not matter');
  });
  test('also near a limit for its first thirty seconds: a pool fills as straight as a leak', () => {
    assert.deepEqual([soon('oom-kill', 120, 29), soon('oom-kill', 120, 30)], [true, false]);
    assert.equal(mayBeStartUp(240, 29, [eta('oom-kill', 120)]), true, 'growth that began later');
    assert.deepEqual([soon('oom-kill', 7, 28), soon('oom-kill', 6, 28)], [true, false], 'next to nothing is left of the limit');
    assert.equal(soon('heap-exhausted', 6, 28), true, 'a heap may be filled up to -Xmx');
    assert.deepEqual([soon('oom-kill', 1, 9), soon('oom-kill', 1, 10)], [true, false], 'a pace of seconds is that of a moment');
  });
  test('however fast it is, unless earlier runs grew alike', () => {
    const atStart = (given: Partial<FieldEvaluation>) =>
      causeBasis(
        { cause: 'metaspace', bytesPerHour: 1, reclaimable: false, what: null },
        fieldsOf({ metaspace: grown(1500, 1 / 30, given) }),
        LIMITS,
        { native: null, locked: null, isSwapped: false, waits: null },
        () => true,
      );
    assert.deepEqual([atStart({}).confidence, atStart({}).cappedBy], [0.75, 'daily-load']);
    assert.equal(atStart({ dailyLoadExcluded: true }).confidence, 0.99);
    assert.equal(confidence('metaspace', { metaspace: grown(1500, 1 / 30) }), 0.99);
  });
  test('of a heap unless eight collections show that -Xmx is met within the hour', () => {
    const heap = (collections: number, heapMax: number) => {
      const statistics = { ...fieldEvaluation().basis.statistics, fullCollections: collections };
      const field = grown(120, 1 / 30, { basis: { ...fieldEvaluation().basis, statistics } });
      return causeBasis(
        { cause: 'heap', bytesPerHour: 1, reclaimable: false, what: null },
        fieldsOf({ heap_used: field }),
        { limit: 'max', heapMax },
        { native: null, locked: null, isSwapped: false, waits: null },
        () => true,
      ).confidence;
    };
    assert.deepEqual([heap(8, 224 * MIB), heap(7, 224 * MIB), heap(8, 225 * MIB)], [0.99, 0.75, 0.75]);
  });
});

test('native memory is at most probable while it may wait for a collection, and other memory does not wait', () => {
  const anon = grown(1500, 1, { dailyLoadExcluded: true });
  const waiting = (cause: Cause, state: 'open' | 'given-back' | 'counts') => {
    const { confidence: sure, cappedBy } = causeBasis(
      { cause, bytesPerHour: 1, reclaimable: false, what: null },
      fieldsOf({ anon, shmem: anon }),
      LIMITS,
      { native: null, locked: null, isSwapped: false, waits: null },
      () => false,
      state,
    );
    return [sure, cappedBy];
  };
  assert.deepEqual(waiting('native', 'open'), [0.75, 'collection']);
  assert.deepEqual(waiting('native', 'given-back'), [0.75, 'collection']);
  assert.deepEqual(
    [waiting('native', 'counts'), waiting('shmem', 'open')],
    [
      [0.99, null],
      [0.99, null],
    ],
  );
});

test('what a heap keeps may be soft references for a second for each free MiB, if -Xmx fits the limit and is not near', () => {
  // 340 MiB are there after 20 minutes of 720 MiB an hour.
  const heap = (freeMib: number, given: Partial<FieldEvaluation> = {}, limit: Limits['limit'] = 'max') => {
    const field = grown(720, 1 / 3, { levelNow: 340 * MIB, ...given });
    return basis('heap', { heap_used: field }, { limit, heapMax: (340 + freeMib) * MIB });
  };
  assert.deepEqual([heap(1201).confidence, heap(1201).cappedBy], [0.75, 'soft-references']);
  assert.deepEqual([heap(1200).confidence, heap(1200).cappedBy], [0.99, null]);
  assert.equal(heap(1201, { dailyLoadExcluded: true }).cappedBy, null, 'earlier runs grew alike');
  assert.equal(heap(1201, {}, 1541 * MIB).cappedBy, null, 'the limit comes first');
  assert.equal(heap(1201, {}, 1542 * MIB).cappedBy, 'soft-references');
  const fast = (mibPerHour: number) => heap(1201, { slopeBytesPerHour: mibPerHour * MIB }).cappedBy;
  assert.deepEqual([fast(2402), fast(2403)], ['soft-references', null], 'half an hour to -Xmx');
});

test('growth at the start lasts since it has about the slope of now, and one that slows down may end', () => {
  const seconds: number[] = [];
  const atStart = (given: Partial<FieldEvaluation>): number => {
    causeBasis(
      { cause: 'shmem', bytesPerHour: 1, reclaimable: false, what: null },
      fieldsOf({ shmem: grown(3600, 1 / 60, given) }),
      LIMITS,
      { native: null, locked: null, isSwapped: false, waits: null },
      (grewSeconds) => seconds.push(grewSeconds) > 0,
    );
    return Math.round(seconds.at(-1)!);
  };
  assert.equal(atStart({}), 60);
  assert.equal(atStart(since(10 / 3600)), 60, 'a bend');
  assert.equal(atStart({ ...since(10 / 3600), levelNow: 112 * MIB }), 12, 'it began late');
  assert.deepEqual([atStart({ levelNow: 220 * MIB }), atStart({ levelNow: 221 * MIB })], [60, 0]);
});

describe('growth of less than a day may be daily load', () => {
  const shmem = (field: FieldEvaluation, limits: Limits = LIMITS) =>
    confidence('shmem', { shmem: field, anon: fieldEvaluation() }, limits);
  test('where it is slower than a tenth of its level an hour', () => {
    assert.equal(shmem(grown(9, 20)), 0.75);
    assert.equal(shmem(grown(11, 20)), 0.99);
  });
  test('not after a day', () => {
    assert.equal(shmem(grown(9, 23.9)), 0.75);
    assert.equal(shmem(grown(9, 24)), 0.99);
  });
  test('not where it is known to be none', () => assert.equal(shmem(grown(9, 20, { dailyLoadExcluded: true })), 0.99));
  test('past ten minutes where it has risen by less than half as yet, or still settles', () => {
    assert.equal(shmem(grown(100, 0.4)), 0.75);
    assert.equal(shmem(grown(100, 0.6)), 0.99);
    assert.equal(shmem(grown(100, 0.6, { saturating: true })), 0.75);
    assert.equal(shmem(grown(240, 0.15)), 0.99, 'nine minutes');
    assert.equal(shmem(grown(240, 0.18)), 0.75, 'eleven minutes');
  });
  test('unless the limit is met within the hour', () => {
    const near = (mib: number) => shmem(grown(100, 0.4), { ...LIMITS, limit: 100e6 + mib * MIB });
    // 100 MB of anon and 140 MiB of shmem are there.
    assert.equal(near(239), 0.99);
    assert.equal(near(241), 0.75);
    assert.equal(shmem(grown(100, 0.4), { ...LIMITS, limit: 'max' }), 0.75);
    assert.equal(shmem(grown(100, 0.4), { ...LIMITS, limit: null }), 0.75);
  });
  test('a heap meets -Xmx, not the limit of the container', () => {
    const heap = (mib: number | 'max') =>
      confidence('heap', { heap_used: grown(100, 0.4) }, { limit: 150 * MIB, heapMax: mib === 'max' ? 'max' : mib * MIB });
    assert.deepEqual([heap(239), heap(241), heap('max')], [0.99, 0.75, 0.75]);
  });
  test('threads meet no limit, and without anon the whole limit is left', () => {
    assert.equal(confidence('threads', { threads: grown(100, 0.4) }, { ...LIMITS, limit: MIB }), 0.75);
    assert.equal(confidence('shmem', { shmem: grown(100, 0.4) }, { ...LIMITS, limit: 99 * MIB }), 0.99);
    assert.equal(confidence('shmem', { shmem: grown(100, 0.4) }, { ...LIMITS, limit: 101 * MIB }), 0.75);
  });
  test('all of its fields must be so', () => {
    assert.equal(confidence('slab', { slab_unreclaimable: grown(9, 20), kernel: grown(11, 20) }), 0.99);
    assert.equal(confidence('slab', { slab_unreclaimable: grown(9, 20), kernel: grown(9, 20) }), 0.75);
  });
});

test('a drift that began within the last day may be daily load until it has lasted for the hours that the run saw before', () => {
  const shmem = (hours: number, began: number) => confidence('shmem', { shmem: grown(50, hours, since(began)) });
  assert.equal(shmem(24, 6), 0.75);
  assert.equal(shmem(29, 6), 0.75);
  assert.equal(shmem(30, 6), 0.99, 'these hours were seen on another day');
  assert.equal(shmem(24, 24), 0.99);
  assert.equal(shmem(20, 6), 0.99, 'in a run of less than a day the pace decides');
});

describe('native memory may be a heap that is touched for the first time', () => {
  const anon = (mib: number, given: Partial<FieldEvaluation> = {}) => grown(50, 30, { levelNow: mib * MIB, ...given });
  const heap = fieldEvaluation();
  const native = (given: Given, limits: Limits = LIMITS) => confidence('native', given, limits);
  test('while anon is below -Xmx and a bit', () => {
    // 1.15 of 2048 MiB are 2355.
    assert.equal(native({ anon: anon(2350), heap_used: heap }), 0.75);
    assert.equal(native({ anon: anon(2360), heap_used: heap }), 0.99);
  });
  test('not where there is no heap, or nothing bounds it', () => {
    assert.equal(native({ anon: anon(2000) }), 0.99);
    assert.equal(native({ anon: anon(2000), heap_used: heap }, { ...LIMITS, heapMax: 'max' }), 0.99);
    assert.equal(native({ anon: anon(2000), heap_used: heap }, { ...LIMITS, heapMax: null }), 0.99);
  });
  test('not where earlier runs show that it leaks in spite of a heap that fits the limit', () => {
    const leaked = { anon: anon(2000, { dailyLoadExcluded: true }), heap_used: heap };
    assert.equal(native(leaked), 0.99);
    assert.equal(native(leaked, { ...LIMITS, limit: 2048 * MIB }), 0.75, 'the heap alone reaches the limit');
    assert.equal(native(leaked, { ...LIMITS, limit: 'max' }), 0.99);
    assert.equal(
      confidence('shmem', { anon: anon(2000), heap_used: heap, shmem: grown(50, 30) }),
      0.99,
      'of native memory alone',
    );
  });
  test('where the JVM says how much of its heap was not seen in use, until it has grown by that', () => {
    const given = { anon: anon(2000), heap_used: heap };
    const beside = (untouchedMiB: number, field = grown(50, 30)) =>
      confidence('native', given, LIMITS, { native: { field, untouchedBytes: untouchedMiB * MIB } });
    assert.deepEqual([beside(1499), beside(1501)], [0.99, 0.75]);
    const late = grown(50, 30, { ...since(4), levelNow: 150 * MIB });
    assert.deepEqual([beside(199, late), beside(201, late)], [0.99, 0.75]);
    assert.deepEqual(
      [beside(1499, grown(50, 30, since(4))), beside(1501, grown(50, 30, since(4)))],
      [0.99, 0.75],
      'it only bent',
    );
    assert.equal(beside(0, grown(50, 30, { slopeBytesPerHour: null, posterior: 0.8 })), 0.8);
    assert.equal(beside(0, grown(5, DAY_S / HOUR_S / 2)), 0.75, 'it may be daily load');
  });
});

describe('what rests on no field of its own', () => {
  test('locked page cache is believed in as its own trend is', () => {
    assert.equal(confidence('locked-cache', {}, LIMITS, { locked: grown(50, 60, { posterior: 0.97 }) }), 0.97);
    assert.equal(confidence('locked-cache', {}, LIMITS, { locked: grown(5, 12) }), 0.75, 'it may be daily load');
  });
  test('kernel memory without a name is believed in as the sum is, named kernel memory as its field is', () => {
    const kernel = grown(50, 60, { posterior: 0.9 });
    assert.equal(confidence('kernel', { kernel }), 0.9);
    assert.equal(confidence('kernel', { kernel, percpu: grown(50, 60, { posterior: 0.95 }) }), 0.95);
  });
});

test('what the confidence rests on says which part of a field grew, its posterior and why the confidence is capped', () => {
  const outsideHeap = grown(5, 30, { posterior: 0.97 });
  const native = (untouchedBytes: number) =>
    basis('native', { anon: grown(50, 30), heap_used: fieldEvaluation() }, LIMITS, {
      native: { field: outsideHeap, untouchedBytes },
    });
  assert.deepEqual(native(0), {
    cause: 'native',
    trends: [
      {
        field: 'anon',
        part: 'outside-heap',
        slopeBytesPerHour: outsideHeap.slopeBytesPerHour,
        low: outsideHeap.low,
        high: outsideHeap.high,
        posterior: 0.97,
      },
    ],
    posterior: 0.97,
    cappedBy: null,
    confidence: 0.97,
  });
  const { posterior, cappedBy, confidence } = native(1000 * MIB);
  assert.deepEqual([posterior, cappedBy, confidence], [0.97, 'heap-expansion', 0.75]);
  assert.equal(basis('shmem', { shmem: grown(9, 20) }).cappedBy, 'daily-load');
});
