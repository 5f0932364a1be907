import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ApiError } from './status.ts';

/** Long answers that are being written at once. Each holds a copy of its columns, 2 to 5 MB. */
const MOST_AT_ONCE = 6;
/** Who has not taken an answer after this time is cut off, however busily it reads a byte now and then. */
const LONGEST_MS = 60_000;
/** A reader that has taken nothing for this long gives way to one that asks. */
const STALLED_MS = 1000;

/** The text of a long answer, which is made piece by piece. */
export class Pieces {
  constructor(readonly texts: Iterable<string>) {}
}

interface Writing {
  readonly response: ServerResponse;
  /** Since when its reader has taken nothing; null: it is being written to. */
  stalledMs: number | null;
}

/** Long answers, written piece by piece as their readers take them: what is made ahead of a reader is one piece. */
export class PieceWriter {
  readonly #writing = new Set<Writing>();

  /** @throws ApiError busy */
  checkRoom(): void {
    if (this.#writing.size < MOST_AT_ONCE) return;
    const [stalled] = [...this.#writing]
      .filter(({ stalledMs }) => stalledMs !== null && performance.now() - stalledMs > STALLED_MS)
      .sort((a, b) => a.stalledMs! - b.stalledMs!);
    if (stalled === undefined)
      throw new ApiError(
        'busy',
        429,
        `${MOST_AT_ONCE} long answers are being read, the most there may be; ask again in a moment`,
      );
    this.#writing.delete(stalled);
    stalled.response.socket?.resetAndDestroy();
  }

  async write(response: ServerResponse, { texts }: Pieces): Promise<void> {
    const entry: Writing = { response, stalledMs: null };
    this.#writing.add(entry);
    const ended = new AbortController();
    response.once('close', () => ended.abort());
    const timer = setTimeout(() => response.socket?.resetAndDestroy(), LONGEST_MS);
    try {
      for (const text of texts) {
        if (ended.signal.aborted) return;
        if (response.write(text)) await nextTurn();
        else {
          entry.stalledMs = performance.now();
          await once(response, 'drain', { signal: ended.signal });
          entry.stalledMs = null;
        }
      }
      response.end();
    } catch (error) {
      // The client has gone, or was cut off.
      if (!ended.signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
      this.#writing.delete(entry);
    }
  }
}
