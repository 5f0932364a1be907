import assert from 'node:assert/strict';
import { test } from 'node:test';
import { trimsInWindow } from '../../../bench/footprint/trims-in-window.ts';

test('a window of whole periods has as many trims as serve its ticks, and a shorter one says what it has', () => {
  const words = (fromS: number, lengthS: number) => trimsInWindow(fromS, lengthS, 10).replace('the window has ', '');
  assert.equal(words(75, 240), "1 of memhound's trims in 24 ticks, as many as serve them");
  assert.equal(words(75, 480), "2 of memhound's trims in 48 ticks, as many as serve them");
  assert.equal(words(40, 80), "1 of memhound's trims in 8 ticks: one in 8, and one serves 24");
  assert.equal(words(75, 100), "0 of memhound's trims in 10 ticks: none, and one serves 24");
});
