import type { CulpritRun } from '../culprit/types.ts';
import type { Verdict } from '../diagnosis/types.ts';
import { type FieldReader, limitWithSwap, NEAR_LIMIT_SHARE, unreclaimableWithSwap } from '../memory-facts.ts';
import type { Limit } from '../sources/types.ts';
import { SECOND_MS } from '../units.ts';

/** After a search, the JVM returns to its own rhythm within this share of the least history: two minutes by default. */
const SETTLE_SHARE = 2 / 15;

/** What ends the wait: an event (a restart, an OOM kill), another limit, or memory that comes close to it. */
export interface Urgent {
  readonly events: number;
  readonly limitBytes: Limit | null;
  readonly isNearLimit: boolean;
}

export function isNearLimit(read: FieldReader, limitBytes: Limit | null, version: 1 | 2): boolean {
  const limit = limitWithSwap(read, limitBytes, version);
  const bytes = unreclaimableWithSwap(read, version);
  return typeof limit === 'number' && bytes !== null && bytes >= NEAR_LIMIT_SHARE * limit;
}

/**
 * The verdict of before a search for a culprit, while that runs and until the JVM has settled: the collections and the recording change the heap and
 * anonymous memory, which would be taken for a change of the trend.
 */
export class UndisturbedVerdict {
  readonly #settleMs: number;
  #made: { readonly verdict: Verdict; readonly urgent: Urgent } | null = null;
  #seen: CulpritRun | null = null;
  #disturbedMs: number | null = null;

  constructor(minHistorySeconds: number) {
    this.#settleMs = SETTLE_SHARE * minHistorySeconds * SECOND_MS;
  }

  /** null: a new verdict is due. */
  kept(nowMs: number, run: CulpritRun, urgent: Urgent): Verdict | null {
    // A search may begin and end between two evaluations.
    if (run.state === 'running' || (run.state === 'done' && run !== this.#seen)) this.#disturbedMs = nowMs;
    this.#seen = run;
    const settles = this.#disturbedMs !== null && Math.abs(nowMs - this.#disturbedMs) < this.#settleMs;
    if (!settles || this.#made === null) return null;
    const { verdict, urgent: before } = this.#made;
    if (verdict.trend === 'not-enough-data') return null; // it says nothing that could be kept
    const isUrgent =
      urgent.events !== before.events || urgent.limitBytes !== before.limitBytes || (urgent.isNearLimit && !before.isNearLimit);
    return isUrgent ? null : verdict;
  }

  made(verdict: Verdict, urgent: Urgent): void {
    this.#made = { verdict, urgent };
  }
}
