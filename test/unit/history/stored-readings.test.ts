import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FileTracks } from '../../../src/history/file-tracks.ts';
import { parseReadings } from '../../../src/history/parse-readings.ts';
import { PartReadings } from '../../../src/history/part-readings.ts';
import { haveMoved, type StoredReadings } from '../../../src/history/stored-readings.ts';
import type { FileObservation } from '../../../src/sources/types.ts';
import { MIB } from '../../../src/units.ts';
import { fileRow } from '../../support/rule-context.ts';

const part = (id: string, mib: number) => ({ id, name: id, bytes: mib * MIB, process: null, pids: null });
const file = (path: string, mib: number, over: Partial<FileObservation> = {}): FileObservation => ({
  ...fileRow(),
  path,
  ...{ sizeBytes: mib * MIB, allocatedBytes: mib * MIB, residentBytes: mib * MIB },
  ...over,
});
const mibOf = (column: Iterable<number>): number[] => [...column].map((bytes) => bytes / MIB);

/** What a later memhound reads of it: the text of the file. */
const readBack = (parts: PartReadings, files: FileTracks, epoch = 'a'): StoredReadings => {
  const stored: StoredReadings = { schema: 'memhound.readings/1', epoch, parts: parts.stored(), files: files.stored() };
  const read = parseReadings(JSON.stringify(stored));
  assert.deepEqual(read, stored);
  return stored;
};

test('parts go on after a restart with the readings before it', () => {
  const before = new PartReadings();
  for (let i = 0; i < 100; i++) before.record(i, [part('java-heap', 64), part('malloc-arenas', i)]);
  const after = new PartReadings();
  after.record(120, [part('java-heap', 64), part('malloc-arenas', 120)]);
  after.resume(readBack(before, new FileTracks()).parts);
  const { t, parts } = after.columns();
  assert.deepEqual([t.length, t[0], t.at(-2), t.at(-1)], [25, 0, 99, 120]);
  const arenas = parts.find(({ id }) => id === 'malloc-arenas');
  assert.deepEqual(mibOf(arenas!.bytes), [...t]);
});

test('a helper that runs on keeps its lives before a restart of memhound, and one that was started since has another', () => {
  const helper = (mib: number, pid: number) => ({
    ...{ id: 'other-process', name: 'convert', bytes: mib * MIB, pids: [pid] },
    process: { processes: 1, pid, parent: null, lives: null },
  });
  const livesAfter = (pid: number) => {
    const before = new PartReadings();
    for (const [i, at] of [5, 5, 6, 6].entries()) before.record(i, [helper(10 + i, at)]);
    const after = new PartReadings();
    after.record(10, [helper(20, pid)]);
    after.resume(readBack(before, new FileTracks()).parts);
    after.record(20, [helper(30, pid)]);
    return after.columns().parts[0]!.process!.lives;
  };
  const earlier = { lives: 1, firstS: 0, leastPeakBytes: 11 * MIB, mostPeakBytes: 11 * MIB };
  assert.deepEqual(livesAfter(6), { sinceS: 2, earlier });
  assert.equal(livesAfter(7)!.sinceS, 10);
});

/** Tracks of a memhound that scanned each second, up to 10 s, and was started again. */
function restarted(...scans: readonly (readonly FileObservation[])[]) {
  const before = new FileTracks();
  scans.forEach((files, i) => {
    before.record((i + 1) * 1000, files);
  });
  const after = new FileTracks();
  after.resume(readBack(new PartReadings(), before).files);
  return after;
}

test('a file goes on after a restart with its past, and its past is not counted twice', () => {
  const tracks = restarted([file('/app.log', 10)], [file('/app.log', 20)]);
  const late = { sizeBytes: 30 * MIB, allocatedBytes: 30 * MIB, residentBytes: 30 * MIB };
  tracks.record(60_000, []);
  tracks.record(61_000, [file('/app.log', 30, { foundLate: late })]);
  assert.deepEqual(mibOf(tracks.newest()[0]!.residentBytes), [10, 20, 20, 30]);
});

test('the stored files are named before the first scan after a restart', () => {
  const [track] = restarted([file('/app.log', 10)], [file('/app.log', 20)]).newest();
  assert.deepEqual([track?.path, mibOf(track!.residentBytes), track?.fileSystem?.kind], ['/app.log', [10, 20], 'disk']);
});

test('a folder of which a scan after the restart has seen only a part has not shrunk', () => {
  const segments = (n: number, mib: number) => Array.from({ length: n }, (_, i) => file(`/q/${i}.log`, mib));
  const tracks = restarted(segments(4, 10), segments(8, 10));
  tracks.record(60_000, segments(3, 10));
  assert.deepEqual(mibOf(tracks.newest()[0]!.residentBytes), [40, 80, 80]);
  tracks.record(61_000, segments(9, 10));
  assert.deepEqual(mibOf(tracks.newest()[0]!.residentBytes), [40, 80, 80, 90]);
});

