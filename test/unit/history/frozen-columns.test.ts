import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { FrozenColumns } from '../../../src/history/frozen-columns.ts';

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
);
/** Repeated, so that some columns have more than one piece. */
const long = fc
  .tuple(fc.array(column, { minLength: 1, maxLength: 4 }), fc.integer({ min: 1, max: 1300 }))
  .map(([parts, rows]) => Float64Array.from({ length: rows }, (_, i) => parts.flat()[i % parts.flat().length] ?? i));

test('every number is decoded as it was, from every row, of columns that were added together or later', () => {
  fc.assert(
    fc.property(fc.array(long, { minLength: 1, maxLength: 3 }), long, fc.nat(), fc.nat(), (columns, later, a, b) => {
      const rows = Math.min(...columns.map(({ length }) => length));
      const frozen = new FrozenColumns();
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

test('a field that rests takes no bytes a row, counts and sizes in pages take four at most, and one large value widens only its own rows', () => {
  const bytesOf = (values: (row: number) => number): number => {
    const frozen = new FrozenColumns();
    frozen.add(5120, 1, () => Float64Array.from({ length: 5120 }, (_, row) => values(row)));
    return frozen.bytes / 5120;
  };
  assert.equal(
    bytesOf(() => Number.NaN),
    0,
  );
  assert.equal(
    bytesOf((row) => row % 200),
    1,
  );
  assert.equal(
    bytesOf((row) => row),
    2,
  );
  assert.equal(
    bytesOf((row) => 4096 * (15e6 + row)),
    4,
  );
  assert.equal(
    bytesOf((row) => (row === 0 ? 0.1 : row % 200)),
    (8 * 512 + 9 * 512) / 5120,
  );
});
