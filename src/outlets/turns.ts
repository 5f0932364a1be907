import { setImmediate as nextTurn } from 'node:timers/promises';
import { ApiError } from './status.ts';

interface Waiting {
  readonly begin: () => void;
  readonly refuse: (error: ApiError) => void;
  readonly sinceMs: number;
}

const MOST_WAITING = 128;
/** Who has waited for longer has given up, or asks again anyway. */
const LONGEST_WAIT_MS = 10_000;

/**
 * Work for readers, one piece at a time and each in a turn of the event loop of its own: sampling comes first, however many ask. Who comes when
 * too many wait, or has waited too long, is asked to come again later.
 */
export class Turns {
  readonly #waiting: Waiting[] = [];
  #busy = false;

  /** `wanted`: whether somebody still waits for the answer when its turn comes. @throws ApiError busy */
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
    if (this.#waiting.length >= MOST_WAITING)
      return Promise.reject(busy(`${MOST_WAITING} requests are waiting for an answer, the most there may be`));
    return new Promise((begin, refuse) => this.#waiting.push({ begin, refuse, sinceMs: performance.now() }));
  }

  #next(): void {
    for (let next = this.#waiting.shift(); next !== undefined; next = this.#waiting.shift()) {
      if (performance.now() - next.sinceMs < LONGEST_WAIT_MS) {
        next.begin();
        return;
      }
      next.refuse(busy(`this request has waited for ${LONGEST_WAIT_MS / 1000} s behind others`));
    }
    this.#busy = false;
  }
}

const busy = (reason: string): ApiError => new ApiError('busy', 429, `${reason}; ask again in a moment`);