test('a file whose pages were not asked for yet is taken as it was', () => {
  const tracks = restarted([file('/app.log', 10)], [file('/app.log', 20)]);
  tracks.record(60_000, [file('/app.log', 25, { residentBytes: null })]);
  tracks.record(61_000, [file('/app.log', 26)]);
  assert.deepEqual(mibOf(tracks.newest()[0]!.residentBytes), [10, 20, 20, 26]);
});

test('what is not found within twelve scans after a restart is gone', () => {
  const tracks = restarted([file('/gone.log', 10), file('/app.log', 10)]);
  for (let i = 0; i < 13; i++) tracks.record(60_000 + i * 1000, [file('/app.log', 10)]);
  tracks.record(80_000, [file('/app.log', 10), file('/gone.log', 5)]);
  const gone = tracks.newest().find(({ path }) => path === '/gone.log');
  assert.deepEqual(mibOf(gone!.residentBytes), [...new Array(13).fill(10), 0, 5]);
});

test('a file that is older than the restart and was not stored has not grown; a newer one has', () => {
  const tracks = restarted([file('/app.log', 10)]);
  tracks.record(60_000, [file('/app.log', 10), file('/old.bin', 5, { mtimeMs: 500 }), file('/new.bin', 5, { mtimeMs: 50_000 })]);
  const of = (path: string) => mibOf(tracks.newest().find((f) => f.path === path)!.residentBytes);
  assert.deepEqual(
    [of('/old.bin'), of('/new.bin')],
    [
      [5, 5],
      [Number.NaN, 5],
    ],
  );
});

test('members of a group and free space go on too', () => {
  const on = (mib: number, freeMib: number) =>
    [1, 2].map((i) =>
      file(`/q/${i}.log`, i * mib, { fileSystem: { kind: 'disk', freeBytes: freeMib * MIB, totalBytes: 100 * MIB } }),
    );
  const tracks = restarted(on(10, 50), on(20, 40));
  tracks.record(60_000, on(30, 30));
  const [group] = tracks.newest();
  assert.deepEqual(mibOf(group!.freeBytes!), [50, 40, 30]);
  assert.deepEqual(mibOf(group!.members.find(({ path }) => path === '/q/2.log')!.residentBytes), [20, 40, 60]);
});

test('hundreds of files and readings take less than 32 KiB, and small files nothing', () => {
  const parts = new PartReadings();
  const files = new FileTracks();
  for (let i = 1; i <= 200; i++) {
    parts.record(
      i,
      Array.from({ length: 12 }, (_, k) => part(`part-${k}`, 100 * k + i)),
    );
    files.record(
      i * 1000,
      Array.from({ length: 400 }, (_, k) =>
        file(`/srv/folder-${k % 40}/file-${'abcdefghij'[k % 10]}.bin`, k < 20 ? 0.01 : k + i),
      ),
    );
  }
  const { length } = JSON.stringify(readBack(parts, files));
  assert.ok(length < 32 * 1024, `${length} bytes`);
  const small = new FileTracks();
  small.record(1000, [file('/a', 0.5)]);
  assert.deepEqual(small.stored().tracks, []);
});

test('they are stored again only when a part or a file has moved by 1 MiB and 2 %', () => {
  const of = (heap: number, log: number, epoch = 'a') => {
    const [parts, files] = [new PartReadings(), new FileTracks()];
    parts.record(1, [part('java-heap', heap)]);
    files.record(1000, [file('/app.log', log)]);
    return readBack(parts, files, epoch);
  };
  assert.equal(haveMoved(null, of(100, 10)), true);
  assert.equal(haveMoved(of(100, 10), of(101.5, 10.9)), false);
  assert.equal(haveMoved(of(100, 10), of(103, 10)), true);
  assert.equal(haveMoved(of(100, 10), of(100, 11)), true);
  assert.equal(haveMoved(of(100, 10), of(100, 10, 'b')), true, 'another run');
});

test('a text that memhound did not write is no readings', () => {
  const files = new FileTracks();
  files.record(1000, [file('/app.log', 10)]);
  files.record(2000, [file('/app.log', 20)]);
  const good = JSON.stringify(readBack(new PartReadings(), files));
  const broken = [
    '',
    'null',
    '{}',
    good.slice(0, -5),
    good.replace('readings/1', 'readings/2'),
    good.replace('"t":[1,2]', '"t":[2,1]'),
    good.replace('"t":[1,2]', '"t":[1]'),
    good.replace('[10240,20480]', '["a",1]'),
    good.replace('"key"', '"no"'),
  ];
  for (const text of broken) assert.equal(parseReadings(text), null, text);
});

test('another scanner that has not found a file yet does not make it shrink, nor grow when it is found', () => {
  const tracks = new FileTracks();
  tracks.record(1000, [file('/app.log', 10)]);
  tracks.expectAgain();
  tracks.record(2000, []);
  const late = { sizeBytes: 10 * MIB, allocatedBytes: 10 * MIB, residentBytes: 10 * MIB };
  tracks.record(3000, [file('/app.log', 10, { foundLate: late })]);
  assert.deepEqual(mibOf(tracks.newest()[0]!.residentBytes), [10, 10, 10]);
});
