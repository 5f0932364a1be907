import assert from 'node:assert/strict';
import { test } from 'node:test';
import { heapRange } from '../../../../src/diagnosis/ledger/heap-range.ts';
import type { Mapping } from '../../../../src/sources/mappings/smaps-format.ts';
import { GIB, KIB, MIB } from '../../../../src/units.ts';
import { jvmFigures, mapping, reserve, space } from '../../../support/made-mappings.ts';

/** Written and reserved memory that begins at an address, MiB. */
const heapAt = (start: number, committed: number, reserved: number, residentMib = committed): Mapping[] => [
  mapping(start, start + committed * MIB, { anonBytes: residentMib * MIB }),
  ...(reserved > committed ? [reserve(start + committed * MIB, start + reserved * MIB)] : []),
];
const found = (mappings: readonly Mapping[], committedMib: number, reservedMib: number) =>
  heapRange(mappings, jvmFigures({ heap: space(0, committedMib * MIB, { reservedBytes: reservedMib * MIB }) }));
const startOf = (...given: Parameters<typeof found>) => found(...given)?.start ?? null;
/** The same without figures. */
const guessed = (mappings: readonly Mapping[]) => heapRange(mappings, jvmFigures());

const LOW = 2 * GIB;
const HIGH = 40 * GIB;

test('the address that the JVM reports is the heap’s', () => {
  const range = { start: LOW, end: LOW + GIB };
  assert.deepEqual(heapRange([], jvmFigures({ heapRange: range })), { ...range, isConfirmed: true });
});

test('the heap is a reservation of its maximum, of which so much is committed as the JVM says', () => {
  const mappings = [...heapAt(LOW, 100, 512), ...heapAt(LOW + 4 * GIB, 300, 512)];
  assert.deepEqual(found(mappings, 300, 512), { start: LOW + 4 * GIB, end: LOW + 4 * GIB + 512 * MIB, isConfirmed: true });
  assert.equal(startOf(mappings, 100, 512), LOW);
  assert.equal(found([], 100, 512), null);
});

test('a reservation that is shorter than the maximum is not the heap', () => {
  assert.equal(found(heapAt(LOW, 100, 509), 100, 512), null);
  assert.deepEqual(found(heapAt(LOW, 100, 511), 100, 512), { start: LOW, end: LOW + 511 * MIB, isConfirmed: false });
});

test('one with more resident memory than is committed, or with much less or more committed, is not the heap', () => {
  const isHeap = (committed: number, resident: number) => found(heapAt(HIGH, committed, 512, resident), 100, 512) !== null;
  assert.deepEqual(
    [isHeap(125, 108), isHeap(125, 109), isHeap(126, 10), isHeap(75, 10), isHeap(74, 10)],
    [true, false, false, true, false],
  );
  const isSmallHeap = (committed: number) => found(heapAt(HIGH, committed, 64, 1), 16, 64) !== null;
  assert.deepEqual([isSmallHeap(24), isSmallHeap(25), isSmallHeap(8), isSmallHeap(7)], [true, false, true, false]);
});

test('of ranges that fit, one below 32 GiB comes first, and one that ends where the JVM tries first before all others', () => {
  const high = heapAt(HIGH, 100, 512);
  const low = heapAt(LOW, 104, 512);
  assert.equal(startOf([...low, ...high], 100, 512), LOW);
  for (const end of [4 * GIB, 32 * GIB, 31 * GIB]) {
    const tried = (committed: number) => [...heapAt(LOW, 100, 512), ...heapAt(end - 512 * MIB, committed, 512)];
    assert.equal(startOf(tried(75), 100, 512), end - 512 * MIB, 'three quarters of what is committed are there');
    assert.equal(startOf(tried(74), 100, 512), LOW, 'a range that agrees is better than one that does not');
    assert.equal(startOf(heapAt(end - 512 * MIB, 40, 512), 100, 512), end - 512 * MIB, 'there is no other');
  }
});

test('below 32 GiB the JVM leaves room for a class space of the size that it reports', () => {
  const classSpace = space(0, 1, { reservedBytes: 256 * MIB });
  const heap = space(0, 100 * MIB, { reservedBytes: 512 * MIB });
  const end = 32 * GIB - 256 * MIB;
  const mappings = [...heapAt(LOW, 100, 512), ...heapAt(end - 512 * MIB, 90, 512)];
  assert.equal(heapRange(mappings, jvmFigures({ heap, classSpace }))?.end, end);
  assert.equal(heapRange(mappings, jvmFigures({ heap }))?.start, LOW);
});

test('of ranges at such places, the one counts whose committed memory is nearest, then the exact length, then the most resident', () => {
  const at = (n: number) => LOW + n * 4 * GIB + GIB;
  assert.equal(startOf([...heapAt(at(0), 104, 512), ...heapAt(at(1), 102, 512)], 100, 512), at(1));
  assert.equal(startOf([...heapAt(at(0), 102, 512), ...heapAt(at(1), 104, 512)], 100, 512), at(0));
  assert.equal(startOf([...heapAt(at(0), 100, 511), ...heapAt(at(1), 104, 512)], 100, 512), at(1), 'both fit within 8 MiB');
  assert.equal(startOf([...heapAt(at(0), 112, 512, 50), ...heapAt(at(1), 100, 511)], 100, 512), at(1), 'only one fits');
  assert.equal(startOf([...heapAt(at(0), 100, 512, 50), ...heapAt(at(1), 100, 512, 60)], 100, 512), at(1));
  assert.equal(startOf([...heapAt(at(0), 100, 512, 60), ...heapAt(at(1), 100, 512, 60)], 100, 512), at(0));
});

