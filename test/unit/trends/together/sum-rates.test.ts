import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { type ByField, entriesOf, type FieldName } from '../../../../src/fields.ts';
import type { FieldEvaluation } from '../../../../src/trends/field/field-trend.ts';
import { type GrowthRate, growthRateOf, standardError, sumOfRates } from '../../../../src/trends/field/growth-rate.ts';
import { anonGrowthRate, reconcileSums, sumGrowthRate, sumShrinks } from '../../../../src/trends/together/sum-rates.ts';
import { fieldEvaluation, growingField } from '../../../support/evaluation.ts';

const fieldsOf = (given: ByField<FieldEvaluation>) => new Map<FieldName, FieldEvaluation>(entriesOf(given));
const still = (slope: number, half: number, posterior = 0) =>
  fieldEvaluation({ slopeBytesPerHour: slope, low: slope - half, high: slope + half, posterior });
/** Slope and half of its interval, rounded. */
const round = (rate: GrowthRate | null): readonly [number, number] | null =>
  rate && [Math.round(100 * rate.slope) / 100, Math.round(50 * (rate.high - rate.low)) / 100];

test('rates of parts are added with their intervals, and an unknown one is 0', () => {
  const sum = sumOfRates([
    { slope: 1, low: 0, high: 3 },
    { slope: 10, low: 5, high: 20 },
  ]);
  assert.deepEqual(sum, { slope: 11, low: 5, high: 23 });
  assert.deepEqual(sumOfRates([]), { slope: 0, low: 0, high: 0 });
  const unknown = growthRateOf(fieldEvaluation({ slopeBytesPerHour: null, low: null, high: null }));
  assert.deepEqual(unknown, { slope: 0, low: 0, high: 0 });
  assert.ok(Math.abs(standardError({ slope: 0, low: -1.645, high: 1.645 }) - 1) < 1e-12);
});

describe('anonymous memory', () => {
  const rate = (given: ByField<FieldEvaluation>) => round(anonGrowthRate(fieldsOf(given)));
  test('has no rate where it is not known, and its own where nothing is known to grow inside it', () => {
    assert.equal(rate({}), null);
    assert.equal(rate({ anon: fieldEvaluation({ slopeBytesPerHour: null }) }), null);
    assert.deepEqual(rate({ anon: growingField(100, 10), heap_used: still(0, 1) }), [100, 10]);
    assert.equal(rate({ anon: still(100, 10) }), null);
  });
  test('grows by the mean of its own rate and that of the parts inside it, weighted by how exact they are', () => {
    assert.deepEqual(rate({ anon: growingField(100, 10), metaspace: growingField(100, 10) }), [100, 7.07]);
    assert.deepEqual(rate({ anon: growingField(100, 20), metaspace: growingField(110, 10) }), [108, 8.94]);
    assert.deepEqual(
      rate({ anon: growingField(100, 20), metaspace: growingField(50, 5), heap_used: growingField(60, 5) }),
      [108, 8.94],
    );
  });
  test('grows by its own rate where the parts inside it say another', () => {
    assert.deepEqual(rate({ anon: growingField(100, 10), metaspace: growingField(20, 10) }), [100, 10]);
    // 99 % of the difference between two rates of 10 is within 22.1 (2.576 / 1.645 times their root of squares).
    assert.deepEqual(rate({ anon: growingField(100, 10), metaspace: growingField(122, 10) }), [111, 7.07]);
    assert.deepEqual(rate({ anon: growingField(100, 10), metaspace: growingField(123, 10) }), [100, 10]);
  });
  test('grows by its own rate where that is more than its heap grows by: a JVM commits more than it uses', () => {
    assert.deepEqual(rate({ anon: growingField(100, 10), heap_used: growingField(95, 10) }), [100, 10]);
    assert.deepEqual(rate({ anon: growingField(100, 10), heap_used: growingField(105, 10) }), [102.5, 7.07]);
  });
  test('grows by its own rate beside threads, whose stacks are in it, though its noise hides that', () => {
    assert.deepEqual(rate({ anon: still(50, 60), threads: growingField(9, 1) }), [50, 60]);
    assert.deepEqual(rate({ anon: still(50, 60), kernel_stack: growingField(9, 1) }), [50, 60]);
    assert.equal(rate({ anon: still(-50, 60), threads: growingField(9, 1) }), null);
    assert.equal(rate({ anon: still(50, 60), threads: still(9, 1) }), null);
  });
  test('grows by its parts where its own noise hides it, unless its heap rises in what is committed already', () => {
    assert.deepEqual(rate({ anon: still(100, 40), metaspace: growingField(100, 10) }), [100, 9.7]);
    assert.equal(rate({ anon: still(0, 1, 0.4), heap_used: growingField(100, 10) }), null);
    assert.deepEqual(rate({ anon: still(0, 1, 0.6), heap_used: growingField(100, 10) }), [100, 10]);
    assert.deepEqual(
      rate({ anon: still(0, 1, 0.4), heap_used: growingField(100, 10), metaspace: growingField(1, 0) }),
      [101, 10],
    );
  });
  test('has a rate also where no interval is left', () => {
    assert.deepEqual(rate({ anon: growingField(100, 0), metaspace: growingField(100, 0) }), [100, 0]);
  });
});

