import assert from 'node:assert/strict';
import { test } from 'node:test';
import { activeCacheGrowth } from '../../../../src/diagnosis/rules/active-cache-growth.ts';
import { applyRule, causeShare, fieldTrend, type Given } from '../../../support/rule-context.ts';

const MIB = 2 ** 20;
const grows = (over: Given = {}, usage = fieldTrend('stable'), workingSet = fieldTrend('growing', 30e6)) =>
  applyRule(activeCacheGrowth, {
    ...over,
    evaluation: {
      trend: 'growing',
      leak: false,
      causes: [causeShare('active-cache', 31e6, { reclaimable: true })],
      fields: { usage, working_set: workingSet },
    },
  });

test('the working set comes first where usage is flat: it is what kubectl top shows and evictions go by', () => {
  const found = grows({ values: { working_set: 265 * MIB, usage: 268 * MIB } });
  assert.equal(
    found?.headline,
    'Usage is flat, but the working set (kubectl top) grows 30 MB an hour, 265 MiB now of 268 MiB used: page cache that is read more than once becomes active. Not a leak: the kernel can take it back, but node-pressure eviction counts it.',
  );
  assert.equal(found?.severity, 'info');
  assert.equal(found?.evidence.workingSetBytes, 265 * MIB);
});

test('usage is not called flat where it grows as well', () => {
  assert.match(
    grows({}, fieldTrend('growing', 1e6))?.headline ?? '',
    /^The working set \(kubectl top\) grows 30 MB an hour: page cache/,
  );
});

test('cache that waits for a slow disk becomes active too, and the kernel takes it back once it is written', () => {
  const values = { usage: 256 * MIB, file: 184 * MIB, file_dirty: 2 * MIB, file_writeback: 70 * MIB };
  const found = grows({ values, series: { limitBytes: 256 * MIB } });
  assert.match(
    found?.headline ?? '',
    /: page cache becomes active while it waits to be written, 72 MiB now\. Not a leak: the kernel can take it back once it is written,/,
  );
  assert.match(found?.advice ?? '', /a faster volume/);
});

test('a cause that is still published, while the working set stands by now, keeps its own pace: nothing grows 0 kB a day', () => {
  assert.match(grows({}, fieldTrend('stable'), fieldTrend('stable', 0))?.headline ?? '', /grows 31 MB an hour: page cache/);
});
