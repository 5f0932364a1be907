import assert from 'node:assert/strict';
import { test } from 'node:test';
import { anonGrowth } from '../../../../src/diagnosis/growth/anon-growth.ts';
import { MIB } from '../../../../src/units.ts';

const columns = (t: readonly number[], parts: Readonly<Record<string, readonly number[]>>) => ({
  t: Float64Array.from(t),
  parts: Object.entries(parts).map(([id, mib]) => ({
    id,
    name: id,
    process: null,
    bytes: Float64Array.from(mib, (m) => m * MIB),
  })),
});

const rounded = (bytes: number): number => Math.round(bytes / MIB);

test('the growth of the parts adds up to the growth of the whole, also where some shrink', () => {
  const t = [0, 60, 120, 180];
  const growth = anonGrowth(columns(t, { 'java-heap': [50, 40, 45, 38], 'malloc-arenas': [10, 31, 48, 70] }), 0, 180)!;
  assert.equal(growth.parts[0]!.id, 'malloc-arenas');
  const sum = growth.parts.reduce((all, { grewBytes }) => all + grewBytes, 0);
  assert.ok(Math.abs(sum - growth.grewBytes) < 1);
  assert.equal(rounded(growth.parts[0]!.grewBytes), 59);
  assert.equal(rounded(growth.parts[0]!.bytesPerHour), 1182);
  assert.ok(growth.parts[1]!.grewBytes < 0);
});

test('only readings since the trend began count, with the one just before it', () => {
  const parts = columns([0, 50, 95, 200, 300], { 'direct-buffers': [500, 0, 10, 110, 210] });
  const growth = anonGrowth(parts, 100, 300)!;
  assert.deepEqual([growth.fromS, growth.toS, growth.readings], [95, 300, 3]);
  assert.equal(rounded(growth.grewBytes), 200);
});

test('where a trend has just begun, the last two readings count', () => {
  const growth = anonGrowth(columns([0, 10, 20], { 'java-heap': [0, 0, 30] }), 25, 26)!;
  assert.deepEqual([growth.fromS, growth.toS], [10, 20]);
});

test('one reading, readings within seconds, or growth of less than 4 MiB tell nothing', () => {
  assert.equal(anonGrowth(columns([], {}), 0, 100), null);
  assert.equal(anonGrowth(columns([0], { 'java-heap': [10] }), 0, 100), null);
  assert.equal(anonGrowth(columns([0, 5], { 'java-heap': [10, 90] }), 0, 100), null);
  assert.equal(anonGrowth(columns([0, 60], { 'java-heap': [10, 13] }), 0, 100), null);
  assert.notEqual(anonGrowth(columns([0, 60], { 'java-heap': [10, 14] }), 0, 100), null);
});

test('readings after the time of the verdict do not count', () => {
  assert.equal(anonGrowth(columns([0, 60, 120], { 'java-heap': [10, 10, 90] }), 0, 60), null);
});
