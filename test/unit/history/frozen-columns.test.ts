import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrozenColumns } from '../../../src/history/frozen-columns.ts';
import { Packer } from '../../../src/history/packing/packer.ts';

const packer = new Packer();

const anyDouble = fc.oneof(
  fc.double(),
  fc.constantFrom(Number.NaN, -0, 0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.MAX_VALUE, Number.MIN_VALUE),
);
const around = (power: number) => fc.integer({ min: -2, max: 2 }).map((near) => 2 ** power + near);
/** Values of one kind, as the rows of a field mostly are, and some of another among them. */
const column = fc.oneof(
  fc.array(anyDouble, { maxLength: 40 }),
  fc.array(fc.oneof(fc.nat(300), around(8), fc.constant(-0)), { maxLength: 40 }),
  fc.array(fc.oneof(fc.nat(70_000), around(16), fc.constant(Number.NaN)), { maxLength: 40 }),
  fc.array(fc.oneof(fc.nat(), around(32), around(31)), { maxLength: 40 }),
  fc.array(
    fc.oneof(
      fc.nat(1e6).map((pages) => 4096 * pages),
      around(24),
      around(53),
    ),
    { maxLength: 40 },
  ),
  // Seconds in milliseconds, some of them missing.
  fc.array(
    fc.oneof(
      fc.integer({ min: -1e9, max: 1e12 }).map((ms) => ms / 1000),
      fc.constantFrom(Number.NaN, 0),
    ),
    { maxLength: 40 },
  ),
  // A size that differs by few pages, with gaps.
  fc
    .tuple(fc.maxSafeInteger(), fc.nat(20), fc.array(fc.option(fc.nat(300)), { maxLength: 40 }))
    .map(([base, shift, steps]) => steps.map((step) => (step === null ? Number.NaN : Math.trunc(base / 2) + step * 2 ** shift))),
);
/** Repeated, so that some columns have more than one piece. */
const long = fc
  .tuple(fc.array(column, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 2300 }))
  .map(([parts, rows]) => Float64Array.from({ length: rows }, (_, i) => parts.flat()[i % parts.flat().length] ?? i));

test('every number is decoded as it was, from every row, of columns that were added together or later', () => {
  fc.assert(
    fc.property(fc.array(long, { minLength: 1, maxLength: 3 }), long, fc.nat(), fc.nat(), (columns, later, a, b) => {
      const rows = Math.min(...columns.map(({ length }) => length));
      const frozen = new FrozenColumns(packer);
      frozen.add(rows, columns.length, (i) => columns[i]!.subarray(0, rows));
      // The rows after those have one column more.
      const more = [...columns.map((c) => Float64Array.from(later, (v, i) => c[i] ?? v)), later];
      frozen.add(later.length, more.length, (i) => more[i]!);
      const all = more.map((after, i) => [
        ...(columns[i]?.subarray(0, rows) ?? new Float64Array(rows).fill(Number.NaN)),
        ...after,
      ]);
      assert.equal(frozen.length, rows + later.length);
      const [first, end] = [a % (frozen.length + 1), b % (frozen.length + 1)].sort((x, y) => x - y) as [number, number];
      for (const [i, values] of all.entries()) {
        const into = new Float64Array(end - first + 2).fill(7);
        frozen.decode(i, first, end, into, 1);
        assert.deepEqual([...into], [7, ...values.slice(first, end), 7]);
        if (end < frozen.length) assert.ok(Object.is(frozen.valueAt(i, end), values[end]), `row ${end}`);
      }
    }),
    { numRuns: 300 },
  );
});

test('a field that rests takes no bytes a row, others the bits by which the rows of a piece differ, and one large value widens only its own rows', () => {
  const pieces = 5;
  const rows = 1024 * pieces;
  const bitsOf = (values: (row: number) => number): number => {
    const frozen = new FrozenColumns(packer);
    frozen.add(rows, 1, () => Float64Array.from({ length: rows }, (_, row) => values(row)));
    const perPiece = 8; // a piece begins with a number
    return frozen.bytes === 0 ? 0 : (8 * (frozen.bytes - perPiece * pieces)) / rows;
  };
  assert.equal(
    bitsOf(() => Number.NaN),
    0,
  );
  assert.equal(
    bitsOf((row) => row % 200),
    8,
  );
  assert.equal(
    bitsOf((row) => -1e15 + (row % 1024)),
    10,
  );
  assert.equal(
    bitsOf((row) => 4096 * (15e6 + (row % 64))),
    6,
  );
  // A gap is one value more.
  assert.equal(
    bitsOf((row) => (row % 64 === 7 ? Number.NaN : 4096 * (15e6 + (row % 64)))),
    7,
  );
  assert.equal(
    bitsOf((row) => (row % 1000) / 1000),
    10,
  );
  assert.equal(
    bitsOf((row) => 2 ** 20 * (1 + 2 ** 22 * (row % 1000))),
    10,
  );
  assert.equal(
    bitsOf((row) => (row === 0 ? 2 ** 31 : row % 128)),
    (32 + 7 * (pieces - 1)) / pieces,
  );
});

test('numbers that are no whole ones take a float of four bytes if it is exact, else one of eight', () => {
  for (const [bytes, value] of [
    [4, (row: number) => row + 0.5],
    [8, (row: number) => row + 0.1],
    [8, (row: number) => (row === 1 ? -0 : row + 0.1)],
  ] as const) {
    const values = Float64Array.from({ length: 100 }, (_, row) => value(row) / 64);
    const frozen = new FrozenColumns(packer);
    frozen.add(100, 1, () => values);
    assert.equal(frozen.bytes, 100 * bytes);
    const into = new Float64Array(100);
    frozen.decode(0, 0, 100, into, 0);
    assert.deepEqual(into, values);
  }
});
