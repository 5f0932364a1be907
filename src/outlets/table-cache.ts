import { ageMs } from '../clock.ts';
import { ApiError, type Status, type Tables } from './status.ts';

/** Tables are refreshed after this time. */
const EVERY_MS = 10_000;

/** Computes the tables of a target when they are due, once for all pages that show them. */
export class TableCache {
  readonly #status: Status;
  /** Time of the last refresh by target, ms. An entry is removed when no page has requested it for longer than the refresh time. */
  readonly #lastMs = new Map<string, number>();
  readonly #inProgress = new Set<string>();

  constructor(status: Status) {
    this.#status = status;
  }

  /** null: not due, still being computed, or the target cannot be read at the moment. */
  async refreshIfDue(target: string, at: string): Promise<Tables | null> {
    const atMs = Date.parse(at);
    const begun = this.#lastMs.get(target);
    if (this.#inProgress.has(target) || (begun !== undefined && ageMs(begun, atMs) < EVERY_MS)) return null;
    for (const [id, ms] of this.#lastMs) if (ageMs(ms, atMs) >= EVERY_MS) this.#lastMs.delete(id);
    this.#lastMs.set(target, atMs);
    this.#inProgress.add(target);
    try {
      const ledger = await this.#status.ledger(target, 'open');
      const [views, files, jvm] = [this.#status.views(target), this.#status.files(target), this.#status.jvm(target)];
      return { type: 'tables', target, at, views, files, jvm, ledger, self: this.#status.self() };
    } catch (error) {
      // The container has just ended or was not read yet. The next tick tries again.
      if (error instanceof ApiError) return null;
      throw error;
    } finally {
      this.#inProgress.delete(target);
    }
  }
}
