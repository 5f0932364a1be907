import assert from 'node:assert/strict';
import { test } from 'node:test';
import { activeFileInWorkingSet } from '../../../../src/diagnosis/rules/active-file-in-working-set.ts';
import { GIB, MIB } from '../../../../src/units.ts';
import { applyRule } from '../../../support/rule-context.ts';

const at = (active: number, workingSet: number) =>
  applyRule(activeFileInWorkingSet, { values: { active_file: active, working_set: workingSet } });

test('much active page cache in the working set is an info finding', () => {
  assert.deepEqual(at(300 * MIB, GIB), {
    id: 'active-file-in-working-set',
    severity: 'info',
    title: '300 MiB of the working set is page cache that was read more than once',
    evidence: { activeFileBytes: 300 * MIB, workingSetBytes: GIB },
    advice:
      'Kubernetes counts this cache toward node-pressure eviction, but the kernel reclaims it before an OOM kill, as far as it is written to disk. The usual cause is a log shipper or a grep that reads a log again.',
    limit: null,
    headline: null,
  });
});

test('it applies from 100 MiB on', () => {
  assert.equal(at(100 * MIB - 1, 200 * MIB), null);
  assert.equal(at(100 * MIB, 200 * MIB)?.severity, 'info');
});

test('it applies from a tenth of the working set on', () => {
  assert.equal(at(200 * MIB - 1, 2000 * MIB), null);
  assert.equal(at(200 * MIB, 2000 * MIB)?.severity, 'info');
});

test('where either of them is not known it does not apply', () => {
  assert.equal(applyRule(activeFileInWorkingSet, { values: { active_file: GIB } }), null);
  assert.equal(applyRule(activeFileInWorkingSet, { values: { working_set: GIB } }), null);
});
