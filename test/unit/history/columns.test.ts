import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type FieldName, fieldName } from '../../../src/fields.ts';
import { Columns } from '../../../src/history/columns.ts';

type Row = { t: number; values: Record<string, number> };

/** The same as plain rows. */
class PlainRows {
  rows: Row[] = [];
  readonly ids = new Set<string>();

  add(t: number, values: Record<string, number>): void {
    for (const id in values) this.ids.add(id);
    this.rows.push({ t, values });
  }

  shift(seconds: number, first: number, after: number): void {
    for (const row of this.rows.slice(first)) row.t += seconds;
    const dropped = this.rows.findLastIndex(({ t }, i) => i >= first && t <= after);
    this.rows = this.rows.filter((_, i) => i < first || i > dropped);
  }

  merge(from: number, stepAt: (t: number) => number, breaks: ReadonlySet<number>): void {
    const merged: Row[][] = [];
    for (const row of this.rows.slice(from)) {
      const bin = merged.at(-1);
      const step = bin === undefined ? 0 : stepAt(bin[0]!.t);
      if (bin && step > 0 && Math.floor(bin[0]!.t / step) === Math.floor(row.t / step) && !breaks.has(row.t)) bin.push(row);
      else merged.push([row]);
    }
    this.rows = merged.map((bin) => ({
      t: bin[0]!.t,
      values: Object.fromEntries(
        [...this.ids].map((id) => [id, bin.length === 1 ? (bin[0]!.values[id] ?? Number.NaN) : of(bin, id)]),
      ),
    }));
  }
}

function of(bin: Row[], id: string): number {
  const known = bin.map(({ values }) => values[id] ?? Number.NaN).filter((v) => !Number.isNaN(v));
  if (known.length === 0) return Number.NaN;
  return id === 'low' ? Math.min(...known) : Math.round(known.reduce((sum, v) => sum + v, 0) / known.length);
}

const COARSER = {
  keepsMinimum: (id: FieldName) => id === 'low',
  round: (id: FieldName) => (id === 'low' ? (v: number) => v : Math.round),
};
const values = fc.dictionary(
  fc.constantFrom('low', 'usage', 'anon', 'gc_seconds', 'file', ...Array.from({ length: 60 }, (_, i) => `other_${i}`)),
  fc.oneof(
    fc.nat(1e6).map((v) => 4096 * v),
    fc.nat(1e9),
    fc.constant(7),
    fc.double({ min: -1e15, max: 1e15 }),
  ),
  { maxKeys: 6 },
);
const step = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({
      what: fc.constant('rows' as const),
      values: fc.array(values, { minLength: 1, maxLength: 8 }),
      repeat: fc.nat(60),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('stored' as const),
      values: fc.array(values, { minLength: 1, maxLength: 8 }),
      skipped: fc.nat(3),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('merge' as const),
      from: fc.nat(1000),
      seconds: fc.constantFrom(0, 20, 60),
      break: fc.nat(1000),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      what: fc.constant('shift' as const),
      first: fc.nat(1000),
      seconds: fc.integer({ min: -500, max: 10 }),
    }),
  },
);

