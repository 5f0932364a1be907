import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fieldName, fieldRow, isEvaluated, isField, OTHER_SIZES, REPEATED_SIZES } from '../../src/fields.ts';

const row = (key: string) => fieldRow(fieldName(key));

test('keys of memory.stat that the kernel documents as counts of events or pages are counters, never trended as bytes', () => {
  // Linux, Documentation/admin-guide/cgroup-v2.rst: what is marked (npn), and so has no size.
  const counts = [
    ...['pgscan', 'pgsteal', 'pgfault', 'pgmajfault', 'pgrefill', 'pgactivate', 'pgdeactivate', 'pglazyfree', 'pglazyfreed'],
    ...['pswpin', 'pswpout', 'swpin_zero', 'swpout_zero', 'zswpin', 'zswpout', 'zswpwb', 'pgdemote_kswapd', 'pgpromote_success'],
    ...['workingset_refault_anon', 'workingset_nodereclaim', 'thp_fault_alloc', 'thp_swpout', 'numa_pte_updates'],
  ];
  for (const key of counts)
    assert.deepEqual([row(key).unit, row(key).kind, isEvaluated(row(key))], ['count', 'counter', false], key);
});

test('sizes that have no row of their own are bytes, and evaluated unless they repeat other figures', () => {
  for (const key of OTHER_SIZES) assert.deepEqual([row(key).unit, isEvaluated(row(key))], ['bytes', true], key);
  for (const key of REPEATED_SIZES) assert.deepEqual([row(key).unit, isEvaluated(row(key))], ['bytes', false], key);
});

test('a key that has a row is in no list of keys without one', () => {
  const listed = [...OTHER_SIZES, ...REPEATED_SIZES];
  assert.deepEqual(listed.filter(isField), []);
  assert.equal(new Set(listed).size, listed.length);
});

test('a key that nobody knows yet has no unit, so its trend is not estimated', () =>
  assert.deepEqual([row('later_kernels_have_it').unit, isEvaluated(row('later_kernels_have_it'))], ['count', false]));
