import { randomUUID } from 'node:crypto';
import { KIB } from '../units.ts';

/** The TCP connection below the WebSocket. Data written while it is corked is sent together. */
interface TcpSocket {
  cork(): void;
  on(event: 'data', listener: (piece: Buffer) => void): unknown;
  resetAndDestroy(): void;
  uncork(): void;
}

/** The used part of a `ws` WebSocket. */
interface LiveSocket {
  readonly readyState: number;
  readonly OPEN: number;
  send(text: Buffer, options: { readonly binary: false }): void;
  ping(data: string): void;
  close(code: number, reason: string): void;
  terminate(): void;
  on(event: 'pong', listener: (data: Buffer) => void): unknown;
  on(event: 'message', listener: (data: { toString(): string }) => void): unknown;
}

/**
 * Maximum of bytes that were sent to one client and not confirmed by it. `bufferedAmount` is not enough: the kernel buffers megabytes for a
 * client that does not read (tcp_wmem, tcp(7)), and they count towards the sidecar's memory limit like the heap.
 */
const MAX_UNREAD_BYTES = 512 * KIB;
/** A ping is sent after this many bytes. A browser answers pings automatically and in order (RFC 6455, 5.5.3). */
const PING_EVERY_BYTES = 64 * KIB;

/**
 * Bytes that a client may send between two checks. A page sends a pong of some 40 bytes for each 64 KiB that it reads, and a message when its
 * reader chooses another target. Each frame costs microseconds, so that a few clients that send without end would take a whole CPU.
 */
const MAX_SENT_BYTES = 64 * KIB;

/**
 * One open page. Its pongs show how much it has read: each returns the random text of its ping, which only a client that has read up to there
 * can know.
 */
export class LiveClient {
  readonly #socket: LiveSocket;
  readonly #pipe: TcpSocket;
  #corked = false;
  #sent = 0;
  #pinged = 0;
  #read = 0;
  /** Pings without an answer: their text, and the count of bytes that they followed. In the order in which they were sent. */
  readonly #unanswered = new Map<string, number>();
  #ponged = true;
  #tables: string | null = null;
  #receivedBytes = 0;

  constructor(socket: LiveSocket, pipe: TcpSocket) {
    this.#socket = socket;
    this.#pipe = pipe;
    socket.on('pong', (data) => {
      const count = this.#unanswered.get(data.toString('latin1'));
      if (count === undefined) return;
      this.#read = count;
      this.#ponged = true;
      // A client reads in order, so it has read the pings before this one too.
      for (const [ping, after] of this.#unanswered) if (after <= count) this.#unanswered.delete(ping);
    });
    socket.on('message', (data) => this.#onMessage(data.toString()));
    pipe.on('data', (piece) => {
      this.#receivedBytes += piece.length;
      if (this.#receivedBytes > MAX_SENT_BYTES) this.drop();
    });
  }

  /** Id of the target whose tables it shows; null: none. */
  get tables(): string | null {
    return this.#tables;
  }

  /** Bytes that were sent and not confirmed. */
  get unread(): number {
    return this.#sent - this.#read;
  }

  /** Sends a text in UTF-8; false: the client reads too slowly and was dropped. */
  send(text: Buffer): boolean {
    if (this.#socket.readyState !== this.#socket.OPEN) return true; // it is already closing
    // A text longer than the maximum is still sent to a client that has read everything.
    if (this.#pinged > this.#read && this.unread + text.length > MAX_UNREAD_BYTES) return this.drop();
    this.#sent += text.length;
    this.#cork();
    this.#socket.send(text, { binary: false });
    if (this.#sent - this.#pinged >= PING_EVERY_BYTES) this.#ping();
    return true;
  }

  /** Combines the messages of one tick (one per container, and the tables) into one write, so that both ends wake up only once. */
  #cork(): void {
    if (this.#corked) return;
    this.#corked = true;
    this.#pipe.cork();
    setImmediate(() => {
      this.#corked = false;
      this.#pipe.uncork();
    });
  }

  /** Call periodically. False: the client has not answered since the last call, and was dropped. */
  check(): boolean {
    if (!this.#ponged) return this.drop();
    this.#ponged = false;
    this.#receivedBytes = 0;
    this.#ping();
    return true;
  }

  /** A client may only send {"tables": ID}, or null for none. Any other message closes the connection. */
  #onMessage(text: string): void {
    try {
      const { tables } = JSON.parse(text) as { readonly tables?: unknown };
      if (tables !== null && typeof tables !== 'string') throw new TypeError('tables must be a text or null');
      this.#tables = tables;
    } catch {
      this.#socket.close(1008, 'expected {"tables": "ID of a target"} or {"tables": null}');
    }
  }

  #ping(): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#pinged = this.#sent;
    const ping = randomUUID();
    this.#unanswered.set(ping, this.#sent);
    this.#socket.ping(ping);
  }

  /** Terminates without a close frame, which would wait behind the unread data, and with a reset, so that the kernel frees that data at once. */
  drop(): false {
    this.#pipe.resetAndDestroy();
    this.#socket.terminate();
    return false;
  }
}
