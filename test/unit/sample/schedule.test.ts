import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { type TestContext, test } from 'node:test';
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

/** A clock that is moved by hand, with its timers. Another minute begins 20 s after the start. */
function clockByHand(t: TestContext) {
  const startMs = Date.UTC(2026, 0, 1, 11, 59, 40);
  let steadyMs = 0;
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'], now: startMs });
  t.mock.method(performance, 'now', () => steadyMs);
  return {
    pass: async (seconds: number): Promise<void> => {
      for (let ms = 0; ms < seconds * 1000; ms += 10) {
        steadyMs += 10;
        t.mock.timers.tick(10);
        await Promise.resolve();
      }
    },
    set: (bySeconds: number): void => t.mock.timers.setTime(Date.now() + bySeconds * 1000),
  };
}

test('there is one tick at each even time of the clock, also at full minutes and hours', async (t) => {
  const clock = clockByHand(t);
  const at: number[] = [];
  const schedule = startSchedule(
    10,
    async (nowMs) => void at.push(nowMs / 1000),
    (error) => assert.fail(String(error)),
  );
  t.after(() => schedule.stop());
  await clock.pass(300);
  const first = Date.UTC(2026, 0, 1, 11, 59, 50) / 1000;
  assert.deepEqual(
    at.map((second) => Math.round(second - first)),
    Array.from({ length: 30 }, (_, i) => 10 * i),
  );
  assert.deepEqual(schedule.state(), { ticks: 30, missed: 0, late: 0 });
});

for (const [what, seconds] of [
  ['forward by ten years', 315_360_000],
  ['forward by seven seconds', 7],
] as const)
  test(`a clock that is set ${what} costs one tick at most`, async (t) => {
    const clock = clockByHand(t);
    let ticks = 0;
    const schedule = startSchedule(
      10,
      async () => void ticks++,
      (error) => assert.fail(String(error)),
    );
    t.after(() => schedule.stop());
    await clock.pass(63);
    clock.set(seconds);
    await clock.pass(180);
    assert.ok(ticks >= 23 && ticks <= 25, `${ticks} ticks in 243 s`);
  });
