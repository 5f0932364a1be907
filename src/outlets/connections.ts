import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { Socket } from 'node:net';
import { MIB } from '../units.ts';
import { readSendQueues } from './send-queues.ts';

export interface ConnectionLimits {
  /** Maximum of open connections. */
  readonly most: number;
  /** A connection without traffic for this long is closed. */
  readonly idleMs: number;
}

/** The state of one accepted connection. */
interface Connection {
  /** Requests whose answers are not complete yet. */
  open: number;
  readonly waiting: (() => void)[];
  /** Bytes that had been written to it when unread bytes were last counted. */
  countedBytes: number;
}

/** Maximum of requests that a client may send before it has read the answers. Browsers, curl and Prometheus send none in advance. */
const MOST_SENT_AHEAD = 8;
/** Answers are begun for so long at most before the event loop gets its turn. A sample may be due. */
const MOST_MS_AT_ONCE = 20;
/** Bytes that all clients of a server together may leave unread. */
const MAX_UNREAD = 8 * MIB;
/** They are counted once so many bytes have been written since the last count. All of those may be unread. */
const BYTES_PER_COUNT = MAX_UNREAD / 2;
/** The kernel's table has a row for each connection of the pod, so a count may take many ms. The pause after it is so many times as long. */
const COUNT_PAUSE = 9;

/**
 * The connections of one server. Each costs about 8 KiB here and in the kernel, even if its client sends nothing, so their number and their
 * time are bounded. (Node's own timeouts begin only with the first byte of a request.) A new connection is always accepted, so that a probe
 * gets its answer. If there are too many, the one that has been idle for longest is closed.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  /** The connection that has been idle for longest comes first. */
  readonly #all = new Map<Socket, Connection>();
  /** Answers that are to be begun. */
  readonly #due: (() => void)[] = [];
  #isScheduled = false;
  #nextCountMs = 0;

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Watches the connections of `server`, which must use the listener that `inOrder` returns. */
  watch(server: Server): void {
    server.on('connection', (socket: Socket) => {
      if (this.#all.size >= this.#limits.most && !this.#closeLongestIdle() && !this.#closeMostUnread()) {
        socket.resetAndDestroy();
        return;
      }
      this.#all.set(socket, { open: 0, waiting: [], countedBytes: 0 });
      socket.once('close', () => this.#all.delete(socket));
    });
    server.setTimeout(this.#limits.idleMs, (socket: Socket) => {
      // There is also no traffic while memhound itself computes an answer.
      const waitsForUs = (this.#all.get(socket)?.open ?? 0) > 0 && socket.writableLength === 0;
      if (!waitsForUs) end(socket);
    });
  }

  /** The connection becomes a WebSocket, which has separate limits. */
  release(socket: Socket): void {
    this.#all.delete(socket);
  }

  /**
   * A listener that answers the requests of one connection one by one. Requests that are sent in advance wait, and no answer is computed before
   * the client has read the one before. A client that sends too many in advance is disconnected.
   */
  inOrder(answer: RequestListener): RequestListener {
    return (request, response) => {
      const { socket } = request;
      const connection = this.#all.get(socket);
      if (connection === undefined || socket.destroyed) return;
      if (connection.open > MOST_SENT_AHEAD) {
        end(socket);
        return;
      }
      connection.open++;
      response.once('close', () => this.#answered(request));
      const begin = (): void => {
        if (!socket.destroyed) answer(request, response);
      };
      if (connection.open === 1) this.#beginSoon(begin);
      else connection.waiting.push(begin);
    };
  }

  #answered({ socket }: IncomingMessage): void {
    const connection = this.#all.get(socket);
    if (connection === undefined || socket.destroyed) return;
    connection.open--;
    this.#all.delete(socket);
    this.#all.set(socket, connection);
    const next = connection.waiting.shift();
    if (next !== undefined) this.#beginSoon(next);
  }

  /** Requests of one packet, or of hundreds of connections at once, may be seconds of work, so they are begun in several turns of the event loop. */
  #beginSoon(begin: () => void): void {
    this.#due.push(begin);
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => this.#beginSome());
  }

  #beginSome(): void {
    const untilMs = performance.now() + MOST_MS_AT_ONCE;
    while (this.#due.length > 0) {
      if (this.#writtenSinceCount() >= BYTES_PER_COUNT) {
        const pauseMs = this.#nextCountMs - performance.now();
        if (pauseMs > 0) {
          setTimeout(() => this.#beginSome(), pauseMs);
          return;
        }
        this.#boundUnread();
      }
      if (performance.now() >= untilMs) {
        setImmediate(() => this.#beginSome());
        return;
      }
      this.#due.shift()!();
    }
    this.#isScheduled = false;
  }

  #writtenSinceCount(): number {
    let bytes = 0;
    for (const [socket, { countedBytes }] of this.#all) bytes += socket.bytesWritten - countedBytes;
    return bytes;
  }

  /** Those that have left most unread give way if all together have left too much: each connection alone may have megabytes in the kernel. */
  #boundUnread(): void {
    const beganMs = performance.now();
    const [first] = this.#all.keys();
    const queues = first?.localPort === undefined ? new Map<number, number>() : readSendQueues(first.localPort);
    const unread = [...this.#all].map(([socket, connection]) => {
      connection.countedBytes = socket.bytesWritten;
      return { socket, bytes: socket.writableLength + (queues.get(socket.remotePort ?? 0) ?? 0) };
    });
    const nowMs = performance.now();
    this.#nextCountMs = nowMs + COUNT_PAUSE * (nowMs - beganMs);
    let sum = unread.reduce((bytes, one) => bytes + one.bytes, 0);
    if (sum <= MAX_UNREAD) return;
    for (const { socket, bytes } of unread.sort((a, b) => b.bytes - a.bytes)) {
      if (sum <= MAX_UNREAD / 2) return;
      sum -= bytes;
      this.#all.delete(socket);
      end(socket);
    }
  }

  /** A client that does not read its answer gives way to a new one. False: all of them read, or wait for memhound. */
  #closeMostUnread(): boolean {
    let most: Socket | null = null;
    for (const socket of this.#all.keys()) if (socket.writableLength > (most?.writableLength ?? 0)) most = socket;
    if (most === null) return false;
    this.#all.delete(most);
    end(most);
    return true;
  }

  /** False: all of them are being answered. */
  #closeLongestIdle(): boolean {
    for (const [socket, { open }] of this.#all) {
      if (open > 0) continue;
      this.#all.delete(socket);
      end(socket);
      return true;
    }
    return false;
  }
}

/** Closes with a reset. Otherwise the kernel would keep the unread data for minutes and charge it to memhound. */
function end(socket: Socket): void {
  socket.resetAndDestroy();
}
