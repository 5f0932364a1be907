import type { History } from '../history/history.ts';
import type { Series } from '../history/series.ts';
import { createAlarm, exceedsThreshold, pendingSeconds } from '../trends/alarm.ts';
import { evaluateSeries } from '../trends/evaluate.ts';
import { EvaluationCache } from '../trends/evaluation-cache.ts';
import type { Evaluation } from '../trends/types.ts';

/** A window's slopes are other ones only after such a part of it: eight hours are judged each minute, a day each three. */
const PAUSE_SHARE = 1 / 500;
const MOST_PAUSE_S = 600;
/** What is to happen soon is judged so many times before it does. */
const EVALUATIONS_BEFORE_EVENT = 20;
/** More usage or less by this share of the limit is news, however long the window. */
const USAGE_CHANGE = 0.02;

/** Times that are looked back at, as shares of the time for which a leak must last. */
const REPLAYED_AT = [1, 2 / 3, 1 / 3];

/** What a judgement was made of, as far as it tells whether another would say something else. */
interface LastEvaluation {
  readonly reported: Evaluation;
  readonly atS: number;
  readonly pauseS: number;
  readonly events: number;
  readonly epoch: string | null;
  readonly usage: number;
}

/** Judges one container's lives, when an answer can be another than the last one. Judging passes over every row of every field. */
export class EvaluationSchedule {
  readonly #cache: EvaluationCache;
  #alarm = createAlarm();
  #last: LastEvaluation | null = null;

  constructor(cache = new EvaluationCache()) {
    this.#cache = cache;
  }

  /** `final`: of a life that has ended, whenever the last one was made. */
  evaluate(
    history: History,
    { minHistorySeconds, final }: { readonly minHistorySeconds: number; readonly final: boolean },
  ): Evaluation {
    const now = inputState(history);
    const last = this.#last;
    if (!final && last !== null && last.events === now.events && last.epoch === now.epoch) {
      const moved = Math.abs(now.usage - last.usage) / (typeof history.limitBytes === 'number' ? history.limitBytes : last.usage);
      if (now.atS >= last.atS && now.atS - last.atS < last.pauseS && moved < USAGE_CHANGE) return last.reported;
    }
    const evaluation = evaluateSeries(currentAndEarlierRuns(history, null), { minHistorySeconds }, this.#cache);
    if (last === null && exceedsThreshold(evaluation))
      this.#replayAlarm(history, now.atS, pendingSeconds(evaluation), minHistorySeconds);
    const answer = this.#alarm.update(evaluation, now.atS);
    const windowS = answer.trend === 'not-enough-data' ? 0 : (answer.fields.usage?.windowSeconds ?? 0);
    const endS = answer.etas[0]?.seconds ?? Number.POSITIVE_INFINITY;
    this.#last = {
      ...now,
      reported: answer,
      pauseS: Math.min(windowS * PAUSE_SHARE, endS / EVALUATIONS_BEFORE_EVENT, MOST_PAUSE_S),
    };
    return answer;
  }

  /** What this program would have said in the last `lastingS`, had it been there: one that is started anew need not wait to tell a leak. */
  #replayAlarm(history: History, atS: number, lastingS: number, minHistorySeconds: number): void {
    for (const part of REPLAYED_AT) {
      const thenS = atS - part * lastingS;
      this.#alarm.update(evaluateSeries(currentAndEarlierRuns(history, thenS), { minHistorySeconds }, this.#cache), thenS);
    }
  }

  /** The container begins a new life: what was told of the former is not repeated, but told at once if it is found again. */
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

/** The newest life until `toS` (null: now), and those before it, which tell whether it is as they were. */
function currentAndEarlierRuns(history: History, toS: number | null): Series {
  const all = history.series({ fields: null, fromS: null, toS, points: null, epoch: 'all' });
  const { startS } = history.epoch;
  const known = !(startS > (all.t[0] ?? startS)) || all.events.some(({ t }) => Math.abs(t - startS) < 1);
  return known ? all : { ...all, events: [...all.events, { t: startS, type: 'restart' }] };
}
