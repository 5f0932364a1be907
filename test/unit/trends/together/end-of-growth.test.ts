import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ByField, entriesOf } from '../../../../src/fields.ts';
import type { FieldEvaluation } from '../../../../src/trends/field/field-trend.ts';
import type { DerivedTrends, Limits } from '../../../../src/trends/together/cause-confidence.ts';
import { combineFields, etaTo } from '../../../../src/trends/together/causes.ts';
import type { CoMovement } from '../../../../src/trends/together/co-movement.ts';
import type { TrendStatistics } from '../../../../src/trends/types.ts';
import { DAY_S, HOUR_S } from '../../../../src/units.ts';
import { fieldEvaluation, growingField, UNMOVED } from '../../../support/evaluation.ts';

const MB = 1e6;
/** Longer than two days, so that it is no daily load. */
const windowSeconds = 200_000;
/** A field at 100 MB that grows by so many MB an hour. */
const growing = (mb: number, given: Partial<FieldEvaluation> = {}, half = 0.2 * mb) =>
  growingField(mb * MB, half * MB, { windowSeconds, ...given });
const still = fieldEvaluation({ windowSeconds, posterior: 0 });
const noted = (statistics: TrendStatistics) => fieldEvaluation({ basis: { ...still.basis, statistics } });
const since = (fromT: number) => ({ ...still.basis, line: { fromT, toT: 1e6, level: 0, slopePerSecond: 0 } });

const NONE: DerivedTrends = { native: null, locked: null, isSwapped: false, waits: null };
const UNLIMITED: Limits = { limit: 'max', heapMax: 'max' };

const answer = (fields: ByField<FieldEvaluation>, limits: Partial<Limits> = {}, moved = UNMOVED, derived = NONE) =>
  combineFields(new Map(entriesOf(fields)), derived, { ...UNLIMITED, ...limits }, moved, DAY_S);
const endsOf = (...given: Parameters<typeof answer>) =>
  answer(...given).etas.map(({ event, seconds, low, high }) => [
    event,
    ...[seconds, low, high].map((s) => (s === null ? null : Math.round((100 * s) / HOUR_S) / 100)),
  ]);

describe('growth ends', () => {
  test('in an OOM kill when what cannot be reclaimed meets the limit, sooner or later by the interval of its pace', () => {
    assert.deepEqual(endsOf({ anon: growing(10) }, { limit: 200 * MB }), [['oom-kill', 10, 8.33, 12.5]]);
    assert.deepEqual(endsOf({ anon: growing(10, {}, 12) }, { limit: 200 * MB }), [['oom-kill', 10, 4.55, null]], 'perhaps never');
    assert.deepEqual(endsOf({ anon: growing(10) }, { limit: 90 * MB }), [['oom-kill', 0, 0, 0]]);
    assert.deepEqual(endsOf({ anon: growing(10) }), []);
  });
  test('at the pace of all its parts: page cache, and slab that is split, are none', () => {
    const parts = { anon: growing(10), shmem: growing(5), slab_unreclaimable: growing(5), slab: growing(9), file: growing(30) };
    assert.equal(endsOf(parts, { limit: 500 * MB })[0]![1], 10, '200 of 500 MB are left, at 20 MB an hour');
    assert.equal(endsOf({ anon: still, slab: growing(10) }, { limit: 300 * MB })[0]![1], 10, 'slab as a whole is one');
  });
  test('with the kernel memory of new threads on cgroup v1, up to 40 KiB each', () => {
    const of = (kernelMb: number, threads: FieldEvaluation) =>
      endsOf({ anon: growing(10), kernel: growing(kernelMb), threads }, { limit: 400 * MB })[0]![1] as number;
    const each = growingField(500, 50, { windowSeconds, levelNow: 100 });
    assert.ok(of(10, each) < of(0.001, each), 'sooner than by anonymous memory alone');
    assert.equal(of(100, each), of(30, each), 'no more than 500 threads an hour take');
    assert.equal(of(30, still), of(0.001, still), 'threads that do not grow take none');
  });
  test('at the peak of the sum since the fastest of its parts began to grow', () => {
    const asked: [number, number][] = [];
    const moved: CoMovement = {
      ...UNMOVED,
      peak: (_, perHour, fromT) => {
        asked.push([perHour, fromT]);
        return 150 * MB;
      },
    };
    const [slow, fast] = [growing(5, { basis: since(7000) }), growing(20, { basis: since(5000) })];
    const still = growing(2, { basis: since(9000) });
    assert.deepEqual(endsOf({ anon: slow, shmem: fast, sock: still }, { limit: 204 * MB }, moved)[0]![1], 2);
    assert.deepEqual(asked, [[27 * MB, 5000]]);
  });
  test('with a full heap at -Xmx, and what comes sooner comes first', () => {
    const leak = { anon: growing(10), heap_used: growing(10) };
    assert.deepEqual(
      endsOf(leak, { limit: 120 * MB, heapMax: 150 * MB }).map(([event, hours]) => [event, hours]),
      [
        ['oom-kill', 2],
        ['heap-exhausted', 5],
      ],
    );
    assert.deepEqual(endsOf(leak, { heapMax: 150 * MB }), [['heap-exhausted', 5, 4.17, 6.25]]);
    const other = { anon: growing(10), heap_used: fieldEvaluation({ slopeBytesPerHour: MB }) };
    assert.deepEqual(endsOf(other, { heapMax: 150 * MB }), [], 'the heap does not grow');
    const both = { anon: growing(30), heap_used: growing(10), threads: growing(1e-5) };
    assert.ok(endsOf(both, { heapMax: 150 * MB }).some(([event]) => event === 'heap-exhausted'));
    assert.deepEqual(endsOf({ anon: growing(10) }, { heapMax: 150 * MB }), []);
  });
  test('in reclaim if all of it is page cache', () => {
    assert.deepEqual(endsOf({ usage: growing(20), file: growing(20) }, { limit: 200 * MB }), [['reclaim', 5, 4.17, 6.25]]);
    assert.deepEqual(endsOf({ usage: growing(20) }, { limit: 200 * MB }), [], 'but not where no cause is known');
  });
  test('at the newest peak of usage where that is page cache', () => {
    const moved: CoMovement = { ...UNMOVED, peak: ({ of }, _, fromT) => (of((id) => (id === 'usage' ? fromT : null)) ?? 0) * MB };
    const usage = growing(20, { basis: since(160) });
    assert.equal(endsOf({ usage, file: growing(20) }, { limit: 200 * MB }, moved)[0]![1], 2);
  });
});

