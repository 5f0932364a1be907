import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deletedMappings, withDeletedMappings } from '../../../../src/sources/files/deleted-mappings.ts';
import { parseSmaps } from '../../../../src/sources/mappings/smaps-format.ts';
import type { FileReading } from '../../../../src/sources/types.ts';

const mapping = (start: number, inode: number, path: string, pssKib: number, anonKib = 0): string =>
  `${start.toString(16)}000-${(start + 16).toString(16)}000 rw-s 00000000 fe:00 ${inode} ${path}\nRss: ${pssKib} kB\nPss: ${pssKib} kB\nAnonymous: ${anonKib} kB\n`;

test('a file that was deleted while it is mapped is found by its mappings, with the pages that are in memory through them', () => {
  const text = [
    mapping(0x10000, 7, '/data/a b.map (deleted)', 40, 8),
    mapping(0x20000, 7, '/data/a b.map (deleted)', 24),
    mapping(0x30000, 8, '/data/kept.map', 64),
    mapping(0x40000, 9, '/memfd:java_heap (deleted)', 64),
    mapping(0x50000, 10, '/dev/zero (deleted)', 64),
    mapping(0x60000, 11, '/SYSV00000000 (deleted)', 64),
  ].join('');
  assert.deepEqual(deletedMappings(parseSmaps(text)), [
    { path: '/data/a b.map', mappedBytes: 2 * 16 * 4096, residentBytes: (32 + 24) * 1024 },
  ]);
});

test('a deleted file of which a descriptor tells is not counted twice', () => {
  const file = (path: string, deleted: boolean) => ({ path, deleted }) as FileReading;
  const mapped = [file('/a', true), file('/b', true), file('/c', true)];
  const found = withDeletedMappings([file('/a', true), file('/b', false)], mapped);
  assert.deepEqual(
    found.map(({ path }) => path),
    ['/a', '/b', '/b', '/c'],
  );
});
