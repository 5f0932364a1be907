import cron from 'node-cron';
import { HOUR_S, MINUTE_S, SECOND_MS } from '../units.ts';

/** What the schedule saw; for /api/v1/self. */
export interface ScheduleState {
  readonly ticks: number;
  readonly missed: number;
  readonly late: number;
}

export interface Schedule {
  stop(): void;
  state(): ScheduleState;
}

/** A tick that starts more than this part of the interval after its time counts as late. */
const LATE_SHARE = 0.5;

/**
 * Calls `tick` each `everySeconds`, at even points of the clock. Ticks never overlap: one that is due while the last still
 * runs is counted as missed and not made up for.
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
    // A machine that was suspended, or an event loop that was held up, skips whole ticks without a call.
    if (lastMs !== null) {
      const periods = (nowMs - lastMs) / (everySeconds * SECOND_MS);
      if (periods > 1 + LATE_SHARE) missed += Math.max(0, Math.round(periods) - 1);
      if (periods > 1 + LATE_SHARE / 2) late++;
    }
    lastMs = nowMs;
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

/** Just before a tick is due, so that node-cron has not seen the new time yet. */
const BEFORE_MS = 50;
/** NTP slews by milliseconds; what is more is a step, or we stood still. */
const STEP_MS = SECOND_MS;

/**
 * Calls back when the clock was set, or the process was suspended. node-cron waits for the time that it has worked out: set back by an
 * hour it would not run for an hour, and set forward by years it would count every tick between, for minutes. Started again, it does neither.
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

/** Six-field cron expression for an even interval: a divisor of a minute, of an hour, or one hour. @throws RangeError for any other. */
export function cronExpression(everySeconds: number): string {
  if (Number.isInteger(everySeconds) && everySeconds >= 1) {
    if (everySeconds < MINUTE_S && MINUTE_S % everySeconds === 0)
      return everySeconds === 1 ? '* * * * * *' : `*/${everySeconds} * * * * *`;
    const minutes = everySeconds / MINUTE_S;
    if (Number.isInteger(minutes) && minutes < 60 && 60 % minutes === 0)
      return minutes === 1 ? '0 * * * * *' : `0 */${minutes} * * * *`;
    if (everySeconds === HOUR_S) return '0 0 * * * *';
  }
  throw new RangeError(`every: ${everySeconds} s is no even part of a minute or an hour`);
}
