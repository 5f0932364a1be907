import { ageMs } from '../clock.ts';
import type { Log } from '../outlets/log.ts';
import type { Sample } from '../sample/types.ts';
import { HOUR_MS } from '../units.ts';

const REPEAT_AFTER_MS = HOUR_MS;

/** Says in the log that a source fails, and what to do: at once, and again each hour while it lasts. */
export class FailureLog {
  readonly #log: Pick<Log, 'warn'>;
  readonly #loggedMs = new Map<string, number>();

  constructor(log: Pick<Log, 'warn'>) {
    this.#log = log;
  }

  report(target: string, failures: Sample['failures'], nowMs: number): void {
    for (const { source, error, remediation } of failures) {
      const key = `${target}|${source}`;
      const last = this.#loggedMs.get(key);
      if (last !== undefined && ageMs(last, nowMs) < REPEAT_AFTER_MS) continue;
      // Targets come and go: what was logged long ago is forgotten, so that the map stays small.
      for (const [old, atMs] of this.#loggedMs) if (ageMs(atMs, nowMs) >= REPEAT_AFTER_MS) this.#loggedMs.delete(old);
      this.#loggedMs.set(key, nowMs);
      this.#log.warn(
        { target, source, error, ...(remediation === null ? {} : { remediation }) },
        'a source cannot be read: its values are missing, the others are sampled',
      );
    }
  }
}
