import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { Socket } from 'node:net';

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
}

/** Maximum of requests that a client may send before it has read the answers. Browsers, curl and Prometheus send none in advance. */
const MOST_SENT_AHEAD = 8;

/**
 * The connections of one server. Each costs about 8 KiB here and in the kernel, even if its client sends nothing, so their number and their
 * time are bounded. (Node's own timeouts begin only with the first byte of a request.) A new connection is always accepted, so that a probe
 * gets its answer. If there are too many, the one that has been idle for longest is closed.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  /** The connection that has been idle for longest comes first. */
  readonly #all = new Map<Socket, Connection>();

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Watches the connections of `server`, which must use the listener that `inOrder` returns. */
  watch(server: Server): void {
    server.on('connection', (socket: Socket) => {
      if (this.#all.size >= this.#limits.most && !this.#closeLongestIdle()) {
        socket.resetAndDestroy();
        return;
      }
      this.#all.set(socket, { open: 0, waiting: [] });
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
      if (connection.open === 1) answer(request, response);
      else connection.waiting.push(() => answer(request, response));
    };
  }

  #answered({ socket }: IncomingMessage): void {
    const connection = this.#all.get(socket);
    if (connection === undefined || socket.destroyed) return;
    connection.open--;
    this.#all.delete(socket);
    this.#all.set(socket, connection);
    // In a later turn of the event loop, because one packet may contain requests for seconds of work, and a sample may be due in between.
    if (connection.open > 0) setImmediate(() => connection.waiting.shift()?.());
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