describe('the confidence of growth', () => {
  test('is that of the surest cause; where it is a leak, of the surest that cannot be reclaimed', () => {
    const cache = { usage: growing(20), file: growing(20, { posterior: 0.98 }) };
    assert.equal(answer(cache).confidence, 0.98);
    const anon = growing(10, { posterior: 0.7 });
    assert.equal(answer({ ...cache, anon }).confidence, 0.7);
    assert.equal(answer({ ...cache, anon, shmem: growing(5, { posterior: 0.8 }) }).confidence, 0.8);
  });
  test('is 0.5 to 0.99, and that of usage where no cause is known', () => {
    assert.equal(answer({ anon: growing(10, { posterior: 1 }) }).confidence, 0.99);
    assert.equal(answer({ anon: growing(10, { posterior: 0.3 }) }).confidence, 0.5);
    assert.equal(answer({ usage: growing(10, { posterior: 0.9 }) }).confidence, 0.9);
  });
});

describe('where nothing grows', () => {
  const near = (found: number, expected: number) => assert.ok(Math.abs(found - expected) < 1e-9, `${found}, not ${expected}`);
  test('confidence falls with the highest posterior of growth, faster above 0.8', () => {
    const confidence = (posterior: number) =>
      answer({ usage: still, anon: fieldEvaluation({ posterior }), shmem: still }).confidence;
    near(confidence(0), 0.98);
    near(confidence(0.5), 0.88);
    near(confidence(0.9), 0.7);
    near(answer({ usage: still, slab: fieldEvaluation({ posterior: 0.5 }) }).confidence, 0.88);
    near(answer({ usage: still, file: fieldEvaluation({ posterior: 0.5 }) }).confidence, 0.98);
  });
  test('confidence falls while a rise has not stood for as long as it took', () => {
    const after = (standsSeconds: number) =>
      answer({ usage: still, anon: noted({ roseSeconds: 3600, standsSeconds }) }).confidence;
    near(after(7200), 0.98);
    near(after(1800), 0.905);
  });
  test('the trend is that of usage, or of anon, or stable if any field is', () => {
    const none = fieldEvaluation({ trend: 'not-enough-data', slopeBytesPerHour: null });
    const cyclic = fieldEvaluation({ trend: 'cyclic' });
    const trendOf = (fields: ByField<FieldEvaluation>) => [answer(fields).trend, answer(fields).leak];
    assert.deepEqual(trendOf({ usage: cyclic, anon: still }), ['cyclic', false]);
    assert.deepEqual(trendOf({ usage: none, anon: still }), ['not-enough-data', null]);
    assert.deepEqual(trendOf({ anon: cyclic, file: still }), ['cyclic', false]);
    assert.deepEqual(trendOf({ file: still, shmem: cyclic }), ['stable', false]);
    assert.deepEqual(trendOf({ file: cyclic }), ['not-enough-data', null]);
    assert.deepEqual(answer({ usage: still, anon: cyclic }).etas, []);
  });
  test('a rise of which it is not known whether it has stopped settles, and leaves open whether it leaks', () => {
    const undecidedRise = {
      amount: 40 * MB,
      share: 0.4,
      roseSeconds: 3600,
      standsSeconds: 60,
      pauseSeconds: 0,
      slopePerSecond: 1e4,
      rSquared: 0.8,
      levelNow: 140 * MB,
    };
    const rose = fieldEvaluation({ undecidedRise });
    const { trend, leak, confidence, etas, causes } = answer({ usage: still, anon: rose });
    assert.deepEqual([trend, leak, confidence, etas, causes], ['settling', null, 0.6, [], []]);
    const none = fieldEvaluation({ trend: 'not-enough-data', slopeBytesPerHour: null });
    assert.equal(answer({ usage: none, anon: rose }).trend, 'not-enough-data');
    assert.equal(answer({ usage: growing(10), anon: rose }).leak, null);
  });
});