test('rows that are frozen, merged, moved and given new fields read as plain rows do', () => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 30 }), fc.nat(), fc.nat(), fc.nat(40), (steps, a, b, points) => {
      const [columns, plain] = [new Columns(), new PlainRows()];
      let now = 1e6;
      for (const s of steps) {
        if (s.what === 'rows')
          for (let i = 0; i <= s.repeat; i++) {
            now += 10;
            const row = s.values[i % s.values.length]!;
            columns.row(now, row);
            plain.add(now, row);
          }
        if (s.what === 'stored') {
          const ids = new Set(s.values.flatMap((row) => Object.keys(row)));
          const from = now - 10 * s.skipped;
          const t = s.values.map((_, i) => from + 10 * (i + 1));
          columns.rows(t, Object.fromEntries([...ids].map((id) => [id, s.values.map((row) => row[id] ?? null)])));
          for (const id of ids) plain.ids.add(id);
          for (const [i, row] of s.values.entries()) if (t[i]! > (plain.rows.at(-1)?.t ?? 0)) plain.add(t[i]!, row);
          now = Math.max(now, t.at(-1)!);
        }
        if (s.what === 'merge' && plain.rows.length > 0) {
          const from = s.from % plain.rows.length;
          const breaks = new Set([plain.rows[s.break % plain.rows.length]!.t]);
          const middle = now - 300;
          const stepAt = (t: number): number => (t < middle ? s.seconds : 0);
          columns.merge(from, stepAt, breaks, COARSER);
          plain.merge(from, stepAt, breaks);
        }
        if (s.what === 'shift' && plain.rows.length > 0) {
          const first = s.first % plain.rows.length;
          const after = plain.rows[first - 1]?.t ?? Number.NEGATIVE_INFINITY;
          columns.shift(s.seconds, first, after);
          plain.shift(s.seconds, first, after);
          now += 10;
        }
      }
      const { rows, ids } = plain;
      assert.deepEqual(
        [columns.length, columns.firstS, columns.lastS],
        [rows.length, rows[0]?.t ?? null, rows.at(-1)?.t ?? null],
      );
      assert.deepEqual([...columns.ids()], [...ids]);
      const [first, end] = [a % (rows.length + 1), b % (rows.length + 1)].sort((x, y) => x - y) as [number, number];
      const names = [...ids, 'absent'].map(fieldName);
      const plainValue = (id: FieldName, row: Row | undefined): number => row?.values[id] ?? Number.NaN;
      const whole = columns.select(first, end, names, null);
      assert.deepEqual(
        [...whole.t],
        rows.slice(first, end).map(({ t }) => t),
      );
      for (const id of names) {
        assert.deepEqual(
          [...whole.fields.get(id)!],
          rows.slice(first, end).map((row) => plainValue(id, row)),
        );
        if (end < rows.length) assert.ok(Object.is(columns.valueOf(id, end), plainValue(id, rows[end])), `${id}, row ${end}`);
      }
      const few = columns.select(first, end, names, points + 1);
      const byTime = new Map(rows.map((row) => [row.t, row]));
      assert.ok(few.t.length <= points + 1);
      for (const id of names)
        assert.deepEqual(
          [...few.fields.get(id)!],
          Array.from(few.t, (t) => plainValue(id, byTime.get(t))),
        );
    }),
    { numRuns: 200 },
  );
});

const filled = (): Columns => {
  const columns = new Columns();
  for (let t = 1; t <= 600; t++) columns.row(t, { usage: t });
  return columns;
};
const USAGE = fieldName('usage');

test('a column that is read stays as it was, and one that is read after the next row is refused', () => {
  const columns = filled();
  const { fields } = columns.select(0, 600, [USAGE, fieldName('anon')], null);
  const usage = fields.get(USAGE)!;
  columns.row(601, { usage: 601 });
  assert.deepEqual([usage.length, usage[0], usage[599], fields.get(USAGE) === usage], [600, 1, 600, true]);
  assert.throws(() => fields.get(fieldName('anon')), /selected before the newest row/);
  assert.throws(() => fields.valueAt(USAGE, 0), /selected before the newest row/);
});

test('one value is read without its column: a row that the selection does not have is undefined, as is a field', () => {
  const { fields } = filled().select(10, 20, [USAGE], null);
  assert.deepEqual(
    [-1, 0, 9, 10].map((row) => fields.valueAt(USAGE, row)),
    [undefined, 11, 20, undefined],
  );
  assert.deepEqual([fields.valueAt(fieldName('anon'), 0), fields.get(fieldName('anon'))], [undefined, undefined]);
});

test('a selection is a map of its fields, and can be read again after its columns were freed', () => {
  const { fields } = filled().select(0, 2, [USAGE, fieldName('anon')], null);
  const plain = [
    ['usage', [1, 2]],
    ['anon', [Number.NaN, Number.NaN]],
  ];
  const read = () => Array.from(fields, ([id, column]) => [id, [...column]]);
  assert.deepEqual([fields.size, fields.has(USAGE), [...fields.keys()]], [2, true, ['usage', 'anon']]);
  assert.deepEqual(read(), plain);
  fields.release();
  assert.deepEqual(read(), plain);
  const seen: unknown[] = [];
  fields.forEach((column, id) => {
    seen.push([id, [...column]]);
  });
  assert.deepEqual(seen, plain);
  assert.deepEqual(
    Array.from(fields.values(), (column) => [...column]),
    plain.map(([, column]) => column),
  );
});
