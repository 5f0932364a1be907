import assert from 'node:assert/strict';
import { test } from 'node:test';
import { releaseText } from '../../../src/cli/release-text.ts';
import { MIB } from '../../../src/units.ts';

const released = (before: number, collected: number, trimmed: number | null) =>
  releaseText({
    state: 'read',
    atMs: 0,
    value: {
      beforeBytes: before * MIB,
      afterCollectionBytes: collected * MIB,
      afterTrimBytes: trimmed === null ? null : trimmed * MIB,
    },
  });

test('what a collection and malloc gave back is stated separately, with what stays', () => {
  assert.deepEqual(released(400, 300, 120), [
    'Anonymous memory of the JVM: 400 MiB',
    '  a collection (GC.run) gave back 100 MiB: that waited for a collection, so nothing held it',
    '  malloc (System.trim_native_heap) gave back 180 MiB: the program had freed it, and malloc kept it',
    '  120 MiB stay: they are held by the program, or are the heap that the JVM keeps',
  ]);
});

test('nothing is said to have been given back where the JVM only went on running', () => {
  assert.match(released(400, 397, 399)[1]!, /gave back nothing$/);
  assert.match(released(400, 397, 399)[2]!, /gave back nothing$/);
});

test('a JVM that cannot trim, and one that did not answer, say so', () => {
  assert.match(released(400, 300, null)[2]!, /does not know System\.trim_native_heap/);
  assert.deepEqual(releaseText({ state: 'absent', reason: 'there is no JVM' }), ['Memory was not released: there is no JVM']);
});
