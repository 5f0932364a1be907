import assert from 'node:assert/strict';
import { test } from 'node:test';
import { splitByPoints } from '../../../../src/fleet/read/query-range.ts';

test('a range is read in parts of at most 11,000 points, and no point twice', () => {
  assert.deepEqual(splitByPoints({ from: 0, to: 600 }, 60), [{ from: 0, to: 600 }]);
  const parts = splitByPoints({ from: 0, to: 14 * 86_400 }, 60);
  assert.deepEqual(parts, [
    { from: 0, to: 10_999 * 60 },
    { from: 11_000 * 60, to: 14 * 86_400 },
  ]);
});
