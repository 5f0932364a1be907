import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pageCacheFile } from '../../../../src/diagnosis/rules/page-cache-file.ts';
import { fileTrack } from '../../../support/file-track.ts';
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
  const files = [fileRow()];
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
      alsoPaths: [],
      situation: 'log',
      files: 1,
      deletedFiles: 0,
      openFiles: 1,
      writtenFiles: 1,
      pids: [1],
      sizeBytes: 832_500_000,
      allocatedBytes: 832_500_000,
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

test('the advice for a log of a JVM has the command that names the line which writes it', () => {
  const files = [fileRow()];
  assert.match(growing({ files, jvm: {} })?.advice ?? '', /`memhound culprit --cause page-cache`/);
  assert.doesNotMatch(growing({ files })?.advice ?? '', /memhound culprit/);
});

test('without a file the title says so, and the advice says how to find it', () => {
  const found = growing({ what: null });
  assert.equal(
    found?.headline,
    'Memory used grows 114 MB a day, all of it page cache. Not a leak, the kernel takes it back at the limit.',
  );
  assert.equal(found?.title, 'Page cache is growing, but no visible file explains it');
  assert.equal(
    found?.advice,
    'The file is no longer open, belongs to another user, or lies where memhound may not look. Compare `du` inside the container over an hour, look for deleted files with `lsof +L1`, or run memhound with the uid and gid of the app.',
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

const many = (over: Parameters<typeof fileRow>[0] = {}) =>
  fileRow({ kind: 'folder', path: '/data/topic/', files: 31, openFiles: 31, writtenFiles: 31, residentBytes: 263e6, ...over });
const of = (row: ReturnType<typeof fileRow>, over: Parameters<typeof growing>[0] = {}) =>
  growing({ what: row.path, files: [row], ...over });

test('many files: their folder, their count, what they hold in memory, and who holds how many of them', () => {
  assert.match(
    of(many())?.headline ?? '',
    /page cache of 31 files in \/data\/topic\/ \(251 MiB, held open for writing by pid 1\)\. Not a leak/,
  );
  assert.equal(of(many())?.title, 'Page cache of 31 files in /data/topic/ is growing');
  assert.match(of(many())?.advice ?? '', /^Bound what these files may take/);
  const some = many({ writtenFiles: 3, pids: [7, 9] });
  assert.match(of(some)?.headline ?? '', /\(251 MiB, 3 of them held open for writing by pids 7 and 9\)/);
  const closed = many({ path: '/tmp/upload_*.tmp', openFiles: 0, writtenFiles: 0 });
  assert.match(of(closed)?.headline ?? '', /page cache of 31 files named \/tmp\/upload_\*\.tmp \(251 MiB, closed\)/);
  const newest = many({ openFiles: 1, writtenFiles: 1 });
  assert.match(of(newest)?.headline ?? '', /\(251 MiB, closed but for the newest\)/);
  assert.match(of(many())?.headline ?? '', /But the disk they fill lasts 12 days\.$/);
});

test('deleted files that nobody closes are a leak of descriptors', () => {
  const found = of(many({ deleted: true, deletedFiles: 31, path: '/tmp/cache/' }));
  assert.match(
    found?.headline ?? '',
    /page cache of 31 deleted files that pid 1 still holds open \(251 MiB, in \/tmp\/cache\/\)\. A leak of descriptors/,
  );
  assert.match(
    found?.advice ?? '',
    /^A leak of descriptors: pid 1 deletes files and does not close them\. .*`ls -l \/proc\/1\/fd \| grep deleted`/,
  );
  assert.equal(found?.evidence.situation, 'unclosed');
});

test('a log that was removed under its writer: how to free it at once, and how to rotate', () => {
  const found = of(fileRow({ deleted: true, deletedFiles: 1 }));
  assert.match(found?.headline ?? '', /\(794 MiB, deleted but still open, held open for writing by pid 1, fd 27\)/);
  assert.match(found?.advice ?? '', /`truncate -s 0 \/proc\/1\/fd\/27` frees both at once\..*copytruncate/);
});

test('files that are only read are called so, and nothing has to be done', () => {
  const read = many({ path: '/data/store/', files: 6, openFiles: 0, writtenFiles: 0, mtimeMs: 0, openBy: [] });
  const found = of(read, { fields: { file: fieldTrend('growing', 4.76e6) } });
  assert.match(found?.headline ?? '', /page cache of 6 files read in \/data\/store\/ \(251 MiB\)\. Not a leak/);
  assert.match(found?.advice ?? '', /^The files are only read/);
});

test('a sparse file is called by what it has on disk', () =>
  assert.match(
    of(fileRow({ allocatedBytes: 51e6, residentBytes: 51e6 }))?.headline ?? '',
    /\(48\.6 MiB on disk, 794 MiB long with its holes, held open/,
  ));

test('two places that have nothing in common are both named', () => {
  const files = [many(), fileRow({ path: '/var/log/a.log' })];
  assert.match(
    growing({ what: '/data/topic/', files })?.headline ?? '',
    /page cache of 31 files in \/data\/topic\/ \(.*\) and of \/var\/log\/a\.log \(794 MiB/,
  );
});

test('a file whose length does not change is no log: the advice says where its cache ends', () => {
  const file = fileRow({ path: '/db/journal.dat', sizeBytes: 600e6, allocatedBytes: 600e6, residentBytes: 90e6 });
  const track = (size: readonly number[]) =>
    fileTrack('/db/journal.dat', [600e6, 600e6, 600e6, 600e6], { size, resident: [10e6, 30e6, 60e6, 90e6] });
  const over = { files: [file], what: file.path };
  const fixed = growing({ ...over, series: { files: [track([600e6, 600e6, 600e6, 600e6])] } })!;
  assert.match(fixed.advice, /^The file has its full length already/);
  assert.equal(fixed.evidence.situation, 'fixed');
  const log = growing({ ...over, series: { files: [track([100e6, 200e6, 300e6, 400e6])] } })!;
  assert.equal(log.evidence.situation, 'log');
});

test('files that were deleted while they are mapped are a leak of mappings, and the advice is about those', () => {
  const gone = { deleted: true, openFiles: 0, writtenFiles: 0, openBy: [], pids: [7], residentBytes: 62 * 2 ** 20 };
  const one = growing({ files: [fileRow({ ...gone, path: '/data/a.map', deletedFiles: 1 })], what: '/data/a.map' })!;
  assert.match(one.headline!, /page cache of \/data\/a\.map \(62 MiB in memory, deleted but still mapped by pid 7\)/);
  assert.match(one.headline!, /A leak of mappings, not of memory: disk and cache come back when they are unmapped\./);
  assert.match(one.advice, /grep deleted \/proc\/7\/maps/);
  const spill = fileRow({ ...gone, kind: 'folder', files: 16, deletedFiles: 16, path: '/data/spill/' });
  assert.match(
    growing({ files: [spill], what: '/data/spill/' })!.headline!,
    /16 deleted files that pid 7 still maps \(62 MiB in memory, in \/data\/spill\/\)/,
  );
});

test('a disk that other files fill is not said to be filled by the named one', () => {
  const row = fileRow({ growthBytesPerHour: null });
  const other = fileRow({ path: '/var/lib/other.db', residentBytes: 0 });
  assert.doesNotMatch(growing({ files: [row, other] })!.headline!, /disk/);
});

test('a heap that rises before its first collections by little beside the log is flat, and one whose floor rises is not', () => {
  const rises = (trend: 'cyclic' | 'growing') => ({
    ...fieldTrend(trend, 0.04 * 4.76e6),
    basis: { ...fieldTrend(trend).basis, statistics: { significant: 1 as const, growing: 1 } },
  });
  const headline = (trend: 'cyclic' | 'growing') =>
    growing({ files: [fileRow()], usage: 4.76e6, fields: { ...FLAT, heap_used: rises(trend) } })?.headline ?? '';
  assert.match(headline('cyclic'), /Heap, threads and working set are flat/);
  assert.match(headline('growing'), /\. Threads and working set are flat/);
});

test('a heap that fills beside the log is not flat, and it is not said that there is no leak', () => {
  const rising = {
    ...fieldTrend('cyclic', 2e6),
    basis: { ...fieldTrend('cyclic').basis, statistics: { significant: 1 as const, growing: 1 } },
  };
  const given = {
    evaluation: {
      trend: 'growing' as const,
      leak: null,
      causes: [causeShare('page-cache', 6e6, { what: LOG })],
      fields: { ...FLAT, usage: fieldTrend('growing', 8e6), anon: fieldTrend('growing', 2e6), heap_used: rising },
    },
  };
  assert.match(
    applyRule(pageCacheFile, given)?.headline ?? '',
    /\. Threads and working set are flat: the kernel takes it back at the limit\. The Java heap fills beside it, 48 MB a day: whether that is a leak is known after its old generation has been collected\.$/,
  );
  const other = {
    ...given,
    evaluation: { ...given.evaluation, fields: { ...given.evaluation.fields, heap_used: fieldTrend('stable') } },
  };
  assert.match(
    applyRule(pageCacheFile, other)?.headline ?? '',
    /are flat: the kernel takes it back at the limit\. Anonymous memory grows 48 MB a day beside it, and whether that is a leak is not known yet\.$/,
  );
  const unread = applyRule(pageCacheFile, {
    ...other,
    evaluation: { ...other.evaluation, fields: { ...FLAT, usage: fieldTrend('growing', 80e6) } },
  });
  assert.match(unread?.headline ?? '', /: the kernel takes it back at the limit\. What else grows is not known yet\.$/);
});

test('what grows beside the cache is not said to grow faster than all memory: its rate is of the same time, or not stated', () => {
  const t = Float64Array.from({ length: 41 }, (_, i) => i);
  const said = (rises: (second: number) => number, heap: 'stable' | 'cyclic' = 'stable') => {
    const usage = { ...fieldTrend('growing', 50_400e6) };
    const line = { fromT: 10, toT: 40, level: 0, slopePerSecond: 14e6 };
    return applyRule(pageCacheFile, {
      series: { t, fields: new Map([['anon', t.map(rises)] as const]) },
      evaluation: {
        trend: 'growing',
        leak: null,
        causes: [causeShare('page-cache', 40_000e6, { what: LOG })],
        fields: {
          ...FLAT,
          usage: { ...usage, basis: { ...usage.basis, line } },
          anon: fieldTrend('growing', 126_000e6),
          heap_used: fieldTrend(heap, heap === 'stable' ? 0 : 126_000e6),
        },
      },
    })?.headline;
  };
  const threePerSecond = said((second) => second * 3e6);
  assert.match(threePerSecond ?? '', /^Memory used grows 14 MB a second.* Anonymous memory grows 3 MB a second beside it, and/);
  assert.match(
    said((second) => second * 35e6) ?? '',
    / Anonymous memory grows beside it, and whether that is a leak is not known yet\.$/,
  );
  assert.match(said(() => 0, 'cyclic') ?? '', / The Java heap fills beside it: whether that is a leak/);
});

test('what is known to grow beside the cache is called by its name, although the heap rises too', () => {
  const beside = (...causes: readonly Parameters<typeof causeShare>[]): string =>
    applyRule(pageCacheFile, {
      evaluation: {
        trend: 'growing',
        leak: null,
        causes: [causeShare('page-cache', 6e6, { what: LOG }), ...causes.map((one) => causeShare(...one))],
        fields: { usage: fieldTrend('growing', 8e6), anon: fieldTrend('growing', 2e6), heap_used: fieldTrend('cyclic', 2e6) },
      },
    })!.headline!;
  assert.match(
    beside(['metaspace', 2e6]),
    / Metaspace grows 48 MB a day beside it, and whether that is a leak is not known yet\.$/,
  );
  assert.match(beside(['process', 2e6, { what: 'wkhtmltopdf' }]), / wkhtmltopdf grows 48 MB a day beside it/);
  assert.match(beside(['native', 6e6]), / Memory outside the Java heap grows beside it/);
  assert.match(beside(), / The Java heap fills beside it/);
});

test('what grows beside the cache has a rate only where both add up to the growth of all memory used', () => {
  const beside = (anon: number, usage: number): string =>
    applyRule(pageCacheFile, {
      evaluation: {
        trend: 'growing',
        leak: null,
        causes: [causeShare('page-cache', 4e6)],
        fields: { usage: fieldTrend('growing', usage), anon: fieldTrend('growing', anon) },
      },
    })!.headline!;
  assert.match(beside(2e6, 6e6), /67 % of it page cache.* Anonymous memory grows 48 MB a day beside it/);
  assert.match(beside(4e6, 4e6), /all of it page cache.* Anonymous memory grows beside it/);
});

test('where it is open whether memory used goes on rising, it is not said to stand beside cache that grows', () => {
  const fields = { usage: fieldTrend('settling', 6e6) };
  assert.match(growing({ fields, what: null })?.headline ?? '', /^Memory used grows 144 MB a day, /);
});

test('memory used that rises ever more slowly, or rose and stands, is not said not to grow', () => {
  const settling = fieldTrend('settling', 0);
  const stands = { ...settling, basis: { ...settling.basis, statistics: { rise: 1e8 } } };
  const headline = (usage: typeof settling) => growing({ fields: { usage }, what: null })?.headline ?? '';
  assert.match(headline(settling), /^Memory used rises ever more slowly, and page cache grows 114 MB a day in it/);
  assert.match(headline(stands), /^Memory used rose and stands, and page cache grows/);
});

test('cache that takes the place of memory which is given back is not said to make memory used grow', () => {
  const fields = { usage: fieldTrend('stable') };
  assert.equal(
    growing({ fields, what: null })?.headline,
    'Memory used does not grow, and page cache grows 114 MB a day in it. Not a leak, the kernel takes it back at the limit.',
  );
});

test('deleted files that a process only reads were deleted by another: it is to close what is gone', () => {
  const descriptor = (pid: number, fd: number, mode: 'r' | 'w') => ({ pid, fd, mode });
  const openBy = [descriptor(7, 4, 'w'), ...[3, 4, 5, 6, 7, 8, 9].map((fd) => descriptor(26, fd, 'r'))];
  const found = of(many({ deletedFiles: 30, path: '/data/logs/', pids: [7, 26], openBy }));
  assert.match(
    found?.headline ?? '',
    /30 deleted files that pid 26 still holds open/,
    'and not who writes the one that is there',
  );
  assert.match(found?.advice ?? '', /^pid 26 keeps files open for reading that were deleted meanwhile, as a log shipper/);
  assert.match(found?.advice ?? '', /`ls -l \/proc\/26\/fd \| grep deleted`/);
});
