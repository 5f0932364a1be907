import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heapFloor } from '../../../../web/data/heap-floor.ts';

/** Three collections of an old generation that falls to 10, 12 and 14 and grows by 1 a row between them. */
const old = [5, 8, 10, 11, 12, 13, 12, 13, 14, 15, 14, 15, 16, 17];
const full = [0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3];
const t = old.map((_, i) => i * 10);
const rows = { t, fields: { full_gc_count: full, gc_count: full, old_used: old, heap_used: old.map((v) => v + 3) } };

test('the floor is the lowest value after each collection, until that of the next', () => {
  assert.deepEqual(heapFloor(rows), [null, null, 10, 10, 10, 10, 12, 12, 12, 12, 14, 14, 14, 14]);
});

test('a collector that does not report its live set has no floor', () => {
  const { full_gc_count: _, ...fields } = rows.fields;
  assert.equal(heapFloor({ t, fields }), null);
});

test('a heap of one space (Shenandoah) has a floor by this rule, as in the verdict', () => {
  assert.deepEqual(heapFloor({ t, fields: { ...rows.fields, heap_used: old } }), heapFloor(rows));
});

test('the floor of one JVM does not reach into the next', () => {
  const twice = {
    t: [...t, ...t.map((at) => at + 1000)],
    fields: Object.fromEntries(Object.entries(rows.fields).map(([id, column]) => [id, [...column, ...column]])),
  };
  const floor = heapFloor(twice)!;
  assert.equal(floor[t.length - 1], 14);
  assert.equal(floor[t.length], null);
  assert.equal(floor[t.length + 2], 10);
});
