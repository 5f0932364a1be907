import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { FieldId } from '../../../../src/fields.ts';
import type { FieldEvaluation } from '../../../../src/trends/field/field-trend.ts';
import type { LastingRise } from '../../../../src/trends/field/lasting-rise.ts';
import { hasUndecidedRise, jointEvidence } from '../../../../src/trends/together/joint-evidence.ts';
import { fieldEvaluation, growingField } from '../../../support/evaluation.ts';

const rise = (rSquared: number, given: Partial<LastingRise> = {}): FieldEvaluation =>
  fieldEvaluation({
    trend: 'settling',
    undecidedRise: {
      amount: 40e6,
      share: 0.4,
      roseSeconds: 3600,
      standsSeconds: 60,
      pauseSeconds: 0,
      slopePerSecond: 1e4,
      rSquared,
      levelNow: 140e6,
      ...given,
    },
  });

/** A field that grows with this posterior, which is too low for it to be called growing by itself. */
const leaning = (growing: number, significant: 0 | 1 = 1): FieldEvaluation =>
  fieldEvaluation({
    slopeBytesPerHour: 1e6,
    low: 5e5,
    high: 2e6,
    p: 1 - growing,
    basis: { segments: [0], line: null, modelProbabilities: [], statistics: { significant, growing }, reason: 'made' },
  });

const fieldsOf = (given: Partial<Record<FieldId, FieldEvaluation>>) =>
  new Map(Object.entries(given) as [FieldId, FieldEvaluation][]);
const trendsOf = (given: Partial<Record<FieldId, FieldEvaluation>>) =>
  Object.fromEntries([...jointEvidence(fieldsOf(given), null).fields].map(([id, { trend }]) => [id, trend]));

test('a floor of 0.92 grows if anonymous memory rose too, and not by itself', () => {
  assert.equal(trendsOf({ anon: rise(0.8), heap_used: leaning(0.92) }).heap_used, 'growing');
  assert.equal(trendsOf({ anon: fieldEvaluation(), heap_used: leaning(0.92) }).heap_used, 'stable');
  assert.equal(trendsOf({ anon: rise(0.8), heap_used: leaning(0.8) }).heap_used, 'stable', 'together they are not sure either');
  assert.equal(trendsOf({ anon: growingField(1e6, 1e5), heap_used: leaning(0.4) }).heap_used, 'stable', 'it leans the other way');
  const sure = growingField(1e6, 1e5);
  assert.equal(trendsOf({ anon: sure, heap_used: leaning(0.75) }).heap_used, 'stable', 'something else may grow in anon');
  assert.equal(trendsOf({ anon: sure, heap_used: leaning(0.85) }).heap_used, 'growing');
  assert.equal(trendsOf({ anon: rise(0.8), heap_used: leaning(0.92, 0) }).heap_used, 'stable', 'too slow to matter');
  assert.equal(trendsOf({ anon: leaning(0.3), heap_used: leaning(0.99) }).heap_used, 'stable', 'anonymous memory rather falls');
  assert.equal(trendsOf({ usage: rise(0.95), threads: leaning(0.85) }).threads, 'growing', 'usage, where anon is not known');
});

test('anonymous memory that rose and leans to growth grows at the pace of usage, where that goes on and nothing else in it grows', () => {
  const usage = { ...growingField(1e6, 1e5), p: 0.05 };
  const anon = { ...rise(0.8), p: 0.6 };
  const { fields } = jointEvidence(fieldsOf({ usage, anon }), null);
  const { trend, slopeBytesPerHour, posterior, undecidedRise } = fields.get('anon')!;
  assert.deepEqual([trend, slopeBytesPerHour, posterior, undecidedRise], ['growing', 1e6, 0.9, null]);
  assert.equal(trendsOf({ usage, anon: { ...anon, p: 0.71 } }).anon, 'settling', 'it rather stopped');
  assert.equal(trendsOf({ usage: { ...usage, p: 0.11 }, anon }).anon, 'settling', 'usage is not sure');
  assert.equal(trendsOf({ usage: { ...usage, trend: 'stable' }, anon }).anon, 'settling');
  assert.equal(trendsOf({ usage, anon, file: growingField(1e6, 1e5) }).anon, 'settling', 'page cache grows');
  assert.equal(trendsOf({ usage, anon: { ...leaning(0.5), p: 0.5 } }).anon, 'stable', 'it did not rise');
});

