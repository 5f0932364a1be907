import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unnamedGrowth } from '../../../../src/diagnosis/rules/unnamed-growth.ts';
import { GIB } from '../../../../src/units.ts';
import { applyRule, causeShare, fieldTrend, type Given } from '../../../support/rule-context.ts';

const growing: Given = {
  values: { usage: 1000, anon: 700, heap_used: 300 },
  evaluation: { trend: 'growing', leak: null, fields: { usage: fieldTrend('growing', 15e6) } },
};
const BASELINE = 'Save a baseline now and compare in an hour: `memhound explain --json > before.json`';

test('growth without a known cause is a warning that asks for a baseline', () => {
  assert.deepEqual(applyRule(unnamedGrowth, growing), {
    id: 'unnamed-growth',
    severity: 'warn',
    title: 'Usage grows 15 MB an hour, and the cause is not known yet',
    evidence: { bytesPerHour: 15e6, usageBytes: 1000, anonBytes: 700, heapUsedBytes: 300, limitBytes: 2 * GIB },
    advice: `${BASELINE}. A rise that comes with the daily load ends without action.`,
    limit: { kind: 'memory', bytes: 2 * GIB, level: 'usage', levelBytes: 1000 },
    headline: null,
  });
});

test('with a JVM the advice names the class histogram too', () => {
  assert.equal(
    applyRule(unnamedGrowth, { ...growing, jvm: {} })?.advice,
    `${BASELINE}, and \`jcmd PID GC.class_histogram\` if the JVM may be asked. A rise that comes with the daily load, or a heap that fills for the first time, ends without action.`,
  );
});

for (const [what, over] of [
  ['nothing grows', { trend: 'stable' }],
  ['it is known to be no leak', { leak: false }],
  ['it is known to be a leak', { leak: true }],
  ['a cause is known', { causes: [causeShare('native')] }],
  ['usage itself does not grow', { fields: { usage: fieldTrend('stable', 15e6) } }],
  ['the pace of usage is not known', { fields: { usage: fieldTrend('growing', null) } }],
] as const)
  test(`it does not apply where ${what}`, () =>
    assert.equal(applyRule(unnamedGrowth, { ...growing, evaluation: { ...growing.evaluation, ...over } }), null));
