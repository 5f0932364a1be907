import assert from 'node:assert/strict';
import { test } from 'node:test';
import { releaseText } from '../../../src/culprit/release-text.ts';
import { hasTrimmed } from '../../../src/sources/jvm/release-memory.ts';
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
    '  a collection gave back 100 MiB: that waited for a collection, so nothing held it',
    '  malloc (System.trim_native_heap) gave back 180 MiB: the program had freed it, and malloc kept it',
    '  120 MiB stay: they are held by the program, or are memory that the JVM keeps',
    '  So most of what came back is what malloc keeps of freed memory. MALLOC_ARENA_MAX=2 bounds its arenas; jemalloc returns more.',
  ]);
});

test('an update of JDK 11 answers a trim in words of its own, and JDK 8 does not know it', () => {
  for (const [answer, has] of [
    [
      'Attempting trim...\nDone.\nVirtual size before: 2488512k, after: 2488484k, (-28k)\nRSS before: 60524k, after: 60480k, (-44k)',
      true,
    ],
    ['Trim native heap: RSS+Swap: 63932K->63840K (-94208B)', true],
    ['java.lang.IllegalArgumentException: Unknown diagnostic command', false],
    ['Not available', false],
  ] as const)
    assert.equal(hasTrimmed(answer), has, answer);
});

test('where neither a collection nor malloc gave back much, the program holds it; where malloc was not asked, that is not known', () => {
  assert.match(released(400, 399, 398).at(-1)!, /neither a collection nor malloc had it: the program holds it/);
  assert.match(released(400, 190, 180).at(-1)!, /most of what came back waited for a collection/);
  assert.match(released(400, 399, 350).at(-1)!, /stay: they are held/, 'most of it may be a leak');
  assert.match(released(400, 399, null).at(-1)!, /stay: they are held/);
});

test('nothing is said to have been given back where the JVM only went on running', () => {
  assert.match(released(400, 397, 399)[1]!, /gave back nothing$/);
  assert.match(released(400, 397, 399)[2]!, /gave back nothing$/);
});

test('a JVM that cannot trim, and one that did not answer, say so', () => {
  assert.match(released(400, 300, null)[2]!, /does not know System\.trim_native_heap/);
  assert.deepEqual(releaseText({ state: 'absent', reason: 'there is no JVM' }), ['Memory was not released: there is no JVM']);
});
