import assert from 'node:assert/strict';
import { test } from 'node:test';
import { classSpaceRange } from '../../../../src/diagnosis/ledger/class-space-range.ts';
import type { Mapping } from '../../../../src/sources/mappings/smaps-format.ts';
import { GIB, KIB, MIB } from '../../../../src/units.ts';
import { jvmFigures, mapping, reserve, space } from '../../../support/made-mappings.ts';

const AT = 40 * GIB;
const HEAP = { start: 4 * GIB, end: 5 * GIB };
const LENGTH = 256 * MIB;
/** Written and reserved memory, MiB. */
const spaceAt = (start: number, committed: number, reserved = 256): Mapping[] => [
  mapping(start, start + committed * MIB),
  reserve(start + committed * MIB, start + reserved * MIB),
];
const figures = (committedMib: number) =>
  jvmFigures({ nonClass: space(0, 0), classSpace: space(0, committedMib * MIB, { reservedBytes: LENGTH }) });
const startOf = (mappings: readonly Mapping[], committedMib = 20, heap: typeof HEAP | null = null): number | null => {
  const range = classSpaceRange(mappings, heap, figures(committedMib));
  if (range !== null) assert.equal(range.end, range.start + LENGTH);
  return range?.start ?? null;
};
/** A longer reservation with the class space somewhere in it. */
const inside = (committed: number, beforeMib = 64): Mapping[] => [
  mapping(AT, AT + beforeMib * MIB, { perms: 'r--p' }),
  ...spaceAt(AT + beforeMib * MIB, committed),
  reserve(AT + (beforeMib + 256) * MIB, AT + GIB),
];
const archive = (start: number, end: number) => mapping(start, end, { path: '/jdk/classes.jsa' });

test('a JVM that does not compress class pointers has none', () => {
  assert.equal(classSpaceRange(spaceAt(AT, 20), null, jvmFigures({ nonClass: space(0, 0) })), null);
});

test('it may be a reservation by itself, which may have grown since the last collection, or lost 8 MiB of classes', () => {
  assert.equal(startOf(spaceAt(AT, 20)), AT);
  assert.equal(startOf(spaceAt(AT, 90)), AT);
  assert.deepEqual([startOf(spaceAt(AT, 12)), startOf(spaceAt(AT, 11))], [AT, null]);
  assert.equal(startOf(spaceAt(AT, 20, 255)), null, 'a shorter reservation is none');
  assert.equal(startOf([reserve(AT, AT + LENGTH)], 0), null, 'where nothing is committed there is none');
});

test('elsewhere it is where exactly so much is committed as the JVM says', () => {
  assert.equal(startOf(inside(20)), AT + 64 * MIB);
  assert.equal(startOf(inside(21)), null);
  assert.equal(startOf(inside(19)), null);
});

test('it may be behind the heap, in one mapping with it, and never overlaps it', () => {
  const behind = [mapping(HEAP.start, HEAP.end + 30 * MIB), reserve(HEAP.end + 30 * MIB, HEAP.end + GIB)];
  assert.equal(startOf(behind, 20, HEAP), HEAP.end);
  assert.equal(startOf([mapping(HEAP.start, HEAP.end), ...spaceAt(AT, 20)], 20, HEAP), AT);
  const across = [mapping(HEAP.end - 20 * MIB, HEAP.end), reserve(HEAP.end, HEAP.end + 236 * MIB)];
  assert.equal(startOf(across, 20, HEAP), null);
  assert.equal(startOf(spaceAt(HEAP.start, 20), 20, HEAP), null, 'what the heap contains is none');
  const below = [
    mapping(HEAP.start - LENGTH, HEAP.start - LENGTH + 20 * MIB),
    reserve(HEAP.start - LENGTH + 20 * MIB, HEAP.start),
  ];
  assert.equal(startOf(below, 20, HEAP), HEAP.start - LENGTH);
});

test('it may be behind the last archive of class data, after the padding', () => {
  const after = (padding: number) => [
    archive(AT, AT + 8 * MIB),
    archive(AT + 8 * MIB, AT + 12 * MIB),
    ...(padding > 0 ? [reserve(AT + 12 * MIB, AT + 12 * MIB + padding)] : []),
    mapping(AT + 12 * MIB + padding, AT + 12 * MIB + padding + 30 * MIB),
    reserve(AT + 12 * MIB + padding + 30 * MIB, AT + GIB),
  ];
  assert.equal(startOf(after(0)), AT + 12 * MIB);
  assert.equal(startOf(after(4 * MIB)), AT + 16 * MIB);
  const apart = [archive(AT, AT + 8 * MIB), mapping(AT + 9 * MIB, AT + 39 * MIB), reserve(AT + 39 * MIB, AT + GIB)];
  assert.equal(startOf(apart), null, 'not where a gap is between them');
  assert.equal(startOf([archive(AT, AT + 8 * MIB)]), null);
});

test('one of its usual places comes before another place that fits', () => {
  const alone = spaceAt(AT + 4 * GIB, 25);
  assert.equal(startOf([...inside(20), ...alone]), AT + 4 * GIB);
  assert.equal(startOf([...spaceAt(AT - GIB, 25), ...inside(20)]), AT - GIB);
});

test('without the JVM’s figures only its usual places count, with the default of a GiB', () => {
  const guessed = (mappings: readonly Mapping[]) => classSpaceRange(mappings, null, jvmFigures());
  assert.deepEqual(guessed(spaceAt(AT, 20, 1024)), { start: AT, end: AT + GIB });
  assert.equal(guessed([mapping(AT, AT + 4 * KIB, { perms: 'r--p' }), ...spaceAt(AT + 4 * KIB, 20, 2048)]), null);
});

test('stacks and arenas that happen to be as long together are not it, if the archive is followed by one', () => {
  const stacks = Array.from({ length: 15 }, (_, k) => AT - GIB + k * 16 * MIB).flatMap((at) => [
    reserve(at, at + 16 * KIB),
    mapping(at + 16 * KIB, at + 16 * MIB),
  ]);
  const arena = [mapping(AT - GIB + 240 * MIB, AT - GIB + 241 * MIB), reserve(AT - GIB + 241 * MIB, AT - GIB + 256 * MIB)];
  const after = [archive(AT, AT + 12 * MIB), ...spaceAt(AT + 12 * MIB, 20), mapping(AT + 268 * MIB, AT + 269 * MIB)];
  assert.equal(startOf([...stacks, ...arena, ...after]), AT + 12 * MIB);
});
