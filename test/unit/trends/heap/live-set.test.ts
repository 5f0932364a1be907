import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ByField, entriesOf } from '../../../../src/fields.ts';
import { anonOutsideHeap, liveSetAfterGc } from '../../../../src/trends/heap/live-set.ts';

const GAP = Number.NaN;
const seriesOf = (columns: ByField<readonly number[]>, length: number) => ({
  t: Float64Array.from({ length }, (_, i) => 10 * i),
  fields: new Map(entriesOf(columns).map(([id, column]) => [id, Float64Array.from(column)])),
  restarts: [],
  oomKills: [],
  processKills: [],
});

describe('the live set', () => {
  /** Collections and what the old generation held, sample by sample; the heap holds 1000 more. */
  const found = (count: readonly number[], old: readonly number[], more: ByField<readonly number[]> = {}, from = 0) => {
    const columns = { full_gc_count: count, old_used: old, heap_used: old.map((value) => value + 1000), ...more };
    const set = liveSetAfterGc(seriesOf(columns, old.length), from, old.length);
    return set.state === 'known' ? [...set.t].map((t, k) => `${t} ${set.y[k]}`) : set.state;
  };

  test('is the least that the old generation held after each of its collections, when it held that', () => {
    assert.deepEqual(found([0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3], [90, 95, 40, 30, 50, 45, 35, 60, 41, 36, 70, 80]), [
      '30 30',
      '60 35',
      '90 36',
    ]);
  });
  test('does not count the newest collection before it has gone on for longer than earlier ones took to their least', () => {
    const old = [90, 40, 45, 30, 60, 50, 45, 36, 80, 55, 50];
    assert.deepEqual(found([0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3], old), ['30 30', '70 36']);
    assert.deepEqual(found([0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3], [...old, 48]), ['30 30', '70 36', '110 48']);
  });
  test('takes a collection that is seen in one sample and the next one for one', () => {
    assert.deepEqual(found([0, 1, 2, 2, 2, 3, 3, 3], [90, 40, 30, 50, 60, 35, 50, 60]), ['20 30', '50 35']);
    assert.deepEqual(found([0, 1, 2, 2, 2, 3, 3, 3], [90, 30, 40, 50, 60, 35, 50, 60]), ['10 30', '50 35']);
  });
  test('is not known before two collections', () => {
    assert.equal(found([0, 0, 0, 0], [10, 20, 30, 40]), 'not-collected');
    assert.equal(found([0, 1, 1, 1], [50, 20, 30, 40]), 'not-collected');
    assert.equal(found([1, 1, 1, 1], [50, 20, 30, 40]), 'not-collected', 'those before the run do not count');
    assert.equal(found([0, 1, 1, 2, 2, 2], [50, 20, 30, 20, 30, 30], {}, 2), 'not-collected', 'nor those before the window');
  });
  test('counts where the counter jumps by more than one, and not where it stands, falls or is not known', () => {
    assert.deepEqual(found([0, 3, 3, 9, 9, 9], [90, 40, 50, 45, 55, 60]), ['10 40', '30 45']);
    assert.equal(found([5, 4, 4, 3, 3, 3], [90, 40, 50, 45, 55, 60]), 'not-collected');
    assert.deepEqual(found([0, 1, GAP, 1, 2, 2, 2], [90, 40, 10, 50, 45, GAP, 60]), ['10 40', '40 45']);
  });
  test('of many collections is the least of each group of neighbours, thirty groups at most', () => {
    const count = Array.from({ length: 240 }, (_, i) => Math.floor(i / 3));
    const old = count.map((k, i) => 1000 + (k % 3 === 0 ? 0 : 50) + 10 * (i % 3) + k);
    const set = found(count, old);
    assert.equal(set.length, 26);
    // The first collection is the third sample's; groups of three collections.
    assert.deepEqual(set.slice(0, 3), ['90 1003', '180 1006', '270 1009']);
  });
  test('goes on in the rest of the heap where the old generation is full of live objects', () => {
    const count = [0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6];
    const old = [90, 40, 60, 60, 80, 80, 95, 99, 100, 100, 100, 99, 100];
    // The rest holds 5 right after a collection at first, and then what the old generation has no room for.
    const heap = [99, 45, 80, 65, 90, 86, 99, 104, 130, 124, 140, 145, 150];
    const before = ['10 40', '30 60', '50 80'];
    assert.deepEqual(found(count, old, { heap_used: heap }), [...before, '70 99', '90 119', '110 140']);
    const asOld = [...before, '70 99', '90 100', '110 99'];
    assert.deepEqual(found(count, old, { heap_used: heap.map(() => GAP) }), asOld, 'the heap is not known');
    const first = <T>(column: readonly T[]) => column.slice(0, 11);
    assert.deepEqual(found(first(count), first(old), { heap_used: first(heap) }), asOld.slice(0, 5), 'two may be by chance');
    const last = <T>(column: readonly T[]) => column.slice(2);
    const always = found(last(count), last(old), { heap_used: last(heap) });
    assert.deepEqual(always, ['10 60', '30 80', '50 99', '70 100', '90 99'], 'it may hold always the same');
  });
  test('is not reported by a collector that counts its collections, but none of the old generation', () => {
    const old = [10, 20, 30];
    const set = (columns: ByField<readonly number[]>) => liveSetAfterGc(seriesOf(columns, 3), 0, 3).state;
    assert.equal(set({ old_used: old, heap_used: [11, 21, 31], gc_count: old }), 'not-reported');
    assert.equal(set({ old_used: old, heap_used: [11, 21, 31] }), 'no-data');
    assert.equal(set({ full_gc_count: old, gc_count: old }), 'no-data');
    assert.equal(set({ full_gc_count: [GAP, GAP, GAP], old_used: old, heap_used: [11, 21, 31] }), 'no-data');
  });
  test('of a heap of one space is what that held after its collections, though several pauses are counted in each', () => {
    const old = [90, 40, 50, 60, 45, 50, 60];
    assert.deepEqual(found([0, 10, 10, 10, 20, 20, 20], old, { heap_used: old }), ['10 40', '40 45']);
    // The pauses of one collection fall in two samples.
    assert.deepEqual(found([0, 4, 10, 10, 14, 20, 20], [90, 95, 40, 60, 70, 45, 60], { heap_used: old }), ['20 40', '50 45']);
    const { fields, ...rest } = seriesOf({ full_gc_count: [0, 1, 1, 1, 2, 2, 2], old_used: old }, 7);
    assert.deepEqual(liveSetAfterGc({ ...rest, fields }, 0, 7).state, 'known', 'only the old generation is reported');
  });
});

