import { MINUTE_MS, SECOND_MS } from '../../units.ts';

/**
 * When smaps may be read again. Reading it walks the page tables and holds the JVM's mmap lock for the length of each mapping, so that
 * the JVM's own mmap, munmap and page faults may wait (figures in docs/notes/smaps-cost.md). So: never for more than a thousandth of the
 * time by its own measured cost (a hundredth while someone asks), routinely every five minutes at most, and soon only when someone
 * asks or a trend needs it.
 */
export type ReadReason = 'routine' | 'trend' | 'demand';

const MAX_TIME_SHARE: Readonly<Record<ReadReason, number>> = { routine: 0.001, trend: 0.001, demand: 0.01 };
const MIN_INTERVAL_MS: Readonly<Record<ReadReason, number>> = { routine: 5 * MINUTE_MS, trend: MINUTE_MS, demand: 5 * SECOND_MS };

export type ReadDecision = { readonly state: 'now' } | { readonly state: 'wait'; readonly untilMs: number };

export class SmapsBudget {
  #lastMs: number | null = null;
  #costMs = 0;

  decide(nowMs: number, reason: ReadReason): ReadDecision {
    if (this.#lastMs === null) return { state: 'now' };
    const untilMs = this.#lastMs + Math.max(MIN_INTERVAL_MS[reason], this.#costMs / MAX_TIME_SHARE[reason]);
    return nowMs >= untilMs || nowMs < this.#lastMs ? { state: 'now' } : { state: 'wait', untilMs };
  }

  /** A read that began at `nowMs` took `costMs`; failed ones count as well. */
  record(nowMs: number, costMs: number): void {
    this.#lastMs = nowMs;
    this.#costMs = costMs;
  }
}
