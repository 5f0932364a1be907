import { setImmediate as nextTurn } from 'node:timers/promises';
import { ApiError } from './status.ts';

interface Waiting {
  readonly begin: () => void;
  readonly refuse: (error: ApiError) => void;
  readonly sinceMs: number;
}

const MAX_WAITING = 128;
/** A client that has waited for longer has stopped waiting, or will send the request again anyway. */
const MAX_WAIT_MS = 10_000;

/**
 * Runs the work for clients one after the other, each in a separate turn of the event loop, so that sampling comes first with any number of
 * requests. A request is refused with `busy` if too many wait, or if it has waited too long.
 */
export class Turns {
  readonly #waiting: Waiting[] = [];
  #busy = false;

  /** `wanted`: whether the client still waits for the answer when its turn comes. @throws ApiError busy */
  async take<T>(work: () => T | Promise<T>, wanted: () => boolean): Promise<T> {
    await this.#turn();
    try {
      if (!wanted()) throw busy('the client is gone');
      return await work();
    } finally {
      await nextTurn();
      this.#next();
    }
  }

  #turn(): Promise<void> {
    if (!this.#busy) {
      this.#busy = true;
      return Promise.resolve();
    }
    if (this.#waiting.length >= MAX_WAITING)
      return Promise.reject(busy(`${MAX_WAITING} requests are waiting for an answer, the most there may be`));
    return new Promise((begin, refuse) => this.#waiting.push({ begin, refuse, sinceMs: performance.now() }));
  }

  #next(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (performance.now() - next.sinceMs < MAX_WAIT_MS) {
        next.begin();
        return;
      }
      next.refuse(busy(`this request has waited for ${MAX_WAIT_MS / 1000} s behind others`));
    }
    this.#busy = false;
  }
}

const busy = (reason: string): ApiError => new ApiError('busy', 429, `${reason}; ask again in a moment`);