describe('anonymous memory outside the heap', () => {
  const outside = (columns: ByField<readonly number[]>, starts: readonly number[] = [0]) => {
    const found = anonOutsideHeap(seriesOf(columns, 4), starts);
    return found && { outsideHeap: [...found.outsideHeap], untouchedBytes: found.untouchedBytes };
  };
  const columns = { anon: [500, 520, 540, 560], heap_used: [100, 150, 120, 130], old_used: [40, 40, 60, 50] };

  test('is anon less the most that the old generation and the rest of the heap ever held', () => {
    // Old generation: 40, 40, 60, 60; the rest: 60, 110, 110, 110.
    assert.deepEqual(outside({ ...columns, heap_committed: [200, 200, 200, 300] }), {
      outsideHeap: [400, 370, 370, 390],
      untouchedBytes: 130,
    });
  });
  test('is anon less all that is committed where the heap is one space, which is used region after region', () => {
    const space = [100, 180, 120, 130];
    const shenandoah = {
      ...columns,
      heap_used: space,
      old_used: space,
      heap_committed: [110, 200, 300, 300],
      full_gc_count: [0, 1, 2, 2],
    };
    assert.deepEqual(outside(shenandoah), { outsideHeap: [390, 320, 240, 260], untouchedBytes: 0 });
    assert.deepEqual(outside({ ...shenandoah, heap_committed: [GAP, GAP, GAP, GAP] })?.outsideHeap, [400, 340, 360, 380]);
  });
  test('begins again with each run', () => {
    assert.deepEqual(outside(columns, [0, 2])?.outsideHeap, [400, 370, 420, 420]);
  });
  test('is never below 0, nor is what was not touched', () => {
    assert.deepEqual(outside({ ...columns, anon: [50, 60, 70, 80], heap_committed: [1, 1, 1, 1] }), {
      outsideHeap: [0, 0, 0, 0],
      untouchedBytes: 0,
    });
    assert.equal(outside(columns)?.untouchedBytes, 0, 'what is committed is not known');
    assert.equal(outside({ ...columns, heap_committed: [200, 300, GAP, GAP] })?.untouchedBytes, 130, 'the last known value');
  });
  test('has gaps where anon has, and before the heap is first known', () => {
    assert.deepEqual(outside({ ...columns, heap_used: [GAP, 150, GAP, 130], anon: [500, 520, 540, GAP] })?.outsideHeap, [
      GAP,
      370,
      390,
      GAP,
    ]);
    assert.deepEqual(outside({ ...columns, old_used: [GAP, GAP, 60, 50] })?.outsideHeap, [GAP, GAP, 420, 420]);
  });
  test('is not known without the figures of the JVM', () => {
    for (const id of ['anon', 'heap_used', 'old_used'] as const) {
      const { [id]: _, ...rest } = columns;
      assert.equal(outside(rest), null, id);
    }
    assert.equal(outside({ ...columns, old_used: [GAP, GAP, GAP, GAP] }), null);
  });
});