test('it may begin or end inside a mapping, because the kernel merges neighbours', () => {
  // Tables of 16 MiB before it in one mapping with what is committed of it.
  const before = [mapping(HIGH, HIGH + 116 * MIB, { anonBytes: 10 * MIB }), reserve(HIGH + 116 * MIB, HIGH + 528 * MIB)];
  assert.deepEqual(found(before, 100, 512), { start: HIGH + 16 * MIB, end: HIGH + 528 * MIB, isConfirmed: true });
  // All of it committed, and the class space after it in one mapping.
  const after = [mapping(LOW, LOW + 530 * MIB, { anonBytes: 500 * MIB })];
  assert.deepEqual(found(after, 512, 512)?.start, LOW);
});

test('where the JVM tries first it may have no boundary of a mapping, and ends exactly there', () => {
  const merged = [mapping(LOW, 6 * GIB, { anonBytes: 100 * MIB })];
  const range = (end: number) => ({ start: end - 512 * MIB, end, isConfirmed: true });
  assert.deepEqual(found(merged, 512, 512), range(4 * GIB));
  assert.deepEqual(found([mapping(31 * GIB, 33 * GIB, { anonBytes: 100 * MIB })], 512, 512), range(32 * GIB));
  assert.deepEqual(found(heapAt(4 * GIB - 512 * MIB, 512, 513), 512, 512), range(4 * GIB), 'though a mapping ends a MiB later');
});

test('it has the objects of the class data archive in its last regions, though a range that ends before them has as much committed', () => {
  const path = '/jdk/lib/server/classes_nocoops.jsa';
  // 6 MiB of other memory before the heap in one mapping with it; the archive's piece and the rest of its region are the heap's last 2 MiB.
  const written = mapping(HIGH - 6 * MIB, HIGH + 100 * MIB, { anonBytes: 106 * MIB });
  const end = HIGH + 512 * MIB;
  const objects = [mapping(end - 2 * MIB, end - MIB, { path, anonBytes: MIB }), mapping(end - MIB, end)];
  const withObjects = [written, reserve(written.end, end - 2 * MIB), ...objects];
  assert.deepEqual(found(withObjects, 102, 512), { start: HIGH, end, isConfirmed: true });
  // Classes of an archive are followed by reserve, and are not in the heap.
  const classes = [mapping(end, end + 2 * MIB, { path }), reserve(end + 2 * MIB, end + 16 * MIB)];
  assert.equal(startOf([written, reserve(written.end, end), ...classes], 100, 512), HIGH);
});

test('a range that begins or ends where a mapping does comes before one at a whole MiB beside that, though the latter is nearer', () => {
  const written = mapping(HIGH - 3 * MIB - 12 * KIB, HIGH + 100 * MIB, { anonBytes: 100 * MIB });
  const mappings = [written, reserve(written.end, HIGH + 512 * MIB)];
  assert.equal(startOf(mappings, 101, 512), HIGH);
});

test('its end is the nearest boundary of a mapping within 2 MiB, and its start a whole MiB', () => {
  const odd = [mapping(LOW, LOW + 100 * MIB), reserve(LOW + 100 * MIB, LOW + 512 * MIB + 700 * KIB)];
  assert.deepEqual(found(odd, 100, 512), { start: LOW, end: LOW + 512 * MIB + 700 * KIB, isConfirmed: false });
  const shifted = [mapping(HIGH + 300 * KIB, HIGH + 100 * MIB), reserve(HIGH + 100 * MIB, HIGH + 600 * MIB)];
  assert.equal(startOf(shifted, 99, 512), HIGH + MIB);
});

test('it is certain where its length is the maximum and its committed memory within a fiftieth, or a MiB', () => {
  const isConfirmed = (committed: number, said: number) => found(heapAt(HIGH, committed, 512, 1), said, 512)?.isConfirmed;
  assert.deepEqual(
    [isConfirmed(204, 200), isConfirmed(205, 200), isConfirmed(21, 20), isConfirmed(22, 20)],
    [true, false, true, false],
  );
});

test('without the JVM’s figures it is the longest unnamed chain below 32 GiB, of 4 MiB or more, and not certain', () => {
  const mappings = [
    ...heapAt(LOW, 4, 4),
    ...heapAt(LOW + GIB, 64, 128),
    ...heapAt(LOW + 2 * GIB, 8, 16),
    ...heapAt(HIGH, 64, 512),
  ];
  assert.deepEqual(guessed(mappings), { start: LOW + GIB, end: LOW + GIB + 128 * MIB, isConfirmed: false });
  assert.equal(guessed(heapAt(LOW, 4, 4))?.start, LOW);
  const path = '/jdk/lib/server/classes.jsa';
  const objects = mapping(LOW + 128 * MIB, LOW + 129 * MIB, { path });
  assert.equal(guessed([...heapAt(LOW, 64, 128), objects])?.end, objects.end, 'with the objects of an archive in it');
  assert.equal(guessed(heapAt(LOW, 3, 3)), null);
  assert.equal(guessed(heapAt(32 * GIB, 64, 64)), null);
  assert.equal(guessed([mapping(LOW, LOW + 64 * MIB, { path: '[anon:x]' })]), null);
  const unreserved = jvmFigures({ heap: space(0, 100 * MIB) });
  assert.equal(heapRange(mappings, unreserved)?.start, LOW + GIB);
});