describe('a sum', () => {
  const usage = (given: ByField<FieldEvaluation>) => round(sumGrowthRate(fieldsOf(given), 'usage'));
  const own = growingField(100, 50);
  test('has no rate where it does not grow, and its own where none of its parts grows', () => {
    assert.equal(usage({ usage: still(100, 50), anon: growingField(100, 10) }), null);
    assert.deepEqual(usage({ usage: own, anon: still(0, 1) }), [100, 50]);
  });
  test('grows by what grows in it, where that is more exact and they agree', () => {
    assert.deepEqual(usage({ usage: own, anon: growingField(90, 10) }), [90, 10]);
    assert.deepEqual(usage({ usage: own, anon: growingField(60, 10), file: growingField(50, 20) }), [110, 30]);
    assert.deepEqual(usage({ usage: own, sock: growingField(90, 10) }), [90, 10]);
    assert.deepEqual(usage({ usage: own, anon: growingField(90, 60) }), [100, 50], 'less exact');
    // Within the 99 % interval of its own rate, 78.3.
    assert.deepEqual(usage({ usage: own, anon: growingField(23, 10) }), [23, 10]);
    assert.deepEqual(usage({ usage: own, anon: growingField(21, 10) }), [100, 50]);
    assert.deepEqual(usage({ usage: own, anon: growingField(179, 10) }), [100, 50]);
  });
  test('counts the kernel once: by its sum, or by its parts where that is not reported', () => {
    const part = growingField(40, 5);
    assert.deepEqual(usage({ usage: own, slab: part, kernel_stack: part }), [80, 10]);
    assert.deepEqual(usage({ usage: own, slab: part, kernel_stack: part, kernel: growingField(85, 5) }), [85, 5]);
    assert.deepEqual(usage({ usage: own, slab: part, kernel: still(0, 1) }), [100, 50], 'the sum is known to stand still');
  });
  test('keeps its own rate where a part may grow by more than a fiftieth of it', () => {
    const anon = growingField(90, 10);
    assert.deepEqual(usage({ usage: own, anon, file: still(3, 1, 0.6) }), [100, 50]);
    assert.deepEqual(usage({ usage: own, anon, file: still(1, 1, 0.6) }), [90, 10], 'by less');
    assert.deepEqual(usage({ usage: own, anon, file: still(3, 1, 0.5) }), [90, 10], 'not probably');
    assert.deepEqual(usage({ usage: own, anon, file: fieldEvaluation({ slopeBytesPerHour: null, posterior: 0.9 }) }), [90, 10]);
    assert.deepEqual(usage({ usage: own, anon: still(30, 1, 0.6), file: growingField(90, 10) }), [100, 50]);
    assert.deepEqual(
      usage({ usage: own, anon: still(30, 1, 0.6), metaspace: growingField(30, 1), file: growingField(60, 10) }),
      [90, 10.71],
      'what grows in anon is known',
    );
  });
  test('counts the page tables of what grows, a 512th of it at most, where they are too small to be called growing', () => {
    const anon = growingField(51_200, 100);
    const near = growingField(51_200, 500);
    assert.deepEqual(usage({ usage: near, anon, pagetables: still(0, 0) }), [51_250, 150]);
    assert.deepEqual(usage({ usage: near, anon, pagetables: growingField(90, 1) }), [51_290, 101]);
    assert.deepEqual(usage({ usage: near, anon, pagetables: still(0, 0), kernel: growingField(80, 1) }), [51_280, 101]);
    assert.deepEqual(usage({ usage: near, file: anon, pagetables: still(0, 0) }), [51_200, 100], 'page cache has none');
  });
  test('the working set holds active page cache and shared memory, and no inactive cache', () => {
    const set = (given: ByField<FieldEvaluation>) =>
      round(sumGrowthRate(fieldsOf({ working_set: own, ...given }), 'working_set'));
    assert.deepEqual(set({ active_file: growingField(90, 10) }), [90, 10]);
    assert.deepEqual(set({ shmem: growingField(90, 10) }), [90, 10]);
    assert.deepEqual(set({ inactive_file: growingField(90, 10) }), [100, 50]);
    assert.deepEqual(set({ file: growingField(90, 10) }), [100, 50]);
  });
});

