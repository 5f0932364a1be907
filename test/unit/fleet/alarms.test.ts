import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alarmSet } from '../../../src/fleet/alarms.ts';

const leaks = (...confidences: readonly number[]) => confidences.map((confidence) => ({ leak: true, confidence }));

test('the largest set of leaks is taken whose mean doubt stays below the rate', () => {
  const rows = leaks(0.5, 0.99, 0.9, 0.8);
  const { rows: alarms, expectedFalse } = alarmSet(rows, 0.12);
  assert.deepEqual([...alarms].map(({ confidence }) => confidence).sort(), [0.8, 0.9, 0.99]);
  assert.equal(expectedFalse.toFixed(2), '0.31');
});

test('without a leak that is sure enough there is no alarm', () => {
  assert.equal(alarmSet(leaks(0.7, 0.6), 0.1).rows.size, 0);
  assert.equal(
    alarmSet(
      [
        { leak: null, confidence: 1 },
        { leak: false, confidence: 1 },
      ],
      0.1,
    ).rows.size,
    0,
  );
});
