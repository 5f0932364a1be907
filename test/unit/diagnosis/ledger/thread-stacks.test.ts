import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stackRanges } from '../../../../src/diagnosis/ledger/thread-stacks.ts';
import type { Mapping } from '../../../../src/sources/mappings/smaps-format.ts';
import { GIB, KIB, MIB } from '../../../../src/units.ts';
import { mapping, reserve } from '../../../support/made-mappings.ts';

/** Guard pages and the stack above them, KiB. */
const stack = (atMib: number, guard: number, length: number): Mapping[] => {
  const start = atMib * MIB + guard * KIB;
  return [reserve(atMib * MIB, start), mapping(start, start + length * KIB)];
};
const lengths = (...mappings: Mapping[]) => stackRanges(mappings).map(({ start, end }) => (end - start) / KIB);
const USUAL = [...stack(10, 16, 1008), ...stack(20, 16, 1008)];

test('a stack is directly above its guard pages', () => {
  assert.deepEqual(stackRanges(stack(10, 16, 1008)), [{ start: 10 * MIB + 16 * KIB, end: 11 * MIB, guard: 16 * KIB }]);
  assert.deepEqual(lengths(...USUAL), [1008, 1008]);
});

test('a stack that is longer than the others is cut to their length, because the kernel has merged it with what follows', () => {
  assert.deepEqual(lengths(...USUAL, ...stack(30, 16, 5000)), [1008, 1008, 1008]);
  assert.deepEqual(lengths(...USUAL, ...stack(30, 16, 500)), [1008, 1008, 500]);
  assert.deepEqual(lengths(...stack(30, 4, 5000), ...USUAL), [1020, 1008, 1008], 'guard and stack together have one length');
});

test('several larger stacks of one round length are whole: a pool asked for them', () => {
  assert.deepEqual(lengths(...USUAL, ...USUAL, ...stack(100, 16, 65520), ...stack(200, 16, 65520)).slice(-2), [65520, 65520]);
  assert.deepEqual(lengths(...USUAL, ...USUAL, ...stack(100, 16, 5000), ...stack(200, 16, 5000)).slice(-2), [1008, 1008]);
  assert.deepEqual(lengths(...USUAL, ...stack(100, 16, 65520)).at(-1), 1008, 'one alone may be merged');
});

test('a stack of a library’s thread has 8 MiB, give or take its guard pages', () => {
  for (const length of [8192, 8192 - 256, 8192 + 256])
    assert.deepEqual(lengths(...USUAL, ...stack(30, 4, length)).at(-1), length);
  for (const length of [8192 - 257, 8192 + 257]) assert.deepEqual(lengths(...USUAL, ...stack(30, 4, length)).at(-1), 1020);
});

test('reserved memory that is longer than the usual guard is not a guard', () => {
  assert.deepEqual(lengths(...USUAL, ...stack(30, 20, 1004)), [1008, 1008]);
  assert.deepEqual(lengths(...stack(10, 4, 1020), ...stack(20, 4, 1020), ...stack(30, 4, 1020)), [1020, 1020, 1020]);
});

test('where no two guards and lengths are the same, each stack is as it was found', () => {
  assert.deepEqual(lengths(...stack(10, 16, 1000), ...stack(20, 20, 2000)), [1000, 2000]);
  assert.deepEqual(stackRanges([]), []);
});

test('memory of another kind or size, or without guard pages, is not a stack', () => {
  const [guard, above] = stack(10, 16, 1008) as [Mapping, Mapping];
  const isStack = (before: Partial<Mapping>, given: Partial<Mapping> = {}) =>
    stackRanges([
      { ...guard, ...before },
      { ...above, ...given },
    ]).length === 1;
  assert.ok(isStack({}));
  assert.ok(isStack({ start: guard.end - 256 * KIB }));
  assert.ok(!isStack({ start: guard.end - 257 * KIB }));
  assert.ok(!isStack({ end: guard.end - 4 * KIB }));
  assert.ok(!isStack({ path: '/lib/libc.so' }));
  assert.ok(!isStack({ perms: 'rw-p' }));
  assert.ok(!isStack({}, { path: '[heap]' }));
  assert.ok(!isStack({}, { perms: 'rwxp' }));
  assert.deepEqual(
    [63, 64].map((length) => isStack({}, { end: above.start + length * KIB })),
    [false, true],
  );
  assert.deepEqual(
    [GIB, GIB + KIB].map((length) => isStack({}, { end: above.start + length })),
    [true, false],
  );
  assert.deepEqual(stackRanges([above]), []);
});
