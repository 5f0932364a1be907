import assert from 'node:assert/strict';
import { test } from 'node:test';
import { withCauses } from '../../../src/diagnosis/leak-of-causes.ts';
import { causeShare, fieldTrend, ruleContext } from '../../support/rule-context.ts';

const growingBy = (usagePerHour: number) =>
  ruleContext({
    evaluation: { trend: 'growing', leak: false, confidence: 0.9, fields: { usage: fieldTrend('growing', usagePerHour) } },
  }).evaluation;

test('cache that is less than half of the growth does not make it no leak: what else grows is not known', () => {
  const smaller = withCauses(growingBy(100e6), [causeShare('page-cache', 9e6)]);
  assert.deepEqual([smaller.leak, smaller.confidence], [null, 0.75]);
  const larger = withCauses(growingBy(100e6), [causeShare('page-cache', 90e6)]);
  assert.deepEqual([larger.leak, larger.confidence], [false, 0.9]);
});

test('without a cause, or where all memory used stands, the answer of the trends stays', () => {
  assert.equal(withCauses(growingBy(100e6), []).leak, false);
  const standing = ruleContext({ evaluation: { leak: false } }).evaluation;
  assert.equal(withCauses(standing, [causeShare('page-cache', 9e6)]).leak, false);
});
