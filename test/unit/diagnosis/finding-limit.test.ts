import assert from 'node:assert/strict';
import { test } from 'node:test';
import { limitOfCause, unreclaimableAgainstLimit } from '../../../src/diagnosis/finding-limit.ts';
import type { FindingLimit } from '../../../src/diagnosis/types.ts';
import { GIB, MIB } from '../../../src/units.ts';
import { causeShare, eta, fieldTrend, type Given, ruleContext } from '../../support/rule-context.ts';

const of = (cause: Parameters<typeof causeShare>[0], given: Given = {}): FindingLimit =>
  limitOfCause(ruleContext(given), causeShare(cause));

test('growth that the kernel cannot take back is measured against the limit of memory', () =>
  assert.deepEqual(of('native', { values: { anon: 900 * MIB, shmem: 100 * MIB } }), {
    kind: 'memory',
    bytes: 2 * GIB,
    level: 'unreclaimable',
    levelBytes: 1000 * MIB,
  }));

test('where the kernel swaps, the limit is that of memory and swap, and the level holds what is swapped out', () =>
  assert.deepEqual(unreclaimableAgainstLimit(ruleContext({ values: { anon: GIB, swap: GIB, swap_limit: 3 * GIB } })), {
    kind: 'memory-and-swap',
    bytes: 5 * GIB,
    level: 'unreclaimable-and-swap',
    levelBytes: 2 * GIB,
  }));

test('cache is measured by usage, and active cache by the working set against the request', () => {
  const values = { usage: GIB, working_set: 700 * MIB };
  assert.deepEqual(of('page-cache', { values }), { kind: 'memory', bytes: 2 * GIB, level: 'usage', levelBytes: GIB });
  assert.deepEqual(of('active-cache', { values }), {
    kind: 'memory-request',
    bytes: null,
    level: 'working-set',
    levelBytes: 700 * MIB,
  });
});

test('a heap is measured against -Xmx where it meets that first, by the end of the line through its floor', () => {
  const trend = fieldTrend('growing', 36e6);
  const line = { fromT: 0, toT: 100, level: 50e6, slopePerSecond: 1e4 };
  const given = (oomSeconds: number): Given => ({
    series: { heapMaxBytes: GIB },
    evaluation: {
      etas: [eta('heap-exhausted', 500), eta('oom-kill', oomSeconds)],
      fields: { heap_used: { ...trend, basis: { ...trend.basis, line } } },
    },
  });
  assert.deepEqual(of('heap', given(600)), { kind: 'heap-max', bytes: GIB, level: 'live-set', levelBytes: 51e6 });
  assert.equal(of('heap', given(400)).kind, 'memory');
  assert.equal(of('native', given(600)).kind, 'memory');
});

test('socket buffers have a limit of their own on cgroup v1 only', () => {
  const values = { anon: MIB, sock: 3 * MIB };
  assert.deepEqual(of('sock', { values, target: { cgroup: { version: 1, path: '/x' } } }), {
    kind: 'tcp-memory',
    bytes: null,
    level: 'socket-buffers',
    levelBytes: 3 * MIB,
  });
  assert.equal(of('sock', { values }).kind, 'memory');
});
