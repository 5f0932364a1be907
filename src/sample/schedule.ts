import cron from 'node-cron';

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
      const periods = (nowMs - lastMs) / (everySeconds * 1000);
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
  const task = cron.schedule(cronExpression(everySeconds), () => void run(), { timezone: 'Etc/UTC' });
  return {
    stop: () => void task.stop(),
    state: () => ({ ticks, missed, late }),
  };
}

/** Six-field cron expression for an even interval: a divisor of a minute, of an hour, or one hour. @throws RangeError for any other. */
export function cronExpression(everySeconds: number): string {
  if (Number.isInteger(everySeconds) && everySeconds >= 1) {
    if (everySeconds < 60 && 60 % everySeconds === 0) return everySeconds === 1 ? '* * * * * *' : `*/${everySeconds} * * * * *`;
    const minutes = everySeconds / 60;
    if (Number.isInteger(minutes) && minutes < 60 && 60 % minutes === 0)
      return minutes === 1 ? '0 * * * * *' : `0 */${minutes} * * * *`;
    if (everySeconds === 3600) return '0 0 * * * *';
  }
  throw new RangeError(`every: ${everySeconds} s is no even part of a minute or an hour`);
}
