import assert from 'node:assert/strict';
import { test } from 'node:test';
import { DAY_S, GIB, HOUR_MS, HOUR_S, KIB, MIB, MINUTE_MS, MINUTE_S, SECOND_MS } from '../../src/units.ts';

const betweenMs = (from: string, to: string): number => Date.parse(`2020-01-${to}Z`) - Date.parse(`2020-01-${from}Z`);

test('units of time agree with the calendar', () => {
  assert.equal(betweenMs('01T00:00:00', '01T00:00:01'), SECOND_MS);
  assert.equal(betweenMs('01T00:00:00', '01T00:01:00'), MINUTE_MS);
  assert.equal(betweenMs('01T00:00:00', '01T01:00:00'), HOUR_MS);
  assert.equal(betweenMs('01T00:00:00', '02T00:00:00'), DAY_S * SECOND_MS);
});

test('a unit in seconds and the same unit in milliseconds differ by a factor of 1000', () => {
  assert.deepEqual([MINUTE_MS, HOUR_MS], [1000 * MINUTE_S, 1000 * HOUR_S]);
});

test('units of size are powers of 1024, as the kernel and Kubernetes write Ki, Mi and Gi', () => {
  assert.deepEqual([KIB, MIB, GIB], [1024, 1024 * 1024, 1024 * 1024 * 1024]);
});
