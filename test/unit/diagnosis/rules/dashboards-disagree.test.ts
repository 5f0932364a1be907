import assert from 'node:assert/strict';
import { test } from 'node:test';
import { dashboardsDisagree } from '../../../../src/diagnosis/rules/dashboards-disagree.ts';
import { GIB, MIB } from '../../../../src/units.ts';
import { applyRule } from '../../../support/rule-context.ts';

const at = (usage: number, workingSet: number) => applyRule(dashboardsDisagree, { values: { usage, working_set: workingSet } });

test('usage far above the working set explains why two dashboards differ', () => {
  const values = { usage: GIB, working_set: 600 * MIB, inactive_file: 424 * MIB };
  assert.deepEqual(applyRule(dashboardsDisagree, { values }), {
    id: 'dashboards-disagree',
    severity: 'info',
    title: 'Dashboards differ by 424 MiB: usage is 1 GiB, the working set 600 MiB',
    evidence: { usageBytes: GIB, workingSetBytes: 600 * MIB, inactiveFileBytes: 424 * MIB },
    advice:
      'Tools that show raw usage (New Relic memoryUsedBytes, cAdvisor usage) count inactive page cache. kubectl top, the kubelet and docker stats do not. Set alerts on memory that cannot be reclaimed.',
    limit: null,
    headline: null,
  });
});

test('it applies from a difference of 50 MiB on', () => {
  assert.equal(at(200 * MIB, 150 * MIB + 1), null);
  assert.equal(at(200 * MIB, 150 * MIB)?.severity, 'info');
});

test('it applies from a tenth of usage on', () => {
  assert.equal(at(1000 * MIB, 900 * MIB + 1), null);
  assert.equal(at(1000 * MIB, 900 * MIB)?.severity, 'info');
});

test('where either of them is not known it does not apply', () => {
  assert.equal(applyRule(dashboardsDisagree, { values: { usage: GIB } }), null);
  assert.equal(applyRule(dashboardsDisagree, { values: { working_set: GIB } }), null);
});
