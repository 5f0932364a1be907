import assert from 'node:assert/strict';
import { test } from 'node:test';
import { folderStem, groupFiles, isWithin, stemOf } from '../../../../src/sources/files/file-groups.ts';
import type { FileObservation } from '../../../../src/sources/types.ts';

const file = (path: string, over: Partial<FileObservation> = {}): FileObservation => ({
  ...{ kind: 'file', files: 1, path, sizeBytes: 1, residentBytes: 1, openBy: [], deleted: false },
  ...{ residency: { state: 'known', method: 'cachestat' }, fileSystem: null },
  ...over,
});
const named = (files: readonly FileObservation[], merged: readonly string[] = []) =>
  groupFiles(files, merged).map((g) => [g.path, g.files]);

for (const [name, stem] of [
  ['00000000000000000008.log', '*.log'],
  ['upload_00000152.tmp', 'upload_*.tmp'],
  ['log.4a1', 'log'],
  ['app.log', 'app.log'],
  ['app.log.1', 'app.log'],
  ['app-2026-11-23.0.log.gz', 'app.log'],
  ['app.log.old', 'app.log'],
  ['3f9c1a7e-2b40-4c1d-9a77-0123456789ab.part', '*.part'],
  ['gc.log', 'gc.log'],
  ['_k.cfs', '_*.cfs'],
  ['_1k_Lucene90_0.dvd', '_*_Lucene*.dvd'],
  ['_remote.repositories', '_remote.repositories'],
] as const)
  test(`the stem of ${name} is ${stem}`, () => assert.equal(stemOf(name), stem));

test('files of one stem are one group with their sums; a single file keeps its name', () => {
  const files = [file('/q/1.log', { sizeBytes: 3 }), file('/q/2.log', { sizeBytes: 4 }), file('/q/app.log')];
  assert.deepEqual(named(files), [
    ['/q/*.log', 2],
    ['/q/app.log', 1],
  ]);
  assert.equal(groupFiles(files)[0]!.sizeBytes, 7);
  assert.deepEqual(named([file('/q/app.log'), file('/q/app.log.1')]), [['/q/app.log*', 2]]);
});

test('a file that is written beside the one that it will replace is the same file, and one that is never renamed keeps its name', () => {
  assert.deepEqual(named([file('/q/snapshot.db', { sizeBytes: 5 }), file('/q/snapshot.db.tmp', { sizeBytes: 2 })]), [
    ['/q/snapshot.db', 1],
  ]);
  assert.deepEqual(named([file('/q/snapshot.db.tmp')]), [['/q/snapshot.db.tmp', 1]]);
  assert.deepEqual(named([file('/q/upload_1.tmp'), file('/q/upload_2.tmp')]), [['/q/upload_*.tmp', 2]]);
});

test('a file that is written under another ending is one with the file that it replaces', () => {
  for (const unfinished of ['snapshot.tmp', 'snapshot.4711.tmp', 'snapshot-3f9c1a7e.part', '.snapshot.swp'])
    assert.deepEqual(named([file('/q/snapshot.db'), file(`/q/${unfinished}`)]), [['/q/snapshot.db', 1]], unfinished);
  assert.deepEqual(named([file('/q/.state.json.swp'), file('/q/state.json')]), [['/q/state.json', 1]]);
});

test('and not where it may be another: two files have that name, one is written, or it lies elsewhere', () => {
  const [tmp, db] = [file('/q/a.tmp'), file('/q/a.db')];
  const writer = [{ pid: 7, fd: 4, mode: 'w' as const }];
  for (const others of [[db, file('/q/a.json')], [file('/q/a.db', { openBy: writer })], [file('/p/a.db')], [file('/q/ab.db')]])
    assert.equal(groupFiles([tmp, ...others]).length, 1 + others.length);
});

test('deleted files, and files of a tmpfs, are groups of their own', () => {
  const tmpfs = { kind: 'tmpfs', freeBytes: 1, totalBytes: 2 } as const;
  const files = [file('/q/1.log'), file('/q/2.log', { deleted: true }), file('/q/3.log', { fileSystem: tmpfs })];
  assert.equal(groupFiles(files).length, 3);
});

test('a group counts who holds how many of its files open', () => {
  const open = (pid: number, mode: 'r' | 'w') => ({ openBy: [{ pid, fd: 3, mode }] });
  const [g] = groupFiles([file('/q/1', open(7, 'w')), file('/q/2', open(9, 'r')), file('/q/3', { openBy: [], deleted: false })]);
  assert.deepEqual([g?.files, g?.openFiles, g?.writtenFiles, g?.deletedFiles, g?.pids], [3, 2, 1, 0, [7, 9]]);
});

test('everything below a merged folder is one group', () => {
  const files = ['/data/t1/a.log', '/data/t2/a.log', '/tmp/x'].map((path) => file(path));
  assert.deepEqual(named(files, ['/data/']), [
    ['/data/', 2],
    ['/tmp/x', 1],
  ]);
});

test('what lies in a named folder, or has its stem, is within it', () => {
  assert.ok(isWithin('/data/t1/a.log', '/data/') && isWithin('/tmp/up_7.tmp', '/tmp/up_*.tmp') && isWithin('/a', '/a'));
  assert.ok(isWithin('/log/app.log.1', '/log/app.log*') && isWithin('/log/app.log', '/log/app.log*'));
  const stem = '/tmp/jetty-*-any-*/';
  assert.equal(folderStem('/tmp/jetty-8080-any-4711/'), stem);
  for (const path of ['/tmp/jetty-8080-any-7/', '/tmp/jetty-1-any-7/lib/a.jar', stem]) assert.ok(isWithin(path, stem), path);
  for (const path of ['/tmp/', '/tmp/jetty-1-any-7', '/tmp/jolly-1-any-7/a']) assert.ok(!isWithin(path, stem), path);
  assert.ok(!isWithin('/database/x', '/data/') && !isWithin('/tmp/sub/up_7.tmp', '/tmp/up_*.tmp') && !isWithin('/ab', '/a'));
});
