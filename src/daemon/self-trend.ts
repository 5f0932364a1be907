import { ageMs, Due } from '../clock.ts';
import { History } from '../history/history.ts';
import { evaluateSeries } from '../trends/evaluate.ts';
import type { EvaluationCache } from '../trends/evaluation-cache.ts';
import type { Evaluation } from '../trends/types.ts';
import { HOUR_MS, HOUR_S, MINUTE_MS, SECOND_MS } from '../units.ts';

/** The trend detector's result for memhound's own memory. */
export interface SelfTrend {
  readonly trend: Evaluation['trend'];
  readonly leak: boolean | null;
  readonly bytesPerHour: number | null;
  readonly since: string | null;
}

/** One sample a minute finds growth of a page a tick within a day, at almost no cost. */
const SAMPLE_MS = MINUTE_MS;
/** An evaluation reads all samples. It raises no alarm, so it need not be frequent. */
const EVALUATE_MS = 15 * MINUTE_MS;
/** The first hours are not evaluated: caches fill and code is compiled, for about two and a half hours with ticks of 10 s. */
const WARM_UP_MS = 3 * HOUR_MS;
const MIN_HISTORY_S = HOUR_S;

/** Evaluates memhound's own memory like that of a target, to find leaks in memhound itself. */
export class SelfTrendMonitor {
  readonly #anonBytes: () => number | null;
  readonly #cache: EvaluationCache;
  readonly #history = new History();
  #startMs: number | null = null;
  readonly #sampleDue = new Due();
  readonly #evaluationDue = new Due();
  #trend: SelfTrend = { trend: 'not-enough-data', leak: null, bytesPerHour: null, since: null };

  constructor(anonBytes: () => number | null, cache: EvaluationCache) {
    this.#anonBytes = anonBytes;
    this.#cache = cache;
  }

  get trend(): SelfTrend {
    return this.#trend;
  }

  tick(nowMs: number): void {
    this.#startMs ??= nowMs;
    if (!this.#sampleDue.isDue(nowMs) || ageMs(this.#startMs, nowMs) < WARM_UP_MS) return;
    this.#sampleDue.wait(nowMs, SAMPLE_MS - SAMPLE_MS / 12); // tolerates ticks that are a few milliseconds early
    const anon = this.#anonBytes();
    if (anon === null) return;
    this.#history.append({
      atMs: nowMs,
      epoch: 'self',
      values: { usage: anon, anon },
      limitBytes: null,
      heapMaxBytes: null,
      failures: [],
    });
    if (!this.#evaluationDue.isDue(nowMs)) return;
    this.#evaluationDue.wait(nowMs, EVALUATE_MS);
    const series = this.#history.series({ fields: null, fromS: null, toS: null, points: null, epoch: 'all' });
    const { trend, leak, fields } = evaluateSeries(series, { minHistorySeconds: MIN_HISTORY_S }, this.#cache);
    series.release();
    this.#trend = {
      trend,
      leak,
      bytesPerHour: fields.anon?.slopeBytesPerHour ?? null,
      since: series.t.length === 0 ? null : new Date(series.t[0]! * SECOND_MS).toISOString(),
    };
  }
}
