import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageTableGrowth } from '../../../../src/diagnosis/rules/page-table-growth.ts';
import { applyRule, causeShare, eta, type Given } from '../../../support/rule-context.ts';

const grows = (over: Given = {}) =>
  applyRule(pageTableGrowth, {
    ...over,
    evaluation: {
      trend: 'growing',
      leak: true,
      causes: [causeShare('page-tables', 31e6, { reclaimable: false })],
      ...over.evaluation,
    },
  });

test('page tables that grow are said with their size and whose they are', () => {
  const found = grows({
    values: { pagetables: 300 * 2 ** 20, process_pagetables: 290 * 2 ** 20 },
    evaluation: { etas: [eta('oom-kill', 3600)] },
  });
  assert.equal(
    found?.headline,
    'Page tables grow 31 MB an hour, 300 MiB now, 290 MiB of them of pid 1: many processes, or mappings of which little is touched. OOM kill in 54 to 66 minutes.',
  );
  assert.equal(found?.severity, 'critical');
  assert.equal(found?.evidence.pageTableBytes, 300 * 2 ** 20);
  assert.match(found?.advice ?? '', /grep VmPTE/);
});

test('on cgroup v1 those of the process alone are known', () => {
  assert.match(grows({ values: { process_pagetables: 300 * 2 ** 20 } })?.headline ?? '', /an hour, 300 MiB now: many/);
  assert.match(grows()?.headline ?? '', /an hour: many/);
});
