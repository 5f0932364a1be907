import { MINUTE_MS, SECOND_MS } from '../../units.ts';

/**
 * Decides when smaps may be read again. While the kernel writes smaps, it walks the page tables and holds the JVM's mmap lock for each
 * mapping, so the JVM's mmap, munmap and page faults may wait (figures in docs/notes/smaps-cost.md). So the measured cost is kept below a
 * thousandth of the time (a hundredth on request). Routine reads are frequent at first, because growth needs two of them, and become rare
 * with time. While a trend needs them, there is at least one a minute. While the memory that mappings explain stands still (`unmoved`; `seen`:
 * on an open page), they would say nearly the same again.
 */
export type ReadReason = 'unmoved' | 'seen' | 'routine' | 'trend' | 'demand';

const MAX_TIME_SHARE: Readonly<Record<ReadReason, number>> = {
  unmoved: 0.001,
  seen: 0.001,
  routine: 0.001,
  trend: 0.001,
  demand: 0.01,
};
/** The first reads are as frequent as reads on request, because growth needs two of them. */
const FIRST_READINGS = 3;

/** Milliseconds between readings: this share of the time since the first one, within these bounds. */
const INTERVAL: Readonly<Record<ReadReason, { readonly share: number; readonly minMs: number; readonly maxMs: number }>> = {
  unmoved: { share: 0, minMs: 5 * MINUTE_MS, maxMs: 5 * MINUTE_MS },
  seen: { share: 0, minMs: MINUTE_MS, maxMs: MINUTE_MS },
  routine: { share: 1 / 8, minMs: 10 * SECOND_MS, maxMs: 5 * MINUTE_MS },
  trend: { share: 1 / 30, minMs: 10 * SECOND_MS, maxMs: MINUTE_MS },
  demand: { share: 0, minMs: 5 * SECOND_MS, maxMs: 5 * SECOND_MS },
};

export type ReadDecision = { readonly state: 'now' } | { readonly state: 'wait'; readonly untilMs: number };

export class SmapsBudget {
  #firstMs: number | null = null;
  #lastMs = 0;
  #costMs = 0;
  #readings = 0;

  decide(nowMs: number, reason: ReadReason): ReadDecision {
    if (this.#firstMs === null) return { state: 'now' };
    const { share, minMs, maxMs } = INTERVAL[reason];
    const intervalMs = Math.min(maxMs, Math.max(minMs, share * (nowMs - this.#firstMs)));
    const timeShare = MAX_TIME_SHARE[this.#readings < FIRST_READINGS ? 'demand' : reason];
    const untilMs = this.#lastMs + Math.max(intervalMs, this.#costMs / timeShare);
    return nowMs >= untilMs || nowMs < this.#lastMs ? { state: 'now' } : { state: 'wait', untilMs };
  }

  /** Records that a read which began at `nowMs` took `costMs`. Failed reads count too. */
  record(nowMs: number, costMs: number): void {
    this.#firstMs ??= nowMs;
    this.#readings++;
    this.#lastMs = nowMs;
    this.#costMs = costMs;
  }
}
