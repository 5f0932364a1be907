import assert from 'node:assert/strict';
import { test } from 'node:test';
import { causesText, fieldsText, verdictText } from '../../../src/cli/verdict-text.ts';
import { diagnose } from '../../../src/diagnosis/verdict.ts';
import type { FieldTrends } from '../../../src/trends/types.ts';
import { GIB, MIB } from '../../../src/units.ts';
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
      'file growing 114 MB a day (90 %: 103 to 126):',
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
  assert.deepEqual(explained(fields), ['threads growing 12 an hour (90 %: 11 to 13):', 'heap_used not-enough-data']);
  assert.deepEqual(explained({ heap_used: fieldTrend('not-enough-data', null) }, { trend: 'not-enough-data' }), []);
});

test('a cause is explained by the growth that it was found by, its posterior and its cap', () => {
  const trends = [
    { field: 'anon', part: 'outside-heap', slopeBytesPerHour: 31e6, low: 30e6, high: 32e6, posterior: 0.97 },
  ] as const;
  const basis = { cause: 'native', trends, posterior: 0.97, cappedBy: 'heap-expansion', confidence: 0.75 } as const;
  assert.deepEqual(causesText(diagnose(ruleContext({ evaluation: { causeBasis: [basis] } }))), [
    'cause native: anon outside the heap 31 MB an hour (90 %: 30 to 32); posterior 0.97; confidence is at most 0.75: it may be the heap, touched for the first time',
  ]);
});

test('an explained verdict names the rule of the headline, and what each finding compares with which limit', () => {
  const values = { anon: 1.9 * GIB, usage: 1.95 * GIB, working_set: 1.9 * GIB };
  const text = verdictText(diagnose(ruleContext({ values })), true);
  assert.match(text, /The headline states the trend of the memory in use \(stable\): no rule names a cause for it\./);
  assert.match(
    text,
    /Rule near-limit: memory that cannot be reclaimed, 1\.9 GiB, against the memory limit of the cgroup \(memory\.max\), 2 GiB$/m,
  );
  assert.doesNotMatch(verdictText(diagnose(ruleContext({ values }))), /Rule/);
});

test('an explained headline of a cause names its rule, a limit that is not set, and one that is not known', () => {
  const grows = (limitBytes: number | 'max' | null, version: 1 | 2) => {
    const target = { cgroup: { version, path: '/x' } };
    const evaluation = { causes: [causeShare('native')] };
    return verdictText(diagnose(ruleContext({ target, evaluation, series: { limitBytes }, values: { anon: MIB } })), true);
  };
  assert.match(grows('max', 2), /The headline is by rule native-growth \(docs\/rules\.md\)\./);
  assert.match(grows('max', 2), /1 MiB, against the memory limit of the cgroup \(memory\.max\), no limit is set/);
  assert.match(grows(null, 1), /against the memory limit of the cgroup \(memory\.limit_in_bytes\), which is not known/);
});
