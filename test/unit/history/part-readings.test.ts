import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PartReadings } from '../../../src/history/part-readings.ts';

const part = (id: string, bytes: number, name = id) => ({ id, name, bytes, process: null, pids: null });

test('readings become a column for each part, and a part that is not there has 0 bytes', () => {
  const readings = new PartReadings();
  readings.record(1, [part('java-heap', 10)]);
  readings.record(2, [part('java-heap', 12), part('other-process', 5, 'convert')]);
  const { t, parts } = readings.columns();
  assert.deepEqual([...t], [1, 2]);
  assert.deepEqual(
    parts.map(({ id, name, bytes }) => [id, name, ...bytes]),
    [
      ['java-heap', 'java-heap', 10, 12],
      ['other-process', 'convert', 0, 5],
    ],
  );
});

test('parts of one id and name are one part, and a reading that is not later than the last is dropped', () => {
  const readings = new PartReadings();
  readings.record(5, [part('malloc-arenas', 1), part('malloc-arenas', 2)]);
  readings.record(5, [part('malloc-arenas', 9)]);
  readings.record(4, [part('malloc-arenas', 9)]);
  assert.deepEqual([...readings.columns().parts[0]!.bytes], [3]);
});

test('past 120 readings the older half becomes coarser, and the first and the last stay', () => {
  const readings = new PartReadings();
  for (let i = 0; i < 1000; i++) readings.record(i, [part('java-heap', i)]);
  const { t } = readings.columns();
  assert.ok(t.length <= 120 && t.length >= 60, `${t.length} readings`);
  assert.equal(t[0], 0);
  assert.equal(t.at(-1), 999);
  assert.equal(t.at(-2), 998);
});

test('of a thousand processes that come and go, each of another name, only the newest are kept', () => {
  const readings = new PartReadings();
  for (let i = 0; i < 1000; i++) readings.record(i, [part('other-process', 1, `job-${i}`)]);
  const names = readings.columns().parts.map(({ name }) => name);
  assert.equal(names.length, 48);
  assert.ok(names.includes('job-999'));
});

const helper = (bytes: number, pids: readonly number[]) => ({
  ...{ id: 'other-process', name: 'convert', bytes, pids },
  process: { processes: pids.length, pid: pids[0]!, parent: null, lives: null },
});
const livesOf = (...all: readonly (readonly [bytes: number, ...pids: readonly number[]])[]) => {
  const readings = new PartReadings();
  for (const [i, [bytes, ...pids]] of all.entries()) readings.record(i, pids.length === 0 ? [] : [helper(bytes, pids)]);
  return readings.columns().parts[0]!.process!.lives;
};

test('a process that ends and is started again begins another life of its name, and what it had before is known', () => {
  const earlier = { lives: 2, firstS: 0, leastPeakBytes: 90, mostPeakBytes: 120 };
  assert.deepEqual(livesOf([10, 5], [120, 5], [0], [9, 6], [90, 6], [7, 7], [14, 7]), { sinceS: 5, earlier });
  assert.deepEqual(livesOf([10, 5], [120, 5]), { sinceS: 0, earlier: null });
});

test('workers that take turns are one life while one of them runs, also where none was seen for a moment', () => {
  assert.deepEqual(livesOf([10, 5], [20, 5, 6], [10, 6], [20, 6, 7], [10, 7]), { sinceS: 0, earlier: null });
  assert.deepEqual(livesOf([10, 5], [0], [12, 5]), { sinceS: 0, earlier: null });
});

test('the processes of a name are known after readings of before were resumed: one that goes on is the same life', () => {
  const stored = new PartReadings();
  stored.record(0, [helper(10, [5, 6])]);
  const readings = new PartReadings();
  readings.record(1, [helper(12, [5, 6])]);
  readings.resume(stored.stored());
  readings.record(2, [helper(11, [6])]);
  assert.deepEqual(readings.columns().parts[0]!.process!.lives, { sinceS: 0, earlier: null });
});
