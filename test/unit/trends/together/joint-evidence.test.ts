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
});

test('a floor whose collections say that it does not rise is no evidence', () => {
  const overruled = { ...leaning(0.99), overruled: true as const };
  assert.equal(trendsOf({ anon: rise(0.99), heap_used: overruled }).heap_used, 'stable');
});

test('even steps of metaspace and of anonymous memory are growth of both, and of the sums over them', () => {
  const all = { usage: rise(0.95), anon: rise(0.95), metaspace: rise(0.95) };
  assert.deepEqual(trendsOf(all), { usage: 'growing', anon: 'growing', metaspace: 'growing' });
  assert.equal(trendsOf({ ...all, metaspace: fieldEvaluation() }).anon, 'settling', 'anonymous memory alone');
  assert.equal(trendsOf({ ...all, anon: rise(0.5), metaspace: rise(0.5) }).anon, 'settling', 'both uneven');
});

test('loaded classes speak for metaspace, which is updated at a collection only', () => {
  assert.equal(trendsOf({ anon: rise(0.95), metaspace: leaning(0.3), classes: growingField(100, 10) }).metaspace, 'growing');
});

test('such growth has the pace of the whole rise, an interval that k steps have, and is never surer than 0.9', () => {
  const { fields } = jointEvidence(fieldsOf({ anon: rise(0.9375), metaspace: rise(0.9375) }), null);
  const { slopeBytesPerHour, low, high, posterior, levelNow } = fields.get('anon')!;
  assert.deepEqual([slopeBytesPerHour, levelNow, posterior], [3.6e7, 140e6, 0.9]);
  assert.ok(low! > 0 && Math.abs(high! - 3.6e7 - 1.645 * 0.5 * 3.6e7) < 1, `${low} to ${high}`);
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
});

test('a rise is undecided where memory that cannot be reclaimed rose by a twentieth of all', () => {
  const usage = fieldEvaluation({ levelNow: 400e6 });
  assert.equal(hasUndecidedRise(fieldsOf({ usage, anon: rise(0.5) })), true);
  assert.equal(hasUndecidedRise(fieldsOf({ usage, anon: rise(0.5, { amount: 19e6 }) })), false);
  assert.equal(hasUndecidedRise(fieldsOf({ usage, file: rise(0.5) })), false, 'page cache can be reclaimed');
  assert.equal(hasUndecidedRise(fieldsOf({ usage: rise(0.5) })), true, 'usage stands for anon where that is not known');
  assert.equal(hasUndecidedRise(fieldsOf({ usage: rise(0.5), anon: fieldEvaluation() })), false);
});