test('a floor whose slope is likelier that of growing anonymous memory than 0 is where that comes from', () => {
  const floor = (slopeBytesPerHour: number, half: number, collections = 4): FieldEvaluation => {
    const { basis, ...field } = leaning(0.2);
    const [low, high] = [slopeBytesPerHour - half, slopeBytesPerHour + half];
    return { ...field, slopeBytesPerHour, low, high, basis: { ...basis, statistics: { ...basis.statistics, collections } } };
  };
  const beside = (heap: FieldEvaluation) => trendsOf({ anon: growingField(1e6, 1e5), heap_used: heap }).heap_used;
  assert.equal(beside(floor(0.8e6, 0.8e6)), 'growing', 'its own few points leave it open');
  assert.equal(beside(floor(1e6, 1.1e6)), 'growing', 'the same slope, with an error of two thirds of it');
  assert.equal(beside(floor(1e6, 3e6)), 'stable', 'with such an error any slope would do');
  assert.equal(beside(floor(0.4e6, 0.8e6)), 'stable', 'it is as near to 0');
  assert.equal(beside(floor(0.5e6, 0.05e6)), 'stable', 'it is surely not that of anonymous memory: something else grows too');
  assert.equal(beside(floor(-0.1e6, 0.1e6)), 'stable', 'it falls');
  assert.equal(beside(floor(0.8e6, 0)), 'stable', 'its error is not known');
  assert.equal(beside(floor(0.8e6, 0.8e6, 3)), 'stable', 'its floor is not known');
  assert.equal(beside({ ...floor(0.8e6, 0.8e6), liveSetUnknown: true }), 'stable');
});

test('such a floor has the slope of both, by how exact each is, also where it rose and stands', () => {
  const own = { slopeBytesPerHour: 0.8e6, low: 0, high: 1.6e6 };
  const statistics = { significant: 1, growing: 0.2, collections: 4 } as const;
  for (const floor of [leaning(0.2), rise(0.8)]) {
    const heap = { ...floor, ...own, basis: { ...floor.basis, statistics } };
    const grown = jointEvidence(fieldsOf({ anon: growingField(1e6, 1e5), heap_used: heap }), null).fields.get('heap_used')!;
    assert.deepEqual([grown.trend, Math.round(grown.slopeBytesPerHour! / 1e3)], ['growing', 997]);
    assert.ok(Math.abs(grown.high! - grown.low! - 2e5) < 2e3);
  }
});

test('a straight field that is called growing at a low posterior speaks like any other that is', () =>
  assert.equal(trendsOf({ anon: growingField(1e6, 1e5, { p: 0.4 }), heap_used: leaning(0.85) }).heap_used, 'growing'));

test('a field that grows by itself stays as it is', () => {
  const heap = growingField(1e6, 1e5);
  assert.equal(jointEvidence(fieldsOf({ anon: rise(0.95), heap_used: heap }), null).fields.get('heap_used'), heap);
});

test('a floor whose collections say that it does not rise is no evidence', () => {
  const overruled = { ...leaning(0.99), overruled: true as const };
  assert.equal(trendsOf({ anon: rise(0.99), heap_used: overruled }).heap_used, 'stable');
});

test('even steps of metaspace and of anonymous memory are growth of both, and of the sums over them', () => {
  const all = { usage: rise(0.95), anon: rise(0.95), metaspace: rise(0.95) };
  assert.deepEqual(trendsOf(all), { usage: 'growing', anon: 'growing', metaspace: 'growing' });
  assert.equal(trendsOf({ ...all, metaspace: fieldEvaluation() }).anon, 'settling', 'anonymous memory alone');
  const sums = { rss: rise(0.95), working_set: rise(0.95), slab_reclaimable: rise(0.95), sock: leaning(0.5) };
  const { rss, working_set, slab_reclaimable, sock } = trendsOf({ ...all, ...sums });
  assert.deepEqual([rss, working_set], ['growing', 'growing']);
  assert.deepEqual([slab_reclaimable, sock], ['settling', 'stable'], 'no sum over them, or no rise');
  assert.equal(trendsOf({ ...all, anon: rise(0.5), metaspace: rise(0.5) }).anon, 'settling', 'both uneven');
});

test('loaded classes speak for metaspace, which is updated at a collection only', () => {
  assert.equal(trendsOf({ anon: rise(0.95), metaspace: leaning(0.3), classes: growingField(100, 10) }).metaspace, 'growing');
  const still = trendsOf({ anon: rise(0.95), metaspace: fieldEvaluation(), classes: growingField(100, 10) });
  assert.deepEqual([still.metaspace, still.anon], ['stable', 'settling'], 'it has no pace that could go on');
  assert.equal(trendsOf({ anon: rise(0.95), classes: growingField(100, 10) }).anon, 'settling', 'it is not known');
});

