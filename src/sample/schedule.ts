import cron from 'node-cron';
import { HOUR_S, MINUTE_MS, MINUTE_S, SECOND_MS } from '../units.ts';

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
 * is skipped and counted as missed. Those within a minute come from a timer: to find the next time, node-cron tries all of the hour.
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
  const begin = () => cron.schedule(cronExpression(Math.max(everySeconds, MINUTE_S)), () => void run(), { timezone: 'Etc/UTC' });
  let task = begin();
  const clock = new ClockWatch(Math.max(everySeconds, MINUTE_S) * SECOND_MS, () => {
    void task.destroy();
    task = begin();
  });
  const endWithin = everyWithinMinute(everySeconds, () => {
    clock.check();
    void run();
  });
  return {
    stop: () => {
      endWithin();
      clock.stop();
      void task.stop();
    },
    state: () => ({ ticks, missed, late }),
  };
}

/** Calls `tick` at each even time of the clock but at full minutes. */
function everyWithinMinute(everySeconds: number, tick: () => void): () => void {
  const periodMs = everySeconds * SECOND_MS;
  if (periodMs >= MINUTE_MS) return () => undefined;
  let timer: NodeJS.Timeout;
  const arm = (): void => {
    const wall = Date.now();
    let due = periodMs - (wall % periodMs);
    // A timer may fire some milliseconds early: then that time is not due once more.
    if (due < periodMs * EARLY_SHARE) due += periodMs;
    const isFullMinute = (wall + due) % MINUTE_MS === 0;
    timer = setTimeout(() => {
      arm();
      if (!isFullMinute) tick();
    }, due);
  };
  arm();
  return () => clearTimeout(timer);
}

/** Of the interval. */
const EARLY_SHARE = 0.05;

/** The clock is checked this long before a tick of node-cron is due, before it notices a new time. */
const BEFORE_MS = 50;
/** NTP slews the clock by milliseconds. A larger difference means that the clock was set or the process was suspended. */
const STEP_MS = SECOND_MS;

/**
 * Calls `stepped` when the clock was set or the process was suspended. node-cron waits for a time that it has computed before. If the clock
 * is set back by an hour, node-cron would not run for an hour. If it is set forward by years, node-cron would count all ticks between, for
 * minutes. A restarted schedule avoids both.
 */
class ClockWatch {
  readonly #periodMs: number;
  readonly #stepped: () => void;
  #timer: NodeJS.Timeout | undefined;
  #wall = 0;
  #steady = 0;
  #due = 0;

  constructor(periodMs: number, stepped: () => void) {
    this.#periodMs = periodMs;
    this.#stepped = stepped;
    this.#arm();
  }

  /** Call it now and then, so that a new time is noticed before the next check. */
  check(): void {
    if (!this.#hasStepped()) return;
    clearTimeout(this.#timer);
    this.#stepped();
    this.#arm();
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #hasStepped(): boolean {
    const passed = performance.now() - this.#steady;
    return Math.abs(Date.now() - this.#wall - passed) > STEP_MS || passed > this.#due + STEP_MS;
  }

  #arm(): void {
    [this.#wall, this.#steady] = [Date.now(), performance.now()];
    this.#due = this.#periodMs - (this.#wall % this.#periodMs);
    if (this.#due < 2 * BEFORE_MS) this.#due += this.#periodMs;
    this.#timer = setTimeout(() => {
      if (this.#hasStepped()) this.#stepped();
      this.#arm();
    }, this.#due - BEFORE_MS);
  }
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
