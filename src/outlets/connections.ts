import type { IncomingMessage, RequestListener, Server } from 'node:http';
import type { Socket } from 'node:net';

export interface ConnectionLimits {
  /** Connections that are open at once. */
  readonly most: number;
  /** A connection on which nothing moves for this long is closed. */
  readonly idleMs: number;
}

/** What is kept of one connection that a server has accepted. */
interface Connection {
  /** Requests that are not answered in full yet. */
  open: number;
  readonly waiting: (() => void)[];
}

/** Requests that a client may send ahead of the answers. Browsers, curl and Prometheus send none. */
const MOST_SENT_AHEAD = 8;

/**
 * The connections of one server. Each costs some 8 KiB here and in the kernel, whatever its client sends, so their number and their time are
 * bounded: Node's own timeouts begin with the first byte of a request. Where there are too many, the one that has been idle for longest is
 * closed: a new one is always let in, so that a probe gets its answer whatever else is open.
 */
export class Connections {
  readonly #limits: ConnectionLimits;
  /** Longest idle first. */
  readonly #all = new Map<Socket, Connection>();

  constructor(limits: ConnectionLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#all.size;
  }

  /** Watches the connections of `server`, which must have been made with the listener that `inOrder` gives. */
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
      // Nothing moves either while memhound itself is at work on an answer.
      const waitsForUs = (this.#all.get(socket)?.open ?? 0) > 0 && socket.writableLength === 0;
      if (!waitsForUs) end(socket);
    });
  }

  /** The connection is something else from now on, and bounded elsewhere: a WebSocket. */
  release(socket: Socket): void {
    this.#all.delete(socket);
  }

  /**
   * A listener that answers the requests of one connection one by one: what is sent ahead waits, and nothing is made for a reader that has not
   * taken the answer before. Who sends too many ahead is cut off.
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
    // In a later turn of the event loop: one packet may hold requests for seconds, and a sample is due meanwhile.
    if (connection.open > 0) setImmediate(() => connection.waiting.shift()?.());
  }

  /** false: each of them is being answered. */
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

/** With a reset: the kernel would keep what the client has not read, for minutes, and counts it as memhound's. */
function end(socket: Socket): void {
  socket.resetAndDestroy();
}
