import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldId } from '../../src/fields.ts';
import { MIB } from '../../src/units.ts';
import { CORPUS, exampleOf } from '../../synthetic/corpus/index.ts';
import { labelField, labelWhole } from '../../synthetic/corpus/label.ts';
import { constant, drift, warmUp, white } from '../../synthetic/corpus/parts.ts';
import { WIDE, wideExample } from '../../synthetic/corpus/wide/index.ts';
import { Random } from '../../synthetic/random.ts';

const LIMIT = 1024 * MIB;
const grid = { n: 1441, stepS: 60, windowS: 86_400 };
const perDay = (bytes: number) => bytes / 86_400;

const first = CORPUS.map(({ index }) => exampleOf(index, 0));

test('the same scenario and run give the same series and label', () => {
  for (const { index } of CORPUS) {
    const { series, label } = exampleOf(index, 0);
    assert.deepEqual({ series, label }, { series: first[index]!.series, label: first[index]!.label });
  }
});

test('the time to -Xmx counts from the live set, however much garbage there was at each sample of late', () => {
  const heap = { ...constant(grid, 700 * MIB), slope: perDay(240 * MIB), liveNow: 500 * MIB };
  const fields = new Map([
    ['usage', [constant(grid, 800 * MIB)]],
    ['heap_used', [heap]],
  ]);
  const { truth } = labelWhole('made', fields, { grid, limit: LIMIT, heapMax: 740 * MIB, cause: 'heap' });
  assert.equal(truth.overall, 'growing');
  assert.ok(Math.abs(truth.heap_eta_s! - 86_400) < 1, String(truth.heap_eta_s));
});

test('every third scenario is held out, and there are enough of both', () => {
  assert.ok(CORPUS.length >= 40);
  assert.deepEqual(
    CORPUS.slice(0, 6).map(({ heldOut }) => heldOut),
    [false, false, true, false, false, true],
  );
});

test('usage is the sum of its parts in every scenario', () => {
  for (const { index, name } of CORPUS) {
    const { fields, limitBytes } = first[index]!.series;
    const last = (id: FieldId) => {
      const column = fields.get(id)!;
      return column[column.length - 1]!;
    };
    const parts = (['anon', 'file', 'slab', 'kernel_stack', 'pagetables', 'sock'] as const).reduce(
      (sum, id) => sum + last(id),
      0,
    );
    assert.ok(Math.abs(parts - last('usage')) < 10 * 16_384, name);
    assert.ok(last('usage') > 0 && last('usage') < 1.2 * Number(limitBytes), `${name} is within its limit`);
  }
});

test('the wide corpus has its own series for the seeds that are held out, and each stays near its limit', () => {
  for (const { index, name } of WIDE) {
    const { series, label } = wideExample(index, 0, false);
    assert.deepEqual(wideExample(index, 0, false).label, label, name);
    assert.notDeepEqual(wideExample(index, 0, true).series.t, series.t, name);
    const highest = Math.max(...series.fields.get('usage' satisfies FieldId)!);
    assert.ok(highest > 0 && highest < 1.3 * Number(series.limitBytes), `${name} ${highest / Number(series.limitBytes)}`);
  }
});

/**
 *     slope a day      noise    says
 *     none             1 MiB    stable
 *     2 MiB            1 MiB    stable         0.2 % of the limit, and of 200 MiB only 1 %
 *     30 MiB           1 MiB    growing
 *     30 MiB           60 MiB   indeterminate  under six standard errors (60 x sqrt(12 / 1441) = 5.5 MiB)
 *     -30 MiB          1 MiB    shrinking
 */
test('a field is labelled by its own parameters', () => {
  const said = (rise: number, sd: number) =>
    labelField(
      [constant(grid, 200 * MIB), white(grid, new Random(1), sd * MIB), drift(grid, perDay(rise * MIB))],
      grid.windowS,
      LIMIT,
    ).said;
  assert.equal(said(0, 1), 'stable');
  assert.equal(said(2, 1), 'stable');
  assert.equal(said(30, 1), 'growing');
  assert.equal(said(30, 60), 'indeterminate');
  assert.equal(said(-30, 1), 'shrinking');
});

test('bounded growth is never growing', () => {
  const said = (tauS: number) => labelField([constant(grid, 200 * MIB), warmUp(grid, 150 * MIB, tauS)], grid.windowS, LIMIT).said;
  assert.equal(said(3600), 'stable');
  assert.equal(said(86_400), 'indeterminate');
});