test('anonymous memory and usage that grow without a cause leave open whether it leaks; one of them does not', () => {
  const native = { field: still, untouchedBytes: 0 };
  const leakOf = (fields: ByField<FieldEvaluation>) => answer(fields, {}, UNMOVED, { ...NONE, native }).leak;
  assert.equal(leakOf({ usage: growing(10), anon: growing(10), heap_used: still }), null);
  assert.equal(leakOf({ usage: growing(10), anon: still, heap_used: still }), false);
  assert.equal(leakOf({ usage: still, anon: growing(10), heap_used: still }), false);
});

test('growth at a rate of all but nothing has no end', () => {
  const room = 700 * 2 ** 20;
  assert.equal(etaTo(room, { slope: 1e-6, low: 0, high: 1e-6 }, 'oom-kill'), null);
  assert.equal(etaTo(room, { slope: 1e6, low: 0, high: 2e6 }, 'oom-kill')?.event, 'oom-kill');
});

test('what takes more than a year to fill the limit is open until a day has been seen', () => {
  const leakOf = (seconds: number, fields: ByField<FieldEvaluation>, limits: Partial<Limits> = { limit: 8760 * MB }) =>
    combineFields(new Map(entriesOf(fields)), NONE, { ...UNLIMITED, ...limits }, UNMOVED, seconds).leak;
  const slow = { usage: still, anon: growing(0.9) };
  assert.equal(leakOf(DAY_S - 1, slow), null);
  assert.equal(leakOf(DAY_S, slow), true);
  assert.equal(leakOf(HOUR_S, { usage: still, anon: growing(1.1) }), true);
  assert.equal(leakOf(HOUR_S, { ...slow, shmem: growing(0.9) }), true, 'together they are faster');
  assert.equal(leakOf(HOUR_S, slow, {}), true, 'without a limit nothing is known of its end');
  const heap = { usage: still, anon: still, heap_used: growing(0.9) };
  assert.equal(leakOf(HOUR_S, heap), null);
  assert.equal(leakOf(HOUR_S, heap, { limit: 8760 * MB, heapMax: 4000 * MB }), true, 'a heap fills -Xmx');
  assert.equal(leakOf(HOUR_S, { usage: growing(0.9), file: growing(0.9) }), false, 'page cache is no leak');
});

test('native memory of a JVM that fits what its heap may not have touched yet is no leak while growth is less likely than not', () => {
  const leakOf = (posterior: number, more: ByField<FieldEvaluation> = { heap_used: still }, heapMax = 150 * MB) =>
    answer({ usage: still, anon: growing(10, { posterior }), ...more }, { heapMax }).leak;
  assert.deepEqual([leakOf(0.49), leakOf(0.5)], [null, true]);
  const beyond = (posterior: number) => leakOf(posterior, { heap_used: still }, 80 * MB);
  assert.deepEqual([beyond(0.24), beyond(0.25)], [null, true], 'more than the heap can be');
  assert.equal(leakOf(0.49, {}), true, 'no JVM');
  assert.equal(leakOf(0.49, { heap_used: still, shmem: growing(10) }), true, 'shared memory is no heap');
});