test('such growth has the pace of the whole rise, an interval that k steps have, and is never surer than 0.9', () => {
  const line = { fromT: 50_000, toT: 100_000, level: 1, slopePerSecond: 1 };
  const rose = rise(0.9375, { slopePerSecond: 1000 });
  const anon = { ...rose, p: 0.3, basis: { ...rose.basis, line } };
  const { fields } = jointEvidence(fieldsOf({ anon, metaspace: rise(0.9375), threads: leaning(0.9) }), null);
  const { slopeBytesPerHour, low, high, p, posterior, levelNow, basis } = fields.get('anon')!;
  assert.deepEqual([slopeBytesPerHour, levelNow, posterior], [3.6e6, 140e6, 0.9]);
  assert.ok(Math.abs(p! - 0.1) < 1e-9, `${p}`);
  const half = 1.645 * 0.5 * 3.6e6;
  assert.ok(Math.abs(low! - 3.6e6 + half) < 1 && Math.abs(high! - 3.6e6 - half) < 1, `${low} to ${high}`);
  assert.deepEqual(basis, {
    ...rose.basis,
    line: { fromT: 13_600, toT: 100_000, level: 140e6 - 86.4e6, slopePerSecond: 1000 },
    reason: 'it rises, and so does memory that is measured apart from it',
  });
});

test('growth without such a rise keeps its pace and its line', () => {
  const line = { fromT: 50_000, toT: 100_000, level: 1, slopePerSecond: 1 };
  const leans = leaning(0.9);
  const heap = { ...leans, basis: { ...leans.basis, line } };
  const grown = jointEvidence(fieldsOf({ anon: rise(0.95), heap_used: heap }), null).fields.get('heap_used')!;
  assert.deepEqual([grown.slopeBytesPerHour, grown.low, grown.high, grown.levelNow], [1e6, 5e5, 2e6, 100e6]);
  assert.equal(grown.basis.line, line);
});

test('a heap that grows leaves the pace of anonymous memory alone, which it commits in steps', () => {
  const trends = trendsOf({ anon: rise(0.95), heap_used: leaning(0.9) });
  assert.deepEqual(trends, { anon: 'settling', heap_used: 'growing' });
});

test('memory beside the heap that rose grows if anonymous memory does', () => {
  const native = { field: rise(0.95), untouchedBytes: 0 };
  const trendOfNative = (anon: FieldEvaluation) => jointEvidence(fieldsOf({ anon }), native).native!.field.trend;
  assert.equal(trendOfNative(growingField(1e6, 1e5)), 'growing');
  assert.equal(trendOfNative(rise(0.95)), 'settling');
  const { field } = jointEvidence(fieldsOf({ anon: growingField(1e6, 1e5) }), native).native!;
  assert.deepEqual([field.posterior, field.basis.reason], [0.8, 'it rose, and anon grows']);
  const level = { field: leaning(0.5), untouchedBytes: 0 };
  assert.equal(jointEvidence(fieldsOf({ anon: growingField(1e6, 1e5) }), level).native!.field.trend, 'stable', 'it did not rise');
});

test('a rise is undecided where memory that cannot be reclaimed rose by a twentieth of all', () => {
  const usage = fieldEvaluation({ levelNow: 400e6 });
  assert.equal(hasUndecidedRise(fieldsOf({ usage, anon: rise(0.5) })), true);
  assert.equal(hasUndecidedRise(fieldsOf({ usage, anon: rise(0.5, { amount: 19e6 }) })), false);
  assert.equal(hasUndecidedRise(fieldsOf({ usage, file: rise(0.5) })), false, 'page cache can be reclaimed');
  for (const id of ['heap_used', 'metaspace'] as const)
    assert.equal(hasUndecidedRise(fieldsOf({ usage, [id]: rise(0.5) })), true);
  const anon = (amount: number) => hasUndecidedRise(fieldsOf({ anon: rise(0.5, { amount }) }));
  assert.deepEqual([anon(6e6), anon(4e6)], [true, false], 'of anonymous memory, where usage is not known');
  assert.equal(hasUndecidedRise(fieldsOf({ metaspace: rise(0.5) })), true, 'or of nothing');
  assert.equal(hasUndecidedRise(fieldsOf({ usage: rise(0.5) })), true, 'usage stands for anon where that is not known');
  assert.equal(hasUndecidedRise(fieldsOf({ usage: rise(0.5), anon: fieldEvaluation() })), false);
});
