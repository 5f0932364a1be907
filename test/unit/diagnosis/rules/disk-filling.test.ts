import assert from 'node:assert/strict';
import { test } from 'node:test';
import { diskFilling, secondsToFull } from '../../../../src/diagnosis/rules/disk-filling.ts';
import { DAY_S, GIB, MIB } from '../../../../src/units.ts';
import { applyRule, fileRow } from '../../../support/rule-context.ts';

const NO_LIMITS = { memoryRequestBytes: null, ephemeralStorageLimitBytes: null };
const disk = (freeBytes: number) => ({ kind: 'disk', freeBytes, totalBytes: 1e12 }) as const;
/** A file that grows 24 MB a day and has filled its disk after so many seconds. */
const fullIn = (seconds: number, path = '/tmp/app.log') =>
  fileRow({ path, growthBytesPerHour: 1e6, fileSystem: disk((1e6 / 3600) * seconds) });

test('a file that fills its disk within a quarter is a warning, with the time as an interval', () => {
  assert.deepEqual(applyRule(diskFilling, { files: [fileRow()] }), {
    id: 'disk-filling',
    severity: 'warn',
    title:
      '/tmp/spring.log grows 114 MB a day and fills the disk it lies on (1.28 GiB free) in 12 days. Kubernetes then evicts the pod',
    outcome: 'ends in a full disk and eviction',
    evidence: {
      path: '/tmp/spring.log',
      files: 1,
      deletedFiles: 0,
      growthBytesPerHour: 4.76e6,
      sizeBytes: 832_500_000,
      allocatedBytes: 832_500_000,
      freeBytes: 4.76e6 * 24 * 12,
      ephemeralStorageLimitBytes: null,
      secondsToFull: 12 * DAY_S,
    },
    advice:
      'If the file is a log, log to stdout, lower the log level, or rotate it with a bound; else bound what is kept in it. Set limits.ephemeral-storage, so that Kubernetes evicts this pod alone and not its neighbours.',
    etas: [{ event: 'disk-full', seconds: 12 * DAY_S, low: 829_440, high: 1_296_000 }],
    limit: { kind: 'file-system', bytes: 1e11, level: 'disk-space', levelBytes: 98_629_120_000 },
    headline: null,
  });
});

test('the size of a file system of which only the free space is recorded is not known', () => {
  const fileSystem = { kind: 'disk', freeBytes: 1e9, totalBytes: 1e9 } as const;
  assert.deepEqual(applyRule(diskFilling, { files: [fileRow({ fileSystem })] })?.limit, {
    kind: 'file-system',
    bytes: null,
    level: 'disk-space',
    levelBytes: null,
  });
});

test('within a day it is critical', () => {
  assert.equal(applyRule(diskFilling, { files: [fullIn(DAY_S + 10)] })?.severity, 'warn');
  assert.equal(applyRule(diskFilling, { files: [fullIn(DAY_S - 10)] })?.severity, 'critical');
});

test('beyond a quarter it does not apply', () => {
  assert.equal(applyRule(diskFilling, { files: [fullIn(90 * DAY_S - 10)] })?.severity, 'warn');
  assert.equal(applyRule(diskFilling, { files: [fullIn(90 * DAY_S + 10)] }), null);
});

test('the file that fills its disk first is named, at any place in the list', () => {
  for (const files of [
    [fullIn(9 * DAY_S, '/a'), fullIn(5 * DAY_S, '/b'), fullIn(7 * DAY_S, '/c')],
    [fullIn(5 * DAY_S, '/b'), fullIn(9 * DAY_S, '/a')],
  ])
    assert.equal(applyRule(diskFilling, { files })?.evidence.path, '/b');
});

test('limits.ephemeral-storage counts where it is reached first', () => {
  const found = applyRule(diskFilling, { files: [fileRow()], pod: { ephemeralStorageLimitBytes: GIB } });
  assert.match(found?.title ?? '', /fills limits\.ephemeral-storage \(230 MiB left\) in 2 days/);
  assert.equal(found?.evidence.secondsToFull, Math.round(((GIB - 832_500_000) / 4.76e6) * 3600));
  assert.equal(found?.evidence.ephemeralStorageLimitBytes, GIB);
  const roomy = applyRule(diskFilling, { files: [fileRow()], pod: { ephemeralStorageLimitBytes: 100 * GIB } });
  assert.match(roomy?.title ?? '', /the disk it lies on/);
});

const disk1 = (bytesPerHour: number, usedBytes = 0) => ({
  fileSystem: disk(MIB),
  bytesPerHour,
  usedBytes,
  files: [fileRow()],
});

test('files above limits.ephemeral-storage have no time left', () =>
  assert.equal(secondsToFull(disk1(1e6, 2 * MIB), { ...NO_LIMITS, ephemeralStorageLimitBytes: MIB }), 0));

test('only growth by 1 MiB a day or more fills a disk', () => {
  assert.equal(secondsToFull(disk1(MIB / 24), NO_LIMITS), DAY_S);
  assert.equal(secondsToFull(disk1(MIB / 24 - 1), NO_LIMITS), null);
  assert.equal(applyRule(diskFilling, { files: [] }), null);
});

test('many files are named by their folder, and deleted ones have advice of their own', () => {
  const many = fileRow({ kind: 'folder', path: '/data/topic/', files: 31, residentBytes: 251 * MIB });
  const found = applyRule(diskFilling, { files: [many] });
  assert.match(found?.title ?? '', /^\/data\/topic\/ \(31 files, 251 MiB\) grows 114 MB a day and fills the disk it lies on/);
  assert.match(found?.advice ?? '', /^Bound what these files may take/);
  const deleted = applyRule(diskFilling, { files: [{ ...many, deleted: true, deletedFiles: 31 }] });
  assert.match(deleted?.title ?? '', /^\/data\/topic\/ \(31 deleted files, 251 MiB\)/);
  assert.match(deleted?.advice ?? '', /lsof \+L1/);
});
