import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { test } from 'node:test';
import { cronExpression, startSchedule } from '../../../src/sample/schedule.ts';

test('even intervals have a cron expression and others have none', () => {
  assert.deepEqual([1, 10, 60, 300, 3600].map(cronExpression), [
    '* * * * * *',
    '*/10 * * * * *',
    '0 * * * * *',
    '0 */5 * * * *',
    '0 0 * * * *',
  ]);
  for (const uneven of [7, 0, 0.5, 90, 7200]) assert.throws(() => cronExpression(uneven), RangeError);
});

test('ticks never overlap: one that is due while the last still runs is counted as missed', async () => {
  const events = new EventEmitter();
  let running = 0;
  let maxRunning = 0;
  let release: () => void = () => undefined;
  const firstTickMayEnd = new Promise<void>((resolve) => {
    release = resolve;
  });
  const schedule = startSchedule(
    1,
    async () => {
      maxRunning = Math.max(maxRunning, ++running);
      events.emit('tick');
      await firstTickMayEnd;
      running--;
    },
    (error) => assert.fail(String(error)),
  );
  try {
    await once(events, 'tick');
    // The next due time comes while the first tick still runs; the schedule reports when it has counted it.
    while (schedule.state().missed === 0) await new Promise((next) => setImmediate(next));
    release();
    await once(events, 'tick');
    assert.equal(maxRunning, 1);
    assert.ok(schedule.state().ticks >= 2);
  } finally {
    schedule.stop();
  }
});

test('a tick that fails is reported, and the next one runs', async () => {
  const events = new EventEmitter();
  let calls = 0;
  const schedule = startSchedule(
    1,
    async () => {
      calls++;
      if (calls === 2) events.emit('second');
      throw new Error('sick');
    },
    (error) => events.emit('failed', error),
  );
  try {
    const [[error]] = await Promise.all([once(events, 'failed'), once(events, 'second')]);
    assert.equal((error as Error).message, 'sick');
  } finally {
    schedule.stop();
  }
});
