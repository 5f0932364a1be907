import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PartReadings } from '../../../src/history/part-readings.ts';

const part = (id: string, bytes: number, name = id) => ({ id, name, bytes, process: null });

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