describe('reconciled fields', () => {
  const basis = { ...fieldEvaluation().basis, line: { fromT: 1000, toT: 8200, level: 0, slopePerSecond: 1 } };
  const reconciled = (given: ByField<FieldEvaluation>) => reconcileSums(fieldsOf(given), 'max');
  test('have the rates of their parts, and lines that end at their level now', () => {
    const fields = reconciled({
      usage: growingField(100, 50, { basis, levelNow: 5000 }),
      working_set: growingField(100, 50),
      anon: growingField(90, 10),
      metaspace: growingField(90, 10),
    });
    for (const id of ['usage', 'working_set', 'anon'] as const)
      assert.deepEqual(round(growthRateOf(fields.get(id)!)), [90, 7.07], id);
    const { line } = fields.get('usage')!.basis;
    assert.deepEqual(
      [line!.fromT, line!.toT, Math.round(line!.level), Math.round(1e6 * line!.slopePerSecond)],
      [1000, 8200, 4820, 25_000],
    );
    assert.equal(fields.get('anon')!.basis.line, null);
    assert.equal(fields.get('usage')!.trend, 'growing');
  });
  test('stay as they are where they do not grow', () => {
    const fields = reconciled({ usage: still(1, 1), anon: still(100, 40), metaspace: growingField(100, 10) });
    assert.deepEqual(round(growthRateOf(fields.get('usage')!)), [1, 1]);
    assert.deepEqual(round(growthRateOf(fields.get('anon')!)), [100, 40]);
    assert.deepEqual(round(growthRateOf(fields.get('metaspace')!)), [100, 10]);
  });
  test('grow where what the kernel cannot take back grows in them, though the noise of other parts hides it', () => {
    const anon = growingField(9e6, 1e6, { p: 0.02, posterior: 0.98 });
    const hidden = { usage: still(7e6, 8e6), working_set: still(-9e6, 8e6), anon };
    const fields = reconciled(hidden);
    const { trend, slopeBytesPerHour, low, p, posterior, basis } = fields.get('usage')!;
    assert.deepEqual([trend, slopeBytesPerHour, low, p, posterior], ['growing', 9e6, 8e6, 0.02, 0.98]);
    assert.equal(basis.reason, 'a part of it grows');
    assert.equal(fields.get('working_set')!.trend, 'stable', 'its own values contradict');
    const trendOf = (given: ByField<FieldEvaluation>) => reconciled({ usage: still(7e6, 8e6), ...given }).get('usage')!.trend;
    assert.equal(trendOf({ file: anon }), 'stable', 'the kernel takes page cache back');
    assert.equal(trendOf({ anon: growingField(9e6, 10e6) }), 'stable', 'it may not grow');
    assert.equal(trendOf({ anon: growingField(9e6, 1e6, { p: 0.2 }) }), 'stable', 'not surely');
    assert.equal(trendOf({ anon: still(9e6, 1e7, 0.6), heap_used: anon }), 'stable', 'a heap may grow in what it has committed');
    assert.equal(trendOf({ anon: growingField(4e4, 1e3) }), 'stable', 'too little to matter');
    assert.equal(trendOf({ pagetables: growingField(1e6, 9e6) }), 'stable', 'less exact than its own');
  });
  test('slab grows by what cannot be reclaimed of it', () => {
    const slab = (given: ByField<FieldEvaluation>) => reconciled({ slab: still(7e6, 8e6), ...given }).get('slab')!.trend;
    assert.equal(slab({ slab_unreclaimable: growingField(9e6, 1e6) }), 'growing');
    assert.equal(slab({ slab_reclaimable: growingField(9e6, 1e6) }), 'stable');
    assert.equal(slab({}), 'stable');
  });
});

test('a sum falls as anonymous memory does, where its own noise hides that and nothing else grows', () => {
  const falling = fieldEvaluation({ trend: 'shrinking', slopeBytesPerHour: -100, low: -110, high: -90 });
  const trends = (given: ByField<FieldEvaluation>) => {
    const { usage } = Object.fromEntries(reconcileSums(fieldsOf({ anon: falling, ...given }), null));
    return [usage!.trend, round(growthRateOf(usage!)), sumShrinks(fieldsOf({ anon: falling, ...given }), 'usage')];
  };
  assert.deepEqual(trends({ usage: still(-60, 80) }), ['shrinking', [-100, 10], true]);
  assert.deepEqual(trends({ usage: still(60, 80) }), ['stable', [60, 80], false], 'its own values contradict');
  assert.deepEqual(trends({ usage: still(-60, 80), file: growingField(50, 5) }), ['stable', [-60, 80], false], 'the cache grows');
  assert.deepEqual(trends({ usage: still(-60, 80), anon: still(-100, 10) }), ['stable', [-60, 80], false], 'anon does not fall');
  assert.deepEqual(trends({ usage: { ...falling, slopeBytesPerHour: -50 } }), ['shrinking', [-50, 10], true], 'by itself');
});
