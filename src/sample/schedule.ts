import cron from 'node-cron';
import { HOUR_S, MINUTE_S, SECOND_MS } from '../units.ts';

/** Counts of the schedule, for /api/v1/self. */
export interface ScheduleState {
  readonly ticks: number;
  readonly missed: number;
  readonly late: number;
}

export interface Schedule {
  stop(): void;
  state(): ScheduleState;
}

/** A tick is late if it starts more than this share of the interval after its time. */
const LATE_SHARE = 0.5;

/**
 * Calls `tick` every `everySeconds`, at even times of the clock. Ticks never overlap: a tick that is due while the last one is still running
 * is skipped and counted as missed.
 */
export function startSchedule(
  everySeconds: number,
  tick: (nowMs: number) => Promise<void>,
  onError: (error: unknown) => void,
): Schedule {
  let ticks = 0;
  let missed = 0;
  let late = 0;
  let running = false;
  let lastMs: number | null = null;
  const run = async (): Promise<void> => {
    const nowMs = Date.now();
    // Not by the clock, which may be set ahead by years.
    const steadyMs = performance.now();
    // If the process was suspended or the event loop was blocked, whole ticks pass without a call.
    if (lastMs !== null) {
      const periods = (steadyMs - lastMs) / (everySeconds * SECOND_MS);
      if (periods > 1 + LATE_SHARE) missed += Math.max(0, Math.round(periods) - 1);
      if (periods > 1 + LATE_SHARE / 2) late++;
    }
    lastMs = steadyMs;
    if (running) {
      missed++;
      return;
    }
    running = true;
    ticks++;
    try {
      await tick(nowMs);
    } catch (error) {
      onError(error);
    } finally {
      running = false;
    }
  };
  const begin = () => cron.schedule(cronExpression(everySeconds), () => void run(), { timezone: 'Etc/UTC' });
  let task = begin();
  const endWatch = watchClock(everySeconds * SECOND_MS, () => {
    void task.destroy();
    task = begin();
  });
  return {
    stop: () => {
      endWatch();
      void task.stop();
    },
    state: () => ({ ticks, missed, late }),
  };
}

/** The clock is checked this long before a tick is due, before node-cron notices a new time. */
const BEFORE_MS = 50;
/** NTP slews the clock by milliseconds. A larger difference means that the clock was set or the process was suspended. */
const STEP_MS = SECOND_MS;

/**
 * Calls `stepped` when the clock was set or the process was suspended. node-cron waits for a time that it has computed before. If the clock
 * is set back by an hour, node-cron would not run for an hour. If it is set forward by years, node-cron would count all ticks between, for
 * minutes. A restarted schedule avoids both.
 */
function watchClock(periodMs: number, stepped: () => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const [wall, steady] = [Date.now(), performance.now()];
    let due = periodMs - (wall % periodMs);
    if (due < 2 * BEFORE_MS) due += periodMs;
    timer = setTimeout(() => {
      const passed = performance.now() - steady;
      if (Math.abs(Date.now() - wall - passed) > STEP_MS || passed > due + STEP_MS) stepped();
      arm();
    }, due - BEFORE_MS);
  };
  arm();
  return () => clearTimeout(timer);
}

/** Six-field cron expression for an interval that divides a minute or an hour evenly. @throws RangeError for any other interval */
export function cronExpression(everySeconds: number): string {
  if (Number.isInteger(everySeconds) && everySeconds >= 1) {
    if (everySeconds < MINUTE_S && MINUTE_S % everySeconds === 0)
      return everySeconds === 1 ? '* * * * * *' : `*/${everySeconds} * * * * *`;
    const minutes = everySeconds / MINUTE_S;
    if (Number.isInteger(minutes) && minutes < 60 && 60 % minutes === 0)
      return minutes === 1 ? '0 * * * * *' : `0 */${minutes} * * * *`;
    if (everySeconds === HOUR_S) return '0 0 * * * *';
  }
  throw new RangeError(`every: expected an interval that divides 60 s or 60 min evenly, found ${everySeconds} s`);
}
