import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lockedCacheGrowth } from '../../../../src/diagnosis/rules/locked-cache-growth.ts';
import { applyRule, causeShare, eta, fileRow, type Given } from '../../../support/rule-context.ts';

const grows = (over: Given = {}) =>
  applyRule(lockedCacheGrowth, {
    ...over,
    evaluation: {
      trend: 'growing',
      leak: true,
      causes: [causeShare('locked-cache', 31e6, { reclaimable: false })],
      ...over.evaluation,
    },
  });

test('page cache that is locked is said to be no cache that helps, with who may have locked it', () => {
  const found = grows({ values: { unevictable: 7, file: 9 }, evaluation: { etas: [eta('oom-kill', 3600)] } });
  assert.equal(
    found?.headline,
    'Page cache that is locked in memory (mlock) grows 31 MB an hour. Dashboards count it as cache, but the kernel cannot take it back. OOM kill in 54 to 66 minutes.',
  );
  assert.deepEqual(found?.evidence, { bytesPerHour: 31e6, unevictableBytes: 7, fileBytes: 9 });
  assert.equal(found?.severity, 'critical');
  assert.match(found?.advice ?? '', /VmLck.*mlockall/);
});

test('the files whose cache grows are named, unless other cache grows beside it', () => {
  const row = fileRow({
    path: '/data/idx/',
    kind: 'folder',
    files: 21,
    residentBytes: 160 * 2 ** 20,
    openBy: [],
    openFiles: 0,
    writtenFiles: 0,
  });
  const headline = (...causes: Parameters<typeof causeShare>[]) =>
    grows({ files: [row], evaluation: { causes: causes.map((one) => causeShare(...one)) } })?.headline ?? '';
  const locked: Parameters<typeof causeShare> = ['locked-cache', 31e6, { reclaimable: false }];
  assert.match(
    headline(locked),
    /\(mlock\) grows 31 MB an hour, that of 21 files in \/data\/idx\/ \(160 MiB, closed\)\. Dashboards/,
  );
  assert.match(headline(locked, ['page-cache', 9e6]), /\(mlock\) grows 31 MB an hour\. Dashboards/);
});
