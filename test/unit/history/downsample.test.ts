import assert from 'node:assert/strict';
import { test } from 'node:test';
import { downsample } from '../../../src/history/downsample.ts';

/** Rows as history keeps them: each quarter of an hour for twelve days, each minute for two, then each ten seconds for two hours. */
const tiered = (): Float64Array => {
  const t: number[] = [];
  const end = 14 * 86_400;
  for (let at = 0; at <= end; at += at < end - 2 * 86_400 ? 900 : at < end - 7200 ? 60 : 10) t.push(at);
  return Float64Array.from(t);
};

test('points are spread evenly over time even if the rows are not', () => {
  const t = tiered();
  const kept = [...downsample(t, 0, t.length, 600)!].map((i) => t[i]!);
  assert.equal(kept.length, 600);
  assert.deepEqual([kept[0], kept[599]], [0, 14 * 86_400]);
  const even = (14 * 86_400) / 599;
  for (let i = 1; i < kept.length; i++) assert.ok(Math.abs(kept[i]! - kept[i - 1]! - even) < 900, `step ${i}`);
});

test('an interval without samples gets no point, and no point is repeated', () => {
  const t = Float64Array.from([...Array(100).keys(), ...Array.from({ length: 100 }, (_, i) => 900 + i)]);
  const kept = [...downsample(t, 0, 200, 20)!];
  assert.ok(kept.length <= 20 && kept.length >= 4);
  assert.deepEqual(
    kept,
    [...new Set(kept)].sort((a, b) => a - b),
  );
  assert.ok(kept.every((i) => t[i]! <= 99 || t[i]! >= 900));
});

test('only rows of the window are chosen; one point is the newest; few rows are all kept', () => {
  const t = Float64Array.from({ length: 1000 }, (_, i) => i);
  assert.deepEqual([...downsample(t, 100, 200, 1)!], [199]);
  const kept = downsample(t, 100, 200, 10)!;
  assert.deepEqual([kept[0], kept.at(-1), kept.length], [100, 199, 10]);
  assert.equal(downsample(t, 100, 200, 100), null);
  assert.equal(downsample(t, 100, 200, null), null);
});
