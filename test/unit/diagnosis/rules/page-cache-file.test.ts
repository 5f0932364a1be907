import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageCacheFile } from '../../../../src/diagnosis/rules/page-cache-file.ts';
import { applyRule, causeShare, eta, fieldTrend, fileRow, type Given } from '../../../support/rule-context.ts';

const LOG = '/tmp/spring.log';
const FLAT = { heap_used: fieldTrend('stable'), threads: fieldTrend('stable'), working_set: fieldTrend('stable') };
const growing = (
  over: Given & {
    readonly what?: string | null;
    readonly usage?: number;
    readonly fields?: Record<string, ReturnType<typeof fieldTrend>>;
  } = {},
) =>
  applyRule(pageCacheFile, {
    ...over,
    evaluation: {
      trend: 'growing',
      leak: false,
      causes: [causeShare('page-cache', 4.76e6, { what: over.what === undefined ? LOG : over.what })],
      etas: [eta('reclaim', 5e5)],
      fields: { ...(over.usage === undefined ? {} : { usage: fieldTrend('growing', over.usage) }), ...over.fields },
    },
  });

test('the story: the file, its holder, what is flat, that it is no leak, and how long the disk lasts', () => {
  const files = [fileRow({ path: '/app/app.war' }), fileRow()];
  assert.deepEqual(growing({ files, usage: 4.76e6, fields: FLAT, values: { file: 900, shmem: 5 } }), {
    id: 'page-cache-file',
    headline:
      'Memory used grows 114 MB a day, all of it page cache of /tmp/spring.log (794 MiB, held open for writing by pid 1, fd 27). Heap, threads and working set are flat: not a leak, the kernel takes it back at the limit. But the disk it fills lasts 12 days.',
    severity: 'info',
    title: 'Page cache of /tmp/spring.log is growing',
    evidence: {
      bytesPerHour: 4.76e6,
      fileBytes: 900,
      shmemBytes: 5,
      path: LOG,
      sizeBytes: 832_500_000,
      residentBytes: 822_000_000,
      fileGrowthBytesPerHour: 4.76e6,
      method: 'fincore',
      openBy: [{ pid: 1, fd: 27, mode: 'w' }],
      flat: ['heap', 'threads', 'working set'],
      reclaimInSeconds: 5e5,
    },
    advice:
      'If the file is a log, write the log to stdout or lower its level. Otherwise rotate the file, or put it on a volume. No memory setting needs to be raised: the kernel reclaims this cache when it needs memory.',
  });
});

test('without a file the title says so, and the advice says how to find it', () => {
  const found = growing({ what: null, files: [fileRow()] });
  assert.equal(
    found?.headline,
    'Memory used grows 114 MB a day, all of it page cache. Not a leak, the kernel takes it back at the limit.',
  );
  assert.equal(found?.title, 'Page cache is growing, but no visible file explains it');
  assert.equal(
    found?.advice,
    'The file is no longer open, belongs to another user, or lies where memhound may not look. Compare `du` inside the container over an hour, or run memhound with the uid and gid of the app.',
  );
  const { path, sizeBytes, residentBytes, fileGrowthBytesPerHour, method, openBy } = found!.evidence;
  assert.deepEqual([path, sizeBytes, residentBytes, fileGrowthBytesPerHour, method, openBy], [null, null, null, null, null, []]);
});

test('a file that is named but no longer listed has no holder', () =>
  assert.match(growing()?.headline ?? '', /page cache of \/tmp\/spring\.log\. Not a leak/));

test('if usage grows faster than the cache, the share is named; from 93 % on it is "all of it"', () => {
  assert.match(growing({ usage: 9.52e6 })?.headline ?? '', /^Memory used grows 228 MB a day, 50 % of it page cache/);
  assert.match(growing({ usage: 4.76e6 / 0.931 })?.headline ?? '', /, all of it page cache/);
  assert.match(growing({ usage: 4.76e6 / 0.929 })?.headline ?? '', /, 93 % of it page cache/);
});

test('one flat field is named alone', () =>
  assert.match(
    growing({ fields: { working_set: fieldTrend('stable') } })?.headline ?? '',
    /\. Working set is flat: not a leak,/,
  ));

test('the holder: who writes, not who reads; a deleted file is called so', () => {
  const headline = (over: Parameters<typeof fileRow>[0]) => growing({ files: [fileRow(over)] })?.headline ?? '';
  const reader = { pid: 5, fd: 6, mode: 'r' } as const;
  assert.match(
    headline({ openBy: [reader, { pid: 7, fd: 8, mode: 'rw' }] }),
    /\(794 MiB, held open for writing by pid 7, fd 8\)/,
  );
  assert.match(headline({ openBy: [reader] }), /\(794 MiB\)/);
  assert.match(headline({ deleted: true, openBy: [] }), /\(794 MiB, deleted but still open\)/);
  assert.match(headline({ sizeBytes: null, openBy: [] }), /\(size unknown\)/);
});

test('without a limit the kernel takes it back when the node runs short', () =>
  assert.match(
    growing({ series: { limitBytes: 'max' } })?.headline ?? '',
    /takes it back when the node runs short of memory\.$/,
  ));

test('a disk that lasts longer than a quarter is not mentioned', () => {
  const lasting = (days: number) =>
    growing({ files: [fileRow({ fileSystem: { kind: 'disk', freeBytes: 4.76e6 * 24 * days, totalBytes: 1e12 } })] })?.headline ??
    '';
  assert.match(lasting(89), /But the disk it fills lasts 89 days\.$/);
  assert.match(lasting(90), /at the limit\.$/);
});
