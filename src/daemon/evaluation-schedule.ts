import type { History, HistorySeries } from '../history/history.ts';
import { createAlarm, exceedsThreshold, pendingSeconds } from '../trends/alarm.ts';
import { evaluateSeries } from '../trends/evaluate.ts';
import { EvaluationCache } from '../trends/evaluation-cache.ts';
import { pauseSeconds, usageIsSteady } from '../trends/evaluation-pause.ts';
import type { Evaluation } from '../trends/types.ts';

/** When memhound starts, it evaluates the history as of these times before now, as shares of the time for which a leak must be pending. */
const REPLAYED_AT = [1, 2 / 3, 1 / 3];

/** The last evaluation, and the part of its input that shows whether a new evaluation would differ. */
interface LastEvaluation {
  readonly reported: Evaluation;
  readonly atS: number;
  readonly pauseS: number;
  readonly events: number;
  readonly epoch: string | null;
  readonly usage: number;
}

/** Evaluates one container's history when the answer may have changed, and applies the alarm. */
export class EvaluationSchedule {
  readonly #cache: EvaluationCache;
  #alarm = createAlarm();
  #last: LastEvaluation | null = null;

  constructor(cache = new EvaluationCache()) {
    this.#cache = cache;
  }

  /** `final`: the container has exited, so it is evaluated even during a pause. */
  evaluate(
    history: History,
    { minHistorySeconds, final }: { readonly minHistorySeconds: number; readonly final: boolean },
  ): Evaluation {
    const now = inputState(history);
    if (!final && this.#last !== null && isCurrent(this.#last, now, history)) return this.#last.reported;
    const evaluation = this.#evaluateAt(history, null, minHistorySeconds);
    if (this.#last === null && exceedsThreshold(evaluation))
      this.#replayAlarm(history, now.atS, pendingSeconds(evaluation), minHistorySeconds);
    const reported = this.#alarm.update(evaluation, now.atS);
    this.#last = { ...now, reported, pauseS: pauseSeconds(reported) };
    return reported;
  }

  /** Evaluates the last `pendingS` seconds as if memhound had been running, so that a restarted memhound reports a leak at once. */
  #replayAlarm(history: History, atS: number, pendingS: number, minHistorySeconds: number): void {
    for (const part of REPLAYED_AT) {
      // A whole second, because rounding of a fraction could make the pending time slightly too short.
      const thenS = Math.floor(atS - part * pendingS);
      this.#alarm.update(this.#evaluateAt(history, thenS, minHistorySeconds), thenS);
    }
  }

  /** `toS`: as if that time were now; null: it is now. */
  #evaluateAt(history: History, toS: number | null, minHistorySeconds: number): Evaluation {
    const series = currentAndEarlierRuns(history, toS);
    try {
      return evaluateSeries(series, { minHistorySeconds }, this.#cache);
    } finally {
      series.release();
    }
  }

  /** A leak of the last instance is no longer repeated, but it is reported at once if it is found again. */
  containerRestarted(): void {
    this.#alarm.containerRestarted();
  }
}

const inputState = (history: History): Omit<LastEvaluation, 'reported' | 'pauseS'> => ({
  atS: history.lastS ?? 0,
  events: history.eventCount,
  epoch: history.epoch.id,
  usage: history.length === 0 ? Number.NaN : history.valueOf('usage', history.length - 1),
});

/** Whether a new evaluation would give the same answer as the last. A clock that was set back ends the pause. */
const isCurrent = (last: LastEvaluation, now: ReturnType<typeof inputState>, history: History): boolean =>
  last.events === now.events &&
  last.epoch === now.epoch &&
  now.atS >= last.atS &&
  now.atS - last.atS < last.pauseS &&
  usageIsSteady(last.usage, now.usage, history.limitBytes);

/** The current run until `toS` (null: now), and the earlier runs, with which a young run is compared. */
function currentAndEarlierRuns(history: History, toS: number | null): HistorySeries {
  const all = history.series({ fields: null, fromS: null, toS, points: null, epoch: 'all' });
  const { startS } = history.epoch;
  const known = !(startS > (all.t[0] ?? startS)) || all.events.some(({ t }) => Math.abs(t - startS) < 1);
  return known ? all : { ...all, events: [...all.events, { t: startS, type: 'restart' }] };
}
