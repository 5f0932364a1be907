/**
 * When smaps may be read again. Reading it walks the page tables and holds the JVM's mmap lock for the length of each mapping, so that
 * the JVM's own mmap, munmap and page faults may wait (figures in docs/smaps-cost.md). So: never for more than a thousandth of the
 * time by its own measured cost (a hundredth while someone asks), routinely every five minutes at most, and soon only when someone
 * asks or a trend needs it.
 */
export type SmapsWish = 'routine' | 'trend' | 'demand';

const SHARE: Readonly<Record<SmapsWish, number>> = { routine: 0.001, trend: 0.001, demand: 0.01 };
const LEAST_MS: Readonly<Record<SmapsWish, number>> = { routine: 300_000, trend: 60_000, demand: 5_000 };

export type SmapsLeave = { readonly state: 'now' } | { readonly state: 'wait'; readonly untilMs: number };

export class SmapsBudget {
  #lastMs: number | null = null;
  #costMs = 0;

  mayRead(nowMs: number, wish: SmapsWish): SmapsLeave {
    if (this.#lastMs === null) return { state: 'now' };
    const untilMs = this.#lastMs + Math.max(LEAST_MS[wish], this.#costMs / SHARE[wish]);
    return nowMs >= untilMs ? { state: 'now' } : { state: 'wait', untilMs };
  }

  /** A read that began at `nowMs` took `costMs`; failed ones count as well. */
  took(nowMs: number, costMs: number): void {
    this.#lastMs = nowMs;
    this.#costMs = costMs;
  }
}
