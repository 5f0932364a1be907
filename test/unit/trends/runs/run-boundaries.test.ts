import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type ByField, entriesOf, type FieldName } from '../../../../src/fields.ts';
import { runStarts } from '../../../../src/trends/runs/run-boundaries.ts';

const GAP = Number.NaN;

/** First samples of the runs in a series with these columns. */
function starts(columns: ByField<readonly number[]>, restarts: readonly number[] = []): number[] {
  const fields = new Map(entriesOf(columns).map(([id, column]) => [id, Float64Array.from(column)]));
  const length = Math.max(...[...fields.values()].map((column) => column.length));
  return runStarts({ t: Float64Array.from({ length }, (_, i) => 60 * i), fields, restarts, oomKills: [], processKills: [] });
}

/** A column that stands at 100 until sample 5, and then at `after`. */
const drop = (after: number): number[] => [100, 100, 100, 100, 100, after, after, after, after];

test('recorded restarts begin runs, in their order, and so does the first sample', () => {
  assert.deepEqual(starts({ usage: drop(100) }), [0]);
  assert.deepEqual(starts({ anon: drop(100) }, [7, 3]), [0, 3, 7]);
});

test('an unrecorded restart is where anon falls by a third, with most of what the process holds or with all page cache', () => {
  const TABLE = [
    [{ anon: drop(60), threads: drop(50) }, true, 'anon and threads fall'],
    [{ anon: drop(69), threads: drop(84) }, true, 'both fall by just enough'],
    [{ anon: drop(71), threads: drop(50) }, false, 'anon falls by too little'],
    [{ anon: drop(60), threads: drop(86) }, false, 'threads fall by too little'],
    [{ anon: drop(60) }, false, 'nothing else is known'],
    [{ anon: drop(60), threads: drop(50), kernel_stack: drop(50), metaspace: drop(100) }, true, 'two of three fall'],
    [{ anon: drop(60), threads: drop(50), kernel_stack: drop(100) }, false, 'one of two falls'],
    [{ anon: drop(19), threads: drop(50), kernel_stack: drop(100) }, true, 'one of two falls, and most of anon is gone'],
    [{ anon: drop(21), threads: drop(50), kernel_stack: drop(100) }, false, 'one of two falls, and more of anon stays'],
    [{ anon: drop(19) }, false, 'nothing else is known of it'],
    [{ anon: drop(60), file: drop(29) }, true, 'the cache falls with it'],
    [{ anon: drop(60), file: drop(31) }, false, 'much of the cache stays'],
    [{ anon: drop(60), threads: drop(100), file: drop(10) }, true, 'threads come back at once'],
    [{ anon: drop(100), threads: drop(10), file: drop(10) }, false, 'anon stays'],
    [{ threads: drop(10), file: drop(10) }, false, 'anon is not known'],
    [{ anon: drop(60), threads: drop(50), sock: drop(100).fill(0) }, true, 'a field that is always 0 has no say'],
    [{ anon: drop(60), threads: drop(50), sock: drop(100).fill(GAP) }, true, 'nor has one without values'],
    [{ anon: drop(60), threads: drop(50), metaspace: drop(GAP) }, true, 'nor one that is gone afterwards'],
    [{ anon: drop(60), threads: drop(50), metaspace: drop(50).fill(GAP, 0, 5) }, true, 'nor one that was not known before'],
    [{ anon: drop(60), shmem: drop(10) }, false, 'shared memory is not of one process'],
  ] as const;
  for (const [columns, restart, why] of TABLE) assert.deepEqual(starts(columns), restart ? [0, 5] : [0], why);
});

test('a collection that gives back the heap is no restart, where the JVM goes on to count its collections', () => {
  const heap = { heap_used: drop(10), heap_committed: drop(10), process_pagetables: drop(40) };
  const given = { anon: drop(20), ...heap, threads: drop(100), metaspace: drop(100) };
  assert.deepEqual(starts({ ...given, gc_count: drop(101), full_gc_count: drop(101) }), [0], 'one more collection');
  assert.deepEqual(starts({ ...given, gc_count: drop(101), full_gc_count: drop(2) }), [0, 5], 'a counter began again');
  assert.deepEqual(starts({ ...given, gc_count: drop(2), full_gc_count: drop(2) }), [0, 5], 'both began again');
  assert.deepEqual(starts({ ...given, gc_count: drop(100) }), [0, 5], 'nothing was collected');
  assert.deepEqual(starts(given), [0, 5], 'collections are not counted');
  const restarted = { ...given, threads: drop(50), metaspace: drop(50) };
  assert.deepEqual(starts({ ...restarted, gc_count: drop(101) }), [0, 5], 'a busy start has collected more by then');
});

test('a fall to nearly nothing in one sample is the end of a process, whatever else is known', () => {
  assert.deepEqual(starts({ anon: drop(4) }), [0, 5]);
  assert.deepEqual(starts({ anon: drop(4), threads: drop(100) }), [0, 5]);
  assert.deepEqual(starts({ anon: drop(6) }), [0]);
  assert.deepEqual(starts({ anon: [100, 100, 100, 4, 100, 100] }), [0], 'it is back in the next sample');
  assert.deepEqual(starts({ anon: [100, 100, 100, 100, 4] }), [0, 4], 'in the last sample');
  assert.deepEqual(starts({ usage: drop(4) }), [0, 5], 'usage stands for anon where it is not split');
  assert.deepEqual(starts({ usage: drop(4), file: drop(90) }), [0], 'it may be page cache that was dropped');
});

test('a gap between the two runs hides no restart', () => {
  const anon = [100, 100, 100, 100, GAP, 60, 60, 60];
  assert.deepEqual(starts({ anon, threads: [100, 100, 100, 100, GAP, 50, 50, 50] }), [0, 5]);
  assert.deepEqual(starts({ anon, file: [100, 100, 100, 100, GAP, 10, 10, 10] }), [0, 5]);
  assert.deepEqual(starts({ anon: [GAP, 60, 60, 60], threads: [100, 50, 50, 50] }), [0], 'nothing is known before it');
});

test('a field that falls is compared by the three samples before and the two after', () => {
  assert.deepEqual(starts({ anon: drop(60), threads: [100, 100, 70, 100, 100, 85, 65, 99, 99] }), [0, 5]);
  assert.deepEqual(starts({ anon: drop(60), threads: [100, 100, 70, 70, 100, 85, 65, 10, 10] }), [0]);
  assert.deepEqual(starts({ anon: [100, 60, 60, 60], threads: [100, 40, 40, 40] }), [0, 1], 'in the second sample');
  assert.deepEqual(starts({ anon: [100, 100, 60], threads: [100, 100, 40] }), [0, 2], 'in the last sample');
});

test('a drop within two samples of a recorded restart is that restart', () => {
  for (const [restart, found] of [
    [3, [0, 3]],
    [5, [0, 5]],
    [7, [0, 7]],
    [2, [0, 2, 5]],
    [8, [0, 5, 8]],
  ] as const)
    assert.deepEqual(starts({ anon: drop(60), threads: drop(50) }, [restart]), found, `restart at ${restart}`);
});

test('a drop at the OOM kill of another process is no restart: the own process was seen to live on', () => {
  const columns = new Map<FieldName, Float64Array>([
    ['anon', Float64Array.from(drop(30))],
    ['file', Float64Array.from(drop(10))],
  ]);
  const t = Float64Array.from(drop(30), (_, i) => i);
  assert.deepEqual(runStarts({ t, fields: columns, restarts: [], oomKills: [], processKills: [5] }), [0]);
});
