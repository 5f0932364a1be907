import assert from 'node:assert/strict';
import { test } from 'node:test';
import { areFlatText, fillingHeapPerHour, flatFieldNames } from '../../../src/diagnosis/rule-context.ts';
import { fieldName } from '../../../src/fields.ts';
import { HOUR_S, MIB } from '../../../src/units.ts';
import { fieldTrend, type Given, ruleContext } from '../../support/rule-context.ts';

const STABLE = { ...fieldTrend('stable'), windowSeconds: HOUR_S };
const ALL_STABLE = { heap_used: STABLE, metaspace: STABLE, classes: STABLE };

/** Six samples in an hour, with the count of collections in each; the first is before the window. */
const counted = (...counts: number[]): NonNullable<Given['series']> => ({
  t: Float64Array.from(counts, (_, i) => i * 720),
  fields: new Map([[fieldName('gc_count'), Float64Array.from(counts)]]),
});
const flat = (given: Given, fields: NonNullable<Given['evaluation']>['fields'] = ALL_STABLE) =>
  flatFieldNames(ruleContext({ ...given, evaluation: { fields } }), ['heap_used', 'metaspace']);

test('metaspace is called flat only if two collections renewed it in its window, else the loaded classes are', () => {
  assert.deepEqual(flat({ jvm: {}, series: counted(5, 5, 5, 6, 6, 7, 7) }), ['heap', 'metaspace']);
  assert.deepEqual(flat({ jvm: {}, series: counted(0, 0, 0, 0, 0, 1, 1) }), ['heap', 'classes']);
  assert.deepEqual(flat({ jvm: {}, series: counted(0, 7, 7, 7, 7, 7, 7) }), ['heap', 'classes'], 'those before do not count');
  assert.deepEqual(flat({ jvm: { collector: 'Epsilon' } }), ['heap', 'classes'], 'Epsilon never collects');
  assert.deepEqual(
    flat({ jvm: { source: 'attach' }, series: counted(5, 5, 5) }),
    ['heap', 'metaspace'],
    'a JVM that is asked counts it then',
  );
});

test('where metaspace was not renewed and classes grow, neither is called flat', () =>
  assert.deepEqual(flat({ jvm: {}, series: counted(0, 0, 0) }, { ...ALL_STABLE, classes: fieldTrend('growing', 90) }), ['heap']));

test('in a series that counts no collections the trend is taken as it is', () =>
  assert.deepEqual(flat({}), ['heap', 'metaspace']));

test('a heap that its collector renews at collections alone is not called flat without them', () => {
  const jvm = { heapUsed: { value: 100 * MIB, atMs: 1000 }, heapCommitted: { value: 200 * MIB, atMs: 9000 } };
  assert.deepEqual(flat({ jvm, series: counted(1, 1, 1, 1, 1, 1, 1) }), ['classes']);
  assert.deepEqual(flat({ jvm, series: counted(1, 1, 2, 3, 4, 5, 6) }), ['heap', 'metaspace']);
});

test('what is flat is stated in the singular or the plural', () => {
  assert.equal(areFlatText(['heap']), 'heap is flat');
  assert.equal(areFlatText(['classes']), 'classes are flat');
  assert.equal(areFlatText(['heap', 'metaspace']), 'heap and metaspace are flat');
});

test('what rose by much in its window is not called flat before it has stood for half of it, however little it moves now', () => {
  const rose = (mib: number, riseShare: number, standsSeconds: number) => {
    const statistics = { rise: mib * MIB, riseShare, roseSeconds: 600, standsSeconds };
    const heap_used = { ...STABLE, basis: { ...STABLE.basis, statistics } };
    return flat({ values: { usage: 200 * MIB } }, { ...ALL_STABLE, heap_used }).includes('heap');
  };
  assert.equal(rose(40, 0.4, 900), false);
  assert.equal(rose(40, 0.4, 1900), true, 'it has stood for longer than that');
  assert.equal(rose(40, 0.1, 900), true, 'it rose by little of its level');
  assert.equal(rose(5, 0.4, 900), true, 'it rose by little of all memory used');
});

test('a heap that keeps what it allocates fills, also where it touches new pages in steps', () => {
  const heap = fieldTrend('cyclic', 4e6);
  const kept = { ...heap, basis: { ...heap.basis, statistics: { survivedBytes: 45 * MIB, survivedShare: 0.92 } } };
  const filling = (heap_used: typeof heap) =>
    fillingHeapPerHour(ruleContext({ evaluation: { fields: { anon: fieldTrend('stable'), heap_used } } }));
  assert.deepEqual([filling(kept), filling(heap)], [4e6, null]);
});
