import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FieldId, FieldName } from '../../../../src/fields.ts';
import type { SamplesAnswer } from '../../../../src/outlets/status.ts';
import { forwardFill } from '../../../../web/data/forward-fill.ts';
import { appendRow, copyRows } from '../../../../web/data/rows.ts';

type Column = (number | null)[];
const samples = (t: number[], fields: Record<string, Column>, restartS?: number): SamplesAnswer => ({
  interval_s: 1,
  limit_bytes: null,
  heap_max_bytes: null,
  request_bytes: null,
  t,
  fields,
  aux: { events: restartS === undefined ? [] : [{ t: restartS, type: 'restart' }] },
});
const count = (n: number, from = 0): number[] => Array.from({ length: n }, (_, i) => from + i);

describe('a value that is read less often than the rest', () => {
  const sparse: Column = count(20).map((i) => (i % 4 === 0 ? i : null));

  test('is shown until it is read again', () => {
    const { fields } = forwardFill(samples(count(20), { usage: count(20), heap_used: sparse }));
    assert.deepEqual(
      fields.heap_used,
      count(20).map((i) => i - (i % 4)),
    );
    assert.deepEqual(fields.usage, count(20));
  });

  test('is not shown in another run, nor for long if it is not read again', () => {
    const lost = count(60).map((i) => (i % 4 === 0 && i <= 20 ? i : null));
    const { fields } = forwardFill(samples(count(60), { heap_used: lost }, 9));
    assert.deepEqual(fields.heap_used!.slice(8, 13), [8, null, null, null, 12]);
    assert.deepEqual([fields.heap_used![36], fields.heap_used![37]], [20, null]);
  });
});

describe('live rows', () => {
  const all = { oldest: Number.NEGATIVE_INFINITY, most: 1200, step: 1 };
  const tick = (t: number, value: (id: FieldName) => number | null, ids: FieldId[] = []) => ({ t, ids, value });

  test('are added to every column, even if a tick leaves a field out', () => {
    const rows = copyRows(samples(count(100), { usage: count(100), threads: count(100) }));
    const change = appendRow(
      rows,
      tick(100, (id) => (id === 'usage' ? 7 : null)),
      all,
    );
    assert.deepEqual(change, { replaced: false, removed: 0 });
    assert.deepEqual([rows.t.at(-1), rows.fields.usage!.at(-1), rows.fields.threads!.at(-1)], [100, 7, null]);
    assert.equal(
      appendRow(
        rows,
        tick(100, () => 8),
        all,
      ),
      null,
      'the same instant again is no row',
    );
    assert.equal(rows.t.length, 101);
  });

  test('replace the newest row if it is closer than the range can show, and never exceed the maximum', () => {
    const rows = copyRows(
      samples(
        count(600).map((i) => i * 2000),
        { usage: count(600) },
      ),
    );
    let joined = 0;
    for (let s = 1; s <= 7200; s++) {
      const change = appendRow(
        rows,
        tick(599 * 2000 + s, () => s),
        all,
      );
      if (change !== null && !change.replaced) joined++;
    }
    assert.ok(joined >= 5 && joined <= 9, `${joined} rows in two hours of fourteen days`);
    assert.deepEqual([rows.t.at(-1), rows.fields.usage!.at(-1)], [599 * 2000 + 7200, 7200]);
    for (let i = 1; i < rows.t.length; i++) assert.ok(rows.t[i]! > rows.t[i - 1]!);
    assert.equal(rows.fields.usage!.length, rows.t.length);
  });

  test('drop rows older than the range: an hour of ticks leaves as many rows as fifteen minutes have', () => {
    const rows = copyRows(samples(count(900), { usage: count(900) }));
    for (let s = 900; s < 4500; s++)
      appendRow(
        rows,
        tick(s, () => s),
        { ...all, oldest: s - 900 },
      );
    assert.ok(rows.t.length <= 901, String(rows.t.length));
    assert.ok(rows.t[0]! >= 4499 - 901);
  });

  test('leave a gap after a break, and none after a tick that is a little late', () => {
    const rows = copyRows(samples(count(100), { usage: count(100) }));
    appendRow(
      rows,
      tick(101.4, () => 1),
      all,
    );
    assert.equal(rows.t.length, 101);
    appendRow(
      rows,
      tick(121.4, () => 2),
      all,
    );
    assert.deepEqual(rows.t.slice(-3), [101.4, 111.4, 121.4]);
    assert.deepEqual(rows.fields.usage!.slice(-3), [1, null, 2]);
  });

  test('begin a column for a new field, as when a JVM starts', () => {
    const rows = copyRows(samples(count(3), { usage: count(3) }));
    appendRow(
      rows,
      tick(3, () => 5, ['usage', 'heap_used']),
      all,
    );
    assert.deepEqual(rows.fields.heap_used, [null, null, null, 5]);
  });
});
