import assert from 'node:assert/strict';
import { test } from 'node:test';
import { WaitingRows } from '../../../src/daemon/waiting-rows.ts';
import { MIB } from '../../../src/units.ts';

const still = { events: 0, values: { usage: 100 * MIB, anon: 60 * MIB } };
const after = (seconds: number, ...rows: readonly { events: number; values: Record<string, number> }[]): boolean[] => {
  const waiting = new WaitingRows();
  return rows.map((row, i) => waiting.areDue(i * seconds * 1000, row));
};

test('rows of memory that stands still are written three at a time, and one by one where ticks are rare', () => {
  const rows = Array.from({ length: 7 }, () => still);
  assert.deepEqual(after(10, ...rows), [true, false, false, true, false, false, true]);
  assert.deepEqual(after(30, ...rows), [true, true, true, true, true, true, true]);
});

test('a row is written at once when memory moves, that of processes under full usage too, or something happens', () => {
  const moved = { events: 0, values: { usage: 102 * MIB, anon: 60 * MIB } };
  const swapped = { events: 0, values: { usage: 102 * MIB, anon: 70 * MIB } };
  const killed = { ...swapped, events: 1 };
  const gone = { events: 1, values: {} };
  assert.deepEqual(after(1, still, still, moved, moved, swapped, killed, killed, gone), [
    ...[true, false, true, false, true, true, false, true],
  ]);
});

test('rows do not wait for the time of a clock that was set back', () => {
  const waiting = new WaitingRows();
  assert.deepEqual(
    [3_600_000, 1000, 2000].map((ms) => waiting.areDue(ms, still)),
    [true, true, false],
  );
});
