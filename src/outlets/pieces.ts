import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { ApiError } from './status.ts';

/** Maximum of long answers that are written at the same time. Each has a copy of its columns, 2 to 5 MB. */
const MAX_AT_ONCE = 6;
/** A client that has not read the whole answer after this time is disconnected, even if it still reads a byte now and then. */
const MAX_MS = 60_000;
/** A client that has read nothing for this long is disconnected if another client requests a long answer. */
const STALLED_MS = 1000;

/** The text of a long answer, which is generated in pieces. */
export class Pieces {
  constructor(readonly texts: Iterable<string>) {}
}

interface Writing {
  /** Time since which the client has read nothing; null: it is reading. */
  stalledMs: number | null;
}

/** Writes long answers in pieces, as their clients read them. Only one piece is generated before the client has read the one before. */
export class PieceWriter {
  readonly #writing = new Map<ServerResponse, Writing>();

  /** Takes one of the places for long answers, before the answer is computed: its columns are copied then. @throws ApiError busy */
  reserve(response: ServerResponse): void {
    if (this.#writing.size >= MAX_AT_ONCE) this.#endStalled();
    this.#writing.set(response, { stalledMs: null });
    response.once('close', () => this.#writing.delete(response));
  }

  #endStalled(): void {
    const [stalled] = [...this.#writing]
      .filter(([, { stalledMs }]) => stalledMs !== null && performance.now() - stalledMs > STALLED_MS)
      .sort(([, a], [, b]) => a.stalledMs! - b.stalledMs!);
    if (stalled === undefined)
      throw new ApiError('busy', 429, `${MAX_AT_ONCE} long answers are being read, the most there may be; ask again in a moment`);
    const [response] = stalled;
    this.#writing.delete(response);
    response.socket?.resetAndDestroy();
  }

  /** `response` must have its place. */
  async write(response: ServerResponse, { texts }: Pieces): Promise<void> {
    const entry = this.#writing.get(response);
    if (entry === undefined || response.closed) return; // it had to give way, or its client is gone
    const ended = new AbortController();
    response.once('close', () => ended.abort());
    const timer = setTimeout(() => response.socket?.resetAndDestroy(), MAX_MS);
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
      // The client has closed the connection, or was disconnected.
      if (!ended.signal.aborted) throw error;
    } finally {
      clearTimeout(timer);
    }
  }
}
