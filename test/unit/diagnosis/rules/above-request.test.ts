import assert from 'node:assert/strict';
import { test } from 'node:test';
import { aboveRequest } from '../../../../src/diagnosis/rules/above-request.ts';
import { MIB } from '../../../../src/units.ts';
import { applyRule } from '../../../support/rule-context.ts';

const at = (workingSet: number, memoryRequestBytes: number | null) =>
  applyRule(aboveRequest, { values: { working_set: workingSet }, pod: { memoryRequestBytes } });

test('a working set above the memory request is a warning', () => {
  assert.deepEqual(at(600 * MIB, 512 * MIB), {
    id: 'above-request',
    severity: 'warn',
    title: 'The working set (600 MiB) is above the memory request (512 MiB)',
    evidence: { workingSetBytes: 600 * MIB, memoryRequestBytes: 512 * MIB },
    advice:
      'Under node memory pressure the kubelet first evicts pods above their request. When that happens cannot be seen from inside a pod. Raise the request to what the app needs.',
    limit: { kind: 'memory-request', bytes: 512 * MIB, level: 'working-set', levelBytes: 600 * MIB },
    headline: null,
  });
});

test('a working set equal to the request is not above it', () => {
  assert.equal(at(512, 512), null);
  assert.equal(at(513, 512)?.severity, 'warn');
});

test('without a known request or working set it does not apply', () => {
  assert.equal(at(600, null), null);
  assert.equal(applyRule(aboveRequest, { pod: { memoryRequestBytes: 512 } }), null);
});
