import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileTracks } from '../../../src/history/file-tracks.ts';
import type { FileObservation } from '../../../src/sources/types.ts';
import { fileRow } from '../../support/rule-context.ts';

const file = (path: string, bytes: number, over: Partial<FileObservation> = {}): FileObservation => ({
  ...fileRow(),
  path,
  ...{ sizeBytes: bytes, allocatedBytes: bytes, residentBytes: bytes },
  ...over,
});
/** Tracks after scans that saw these files. */
function after(...scans: readonly (readonly FileObservation[])[]) {
  const tracks = new FileTracks();
  scans.forEach((files, i) => {
    tracks.record((i + 1) * 1000, files);
  });
  return tracks.newest();
}
const summary = (tracks: ReturnType<typeof after>) => tracks.map((t) => [t.path, t.files, [...t.residentBytes]]);

test('a state file that is written anew and renamed keeps its name in each scan', () => {
  const [state, anew] = [file('/q/state.json', 8), file('/q/state.json.tmp', 3)];
  for (const last of [[state], [anew], [state, anew]])
    assert.deepEqual(
      after([state], [anew], last).map(({ path, files }) => [path, files]),
      [['/q/state.json', 1]],
    );
});

test('segments that come one after the other are one track of their sum', () =>
  assert.deepEqual(
    summary(after([file('/q/1.log', 8)], [file('/q/1.log', 8), file('/q/2.log', 4)], [file('/q/1.log', 8), file('/q/2.log', 8)])),
    [['/q/*.log', 2, [8, 12, 16]]],
  ));

test('a file that was there before the first scan and is found later has not grown', () => {
  const late = (what: 'all' | 'resident') =>
    file('/q/old.bin', 50, {
      foundLate: { sizeBytes: what === 'all' ? 50 : 0, allocatedBytes: what === 'all' ? 50 : 0, residentBytes: 50 },
    });
  assert.deepEqual(summary(after([file('/a', 1)], [file('/a', 1), late('all')]))[1], ['/q/old.bin', 1, [50, 50]]);
  const [, found] = after(
    [file('/a', 1)],
    [file('/a', 1), file('/q/old.bin', 50, { residentBytes: null })],
    [file('/a', 1), late('resident')],
  );
  assert.deepEqual([...found!.residentBytes], [50, 50, 50]);
});

test('a file that is new begins with nothing', () =>
  assert.deepEqual(summary(after([file('/a', 1)], [file('/a', 1), file('/q/new.bin', 50)]))[1], [
    '/q/new.bin',
    1,
    [Number.NaN, 50],
  ]));

test('a log that is removed under its writer goes on as the same track', () =>
  assert.deepEqual(summary(after([file('/app.log', 10)], [file('/app.log', 20, { deleted: true })])), [
    ['/app.log', 1, [10, 20]],
  ]));

test('a log keeps its own past within the group that its first rotation makes', () => {
  const [group] = after([file('/app.log', 10)], [file('/app.log', 20)], [file('/app.log', 1), file('/app.log.1', 20)]);
  assert.deepEqual([group?.path, [...group!.residentBytes]], ['/app.log*', [10, 20, 21]]);
  assert.deepEqual([...group!.members.find((m) => m.path === '/app.log')!.residentBytes], [10, 20, 1]);
});

test('hundreds of tenants become one track of their folder, and the largest keep their own', () => {
  const tenants = (bytes: number) =>
    Array.from({ length: 300 }, (_, i) => file(`/data/tenant${i}x/app.log`, i === 7 ? 100 * bytes : bytes));
  const tracks = after(tenants(1), tenants(2));
  assert.deepEqual(summary(tracks), [['/data/', 300, [399, 798]]]);
  assert.ok(tracks[0]!.members.some((m) => m.path === '/data/tenant7x/app.log'));
  const before = after([file('/data/tenant1x/app.log', 1)], tenants(2));
  assert.deepEqual([...before[0]!.residentBytes], [1, 798], 'what had a track before is in the sum');
});

test('where any program writes, hundreds of folders whose names differ in a number become one track of their stem', () => {
  const starts = (bytes: number) =>
    Array.from({ length: 60 }, (_, i) => file(`/tmp/jetty-8080-any-${1e9 + 7919 * i}/lib/a.jar`, bytes));
  const tracks = after([...starts(10), file('/tmp/other/x', 3)], [...starts(20), file('/tmp/other/x', 3)]);
  assert.deepEqual(summary(tracks).slice(0, 1), [['/tmp/jetty-*-any-*/', 60, [600, 1200]]]);
  const ids = (bytes: number) => Array.from({ length: 60 }, (_, i) => file(`/tmp/${1e9 + 7919 * i}/lib/a.jar`, bytes));
  assert.deepEqual(summary(after(ids(10), ids(20))), [['/tmp/', 60, [600, 1200]]], 'a stem of ids alone tells nothing');
});

test('where folders become one track, no file of them has the past of their sum', () => {
  const uploads = (n: number, bytes: number) =>
    Array.from({ length: n }, (_, i) => file(`/blobs/vol-${i}/a${'bcdefghij'[i % 9]}.bytes`, bytes));
  const [blobs] = after(uploads(40, 10), uploads(60, 10), [...uploads(60, 10), file('/blobs/vol-0/new.bytes', 30)]);
  assert.deepEqual([blobs?.path, [...blobs!.residentBytes]], ['/blobs/', [400, 600, 630]]);
  for (const member of blobs!.members)
    assert.ok(Math.max(...member.residentBytes) <= 30, `${member.path}: ${[...member.residentBytes]}`);
});

test('free space of a disk is kept beside its files', () => {
  const on = (freeBytes: number) => file('/a', 1, { fileSystem: { kind: 'disk', freeBytes, totalBytes: 100 } });
  assert.deepEqual([...after([on(50)], [on(40)])[0]!.freeBytes!], [50, 40]);
});

test('tracks take some 100 KiB, however many files there are', () => {
  const many = Array.from({ length: 2000 }, (_, i) => file(`/d${i % 40}/f${i}-${'abcdefghij'[i % 10]}.bin`, i));
  const tracks = new FileTracks();
  for (let i = 1; i <= 300; i++) tracks.record(i * 1000, many);
  const found = tracks.newest();
  const columns = found.reduce((sum, { members }) => sum + 1 + members.length, 0);
  assert.ok(columns <= 96 && found[0]!.t.length <= 96, `${columns} tracks of ${found[0]!.t.length} observations`);
});
