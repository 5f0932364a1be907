import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnonPart, AnonPartId } from '../../../../src/diagnosis/ledger/anon-kinds.ts';
import { withoutSwap, withSwapCounted } from '../../../../src/diagnosis/ledger/swapped-parts.ts';
import { mapping } from '../../../support/made-mappings.ts';

const part = (id: AnonPartId, bytes: number, low = bytes, high = bytes): AnonPart => ({ id, bytes, low, high, count: 1 });
/** Bytes, low and high that are resident of each part, and what is in swap. */
const divided = (parts: readonly AnonPart[], swapped: readonly (readonly [AnonPartId | 'unnamed', number])[]) => {
  const found = withoutSwap(parts, new Map(swapped));
  return [found.parts.map(({ bytes, low, high }) => [bytes, low, high]), Object.fromEntries(found.swapped)];
};

test('what a mapping has in swap counts as if it were resident, and swap of shared memory does not', () => {
  const private_ = mapping(0, 100, { anonBytes: 10, rssBytes: 20, swapBytes: 5 });
  const shared = mapping(100, 200, { perms: 'rw-s', rssBytes: 7, swapBytes: 5 });
  const untouched = mapping(200, 300, { anonBytes: 3 });
  assert.deepEqual(withSwapCounted([private_, shared, untouched]), [
    { ...private_, anonBytes: 15, rssBytes: 25 },
    { ...shared, swapBytes: 0 },
    untouched,
  ]);
});

test('mappings without swap of their own are returned as they are', () => {
  const mappings = [mapping(0, 100, { anonBytes: 10 }), mapping(100, 200, { perms: 'rw-s', swapBytes: 5 })];
  assert.equal(withSwapCounted(mappings), mappings);
});

test('a part is what is resident of it, and its bounds fall with it', () => {
  assert.deepEqual(divided([part('java-heap', 60, 20, 80), part('libraries', 9)], [['java-heap', 30]]), [
    [
      [30, 0, 50],
      [9, 9, 9],
    ],
    { 'java-heap': 30 },
  ]);
});

test('swap of memory without a name is that of direct buffers first, then of the VM, then of metaspace', () => {
  const parts = [part('metaspace', 10), part('vm-structures', 10), part('direct-buffers', 10)];
  const swapped = (bytes: number) => divided(parts, [['unnamed', bytes]])[1];
  assert.deepEqual(swapped(4), { 'direct-buffers': 4 });
  assert.deepEqual(swapped(14), { 'direct-buffers': 10, 'vm-structures': 4 });
  assert.deepEqual(swapped(24), { 'direct-buffers': 10, 'vm-structures': 10, metaspace: 4 });
});

test('what a part cannot have in swap is that of memory without a name', () => {
  const parts = [part('malloc-arenas', 6), part('direct-buffers', 10), part('metaspace', 9)];
  assert.deepEqual(
    divided(parts, [
      ['malloc-arenas', 8],
      ['unnamed', 3],
      ['class-space', 2],
    ]),
    [
      [
        [0, 0, 0],
        [3, 3, 3],
        [9, 9, 9],
      ],
      { 'malloc-arenas': 6, 'direct-buffers': 7 },
    ],
  );
  assert.deepEqual(
    divided(
      [part('metaspace', 9)],
      [
        ['metaspace', 2],
        ['unnamed', 3],
      ],
    )[1],
    { metaspace: 5 },
  );
});

test('a part that is in the middle of its bounds keeps a maximum of 0 or more', () => {
  assert.deepEqual(divided([part('metaspace', 9, 3, 9)], [['metaspace', 9]])[0], [[0, 0, 0]]);
});
