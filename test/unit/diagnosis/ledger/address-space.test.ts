import assert from 'node:assert/strict';
import { test } from 'node:test';
import { type Chain, chainsOf, cutAt, isArchive, isWithin } from '../../../../src/diagnosis/ledger/address-space.ts';
import { mapping, reserve } from '../../../support/made-mappings.ts';

/** Written 0 to 100, reserved to 160, written to 200. */
const chain = (): Chain =>
  chainsOf([mapping(0, 100, { anonBytes: 60 }), reserve(100, 160), mapping(160, 200, { anonBytes: 40 })])[0]!;

test('a chain is private memory without a file and without a gap, or with an archive of class data in it', () => {
  const bounds = (...mappings: Parameters<typeof chainsOf>[0]) => chainsOf(mappings).map(({ start, end }) => [start, end]);
  assert.deepEqual(bounds(), []);
  assert.deepEqual(bounds(mapping(10, 20), reserve(20, 30), mapping(30, 40, { path: '[anon:heap]' })), [[10, 40]]);
  assert.deepEqual(bounds(mapping(10, 20), mapping(21, 30)), [
    [10, 20],
    [21, 30],
  ]);
  assert.deepEqual(bounds(mapping(10, 20), mapping(20, 30, { path: '/jdk/classes.jsa' }), mapping(30, 40)), [[10, 40]]);
  for (const other of [{ path: '/lib/libc.so' }, { path: 'x[anon:' }, { perms: 'rw-s' }, { perms: 'rwxp' }])
    assert.deepEqual(bounds(mapping(10, 20), mapping(20, 30, other), mapping(30, 40)), [
      [10, 20],
      [30, 40],
    ]);
  assert.deepEqual(bounds(mapping(10, 20, { perms: 'rw-s' })), []);
});

test('archives of class data are known by their names', () => {
  for (const [path, is] of [
    ['/a.jsa', true],
    ['/a.aot', true],
    ['/a.jsa.txt', false],
    ['/ajsa', false],
  ] as const)
    assert.equal(isArchive(mapping(0, 1, { path })), is, path);
});

test('what begins in a range is within it', () => {
  const range = { start: 10, end: 20 };
  assert.deepEqual(
    [9, 10, 19, 20].map((start) => isWithin({ start, end: 40 }, range)),
    [false, true, true, false],
  );
});

test('committed memory of a range is what is not reserved', () => {
  const of = (start: number, end: number) => chain().committedWithin({ start, end });
  assert.deepEqual([of(0, 200), of(50, 150), of(120, 140), of(90, 170), of(-50, 900)], [140, 50, 0, 20, 140]);
});

test('of a mapping that reaches beyond the range, so much is certainly resident as does not fit beside it', () => {
  const of = (start: number, end: number) => chain().residentWithin({ start, end });
  assert.deepEqual([of(0, 200), of(0, 80), of(50, 200), of(10, 30), of(-50, 900)], [100, 40, 50, 0, 100]);
  assert.equal(of(70, 190), 20 - 20 + 30);
});

test('an address is in the mapping that contains it, and the end is in none', () => {
  assert.deepEqual(
    [0, 99, 100, 159, 160, 200].map((at) => chain().indexAt(at)),
    [0, 0, 1, 1, 2, 3],
  );
});

test('the nearest boundary of a mapping is the start or the end of the one at an address', () => {
  const near = (at: number, within: number) => chain().boundaryNear(at, within);
  assert.deepEqual(
    [near(103, 5), near(155, 5), near(130, 5), near(130, 30), near(205, 5), near(106, 5)],
    [100, 160, null, 100, 200, null],
  );
});

test('mappings are divided at the limits of ranges, and one without a limit inside it stays whole', () => {
  const whole = mapping(0, 100, { anonBytes: 30, rssBytes: 40, pssBytes: 20, swapBytes: 10 });
  const [kept, first, second, last] = cutAt(
    [whole, mapping(100, 200, { anonBytes: 50 })],
    [{ start: 120, end: 150 }],
    () => false,
  );
  assert.deepEqual(kept, { ...whole, anonLow: 30, anonHigh: 30 });
  assert.deepEqual(
    [first, second, last].map((p) => [p!.start, p!.end, p!.anonBytes, p!.anonLow, p!.anonHigh]),
    [
      [100, 120, 10, 0, 20],
      [120, 150, 15, 0, 30],
      [150, 200, 25, 0, 50],
    ],
  );
  const edges = cutAt(
    [mapping(10, 20), mapping(20, 40), mapping(40, 50)],
    [
      { start: 5, end: 30 },
      { start: 30, end: 40 },
    ],
    () => false,
  );
  assert.deepEqual(
    edges.map(({ start, end }) => [start, end]),
    [
      [10, 20],
      [20, 30],
      [30, 40],
      [40, 50],
    ],
  );
});

test('all counters of a mapping are divided by length', () => {
  const whole = mapping(0, 100, { anonBytes: 90, rssBytes: 40, pssBytes: 20, swapBytes: 10 });
  const [small, large] = cutAt([whole], [{ start: 0, end: 30 }], () => false);
  const counters = ({ anonBytes, anonLow, anonHigh, rssBytes, pssBytes, swapBytes }: NonNullable<typeof small>) => [
    anonBytes,
    anonLow,
    anonHigh,
    rssBytes,
    pssBytes,
    swapBytes,
  ];
  assert.deepEqual(counters(small!), [27, 20, 30, 12, 6, 3]);
  assert.deepEqual(counters(large!), [63, 60, 70, 28, 14, 7]);
});

test('memory that is written as it is committed is resident before the pages of a sparse piece, such as the heap', () => {
  const bytes = (anonBytes: number) =>
    cutAt([mapping(0, 100, { anonBytes })], [{ start: 20, end: 60 }], ({ start, end }) => start === 20 && end === 60).map(
      (p) => p.anonBytes,
    );
  assert.deepEqual(bytes(80), [20, 20, 40]);
  assert.deepEqual(bytes(30), [10, 0, 20]);
  const sparse = cutAt([mapping(0, 100, { anonBytes: 40 })], [{ start: 25, end: 25 }], () => true);
  assert.deepEqual(
    sparse.map((p) => p.anonBytes),
    [10, 30],
  );
});
