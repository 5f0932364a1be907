import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kernelGrowth } from '../../../../src/diagnosis/rules/kernel-growth.ts';
import { applyRule, causeShare, eta, fieldTrend, type Given } from '../../../support/rule-context.ts';

const grows = (over: Given = {}) =>
  applyRule(kernelGrowth, {
    ...over,
    evaluation: {
      trend: 'growing',
      leak: true,
      causes: [causeShare('kernel', 31e6, { reclaimable: false })],
      ...over.evaluation,
    },
  });

test('kernel memory is named by the kinds that grow', () => {
  const fields = { percpu: fieldTrend('growing', 20e6), vmalloc: fieldTrend('growing', 11e6) };
  const found = grows({
    values: { kernel: 9, percpu: 5, vmalloc: 3 },
    evaluation: { fields, etas: [eta('oom-kill', 3 * 86_400)] },
  });
  assert.equal(
    found?.headline,
    'Kernel memory (per-CPU data and vmalloc) grows 31 MB an hour, and the kernel cannot take it back. OOM kill in 65 to 79 hours.',
  );
  assert.deepEqual(found?.evidence, { bytesPerHour: 31e6, kernelBytes: 9, percpuBytes: 5, vmallocBytes: 3 });
  assert.equal(found?.severity, 'warn');
});

test('memory that the kernel counts under no name is said to be pipes, io_uring, bpf and the like', () => {
  assert.match(grows()?.headline ?? '', /^Kernel memory \(pipes, io_uring, bpf and the like\) grows 31 MB an hour/);
});
