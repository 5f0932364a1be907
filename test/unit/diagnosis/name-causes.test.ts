import assert from 'node:assert/strict';
import { test } from 'node:test';
import { nameCauses } from '../../../src/diagnosis/name-causes.ts';
import type { FileRow } from '../../../src/diagnosis/types.ts';
import type { Cause } from '../../../src/trends/types.ts';
import { causeShare, fileRow } from '../../support/rule-context.ts';

const DISK = fileRow().fileSystem!;
const TMPFS = { ...DISK, kind: 'tmpfs' } as const;
const file = (
  path: string,
  growthBytesPerHour: number | null,
  fileSystem: FileRow['fileSystem'] = DISK,
  over: Partial<FileRow> = {},
) => fileRow({ path, growthBytesPerHour, fileSystem, ...over });
/** The file that explains a cause which grows by 100 bytes an hour. */
const named = (cause: Cause, files: readonly FileRow[]) => nameCauses([causeShare(cause, 100)], files)[0]?.what;

test('the file that grows fastest is named, in any order', () => {
  assert.equal(named('page-cache', [file('/a', 50), file('/b', 90), file('/c', 60)]), '/b');
  assert.equal(named('page-cache', [file('/b', 90), file('/a', 90)]), '/b');
});

test('a file is named from 40 % of the growth on', () => {
  assert.equal(named('page-cache', [file('/a', 40)]), '/a');
  assert.equal(named('page-cache', [file('/a', 39)]), null);
});

test('page cache is named by files outside of tmpfs, shared memory by files in tmpfs', () => {
  const files = [file('/disk', 50), file('/unknown', 45, null), file('/dev/shm/q', 90, TMPFS)];
  assert.equal(named('page-cache', files), '/disk');
  assert.equal(named('page-cache', files.slice(1)), '/unknown');
  assert.equal(named('shmem', files), '/dev/shm/q');
  assert.equal(named('shmem', files.slice(0, 2)), null);
});

test('files of unknown growth, and rows of many files, are not named', () => {
  assert.equal(named('page-cache', [file('/a', null)]), null);
  assert.equal(named('page-cache', [file('/a', null), file('/b', 50)]), '/b');
  assert.equal(named('page-cache', [file('/a', 90, DISK, { kind: 'unqueried' })]), null);
  assert.equal(named('page-cache', []), null);
});

test('no other cause is named by a file, and a cause with a name keeps it', () => {
  assert.equal(named('native', [file('/a', 90), file('/dev/shm/q', 90, TMPFS)]), null);
  const share = causeShare('page-cache', 100, { what: '/known' });
  assert.deepEqual(nameCauses([share], [file('/a', 90)]), [share]);
});
