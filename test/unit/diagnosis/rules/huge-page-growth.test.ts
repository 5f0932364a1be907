import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hugePageGrowth } from '../../../../src/diagnosis/rules/huge-page-growth.ts';
import { applyRule, causeShare, eta, type Given } from '../../../support/rule-context.ts';

const grows = (over: Given = {}) =>
  applyRule(hugePageGrowth, {
    ...over,
    evaluation: {
      trend: 'growing',
      leak: true,
      causes: [causeShare('huge-pages', 31e6, { reclaimable: false })],
      ...over.evaluation,
    },
  });

test('huge pages that grow are a warning with their size and their end', () => {
  const found = grows({ values: { hugetlb: 7 }, evaluation: { etas: [eta('oom-kill', 3 * 86_400)] } });
  assert.equal(
    found?.headline,
    'Huge pages (hugetlb) grow 31 MB an hour, and the kernel cannot take them back. OOM kill in 65 to 79 hours.',
  );
  assert.deepEqual(found?.evidence, { bytesPerHour: 31e6, hugetlbBytes: 7 });
  assert.equal(found?.severity, 'warn');
});
