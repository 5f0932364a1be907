import assert from 'node:assert/strict';
import { test } from 'node:test';
import { causesText, fieldsText } from '../../../src/cli/verdict-text.ts';
import { diagnose } from '../../../src/diagnosis/verdict.ts';
import type { FieldTrends } from '../../../src/trends/types.ts';
import { causeShare, fieldTrend, type Given, ruleContext } from '../../support/rule-context.ts';

const explained = (fields: FieldTrends, evaluation: Given['evaluation'] = {}) =>
  fieldsText(diagnose(ruleContext({ evaluation: { trend: 'growing', ...evaluation, fields } }))).map((line) =>
    line.replace(/ +/g, ' ').trim(),
  );

test('stable fields that a headline may rest on are explained too, and sums are marked', () => {
  assert.deepEqual(
    explained({
      file: fieldTrend('growing', 4.76e6),
      working_set: fieldTrend('stable'),
      anon: fieldTrend('stable'),
      file_mapped: fieldTrend('stable'),
    }),
    [
      'file growing 114 MB a day (90 %: 103 to 126 MB a day):',
      'working_set stable 0 kB a day: (a sum: decides nothing by itself)',
      'anon stable 0 kB a day:',
    ],
  );
});

test('a stable field is explained where its growth would be a sign of the cause', () => {
  const fields = { kernel_stack: fieldTrend('stable'), slab_reclaimable: fieldTrend('stable') };
  assert.deepEqual(explained(fields, { causes: [causeShare('threads')] }), ['kernel_stack stable 0 kB a day:']);
});

test('a field without a trend is explained where others have one, and counts are counts', () => {
  const fields = { threads: fieldTrend('growing', 12), heap_used: fieldTrend('not-enough-data', null) };
  assert.deepEqual(explained(fields), ['threads growing 12.0 an hour (90 %: 10.8 to 13.2):', 'heap_used not-enough-data']);
  assert.deepEqual(explained({ heap_used: fieldTrend('not-enough-data', null) }, { trend: 'not-enough-data' }), []);
});

test('a cause is explained by the growth that it was found by, its posterior and its cap', () => {
  const trends = [
    { field: 'anon', part: 'outside-heap', slopeBytesPerHour: 31e6, low: 30e6, high: 32e6, posterior: 0.97 },
  ] as const;
  const basis = { cause: 'native', trends, posterior: 0.97, cappedBy: 'heap-expansion', confidence: 0.75 } as const;
  assert.deepEqual(causesText(diagnose(ruleContext({ evaluation: { causeBasis: [basis] } }))), [
    'cause native: anon outside the heap 31 MB an hour (90 %: 30 to 32 MB an hour); posterior 0.97; confidence is at most 0.75: it may be the heap, touched for the first time',
  ]);
});
