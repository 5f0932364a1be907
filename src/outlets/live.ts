import type { Server } from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';
import { addressOf } from './address.ts';
import { type GuardOptions, guard } from './guard.ts';
import type { Log } from './log.ts';
import { ApiError, type Hello, type Status } from './status.ts';

export interface LiveOptions extends GuardOptions {
  readonly version: string;
  readonly everySeconds: number;
  readonly attach: boolean;
  readonly log: Log;
}

const PATH = '/api/v1/live';
/** A browser that does not read is dropped before it costs more than this. */
const MOST_BUFFERED = 1 << 20;
const MOST_CLIENTS = 200;
const PING_MS = 30_000;

/** WS /api/v1/live: `hello` first, then `sample`, `verdict` and `restart` as they come. */
export function attachLive(server: Server, status: Status, options: LiveOptions): { close(): Promise<void>; clients(): number } {
  const wss = new WebSocketServer({ noServer: true, maxPayload: 1024, perMessageDeflate: false });
  const alive = new WeakSet<WebSocket>();

  server.on('upgrade', (request, socket, head) => {
    const refuse = (code: number, message: string): void => {
      socket.end(
        `HTTP/1.1 ${code} Refused\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
      );
    };
    socket.on('error', () => socket.destroy());
    try {
      guard(request, options);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      refuse(error.status, error.message);
      return;
    }
    if (addressOf(request).path !== PATH) refuse(404, `there is no WebSocket here; it is at ${PATH}`);
    else if (wss.clients.size >= MOST_CLIENTS) refuse(503, `${MOST_CLIENTS} clients are connected, the most there may be`);
    else wss.handleUpgrade(request, socket, head, (client) => welcome(client));
  });

  const welcome = (client: WebSocket): void => {
    alive.add(client);
    client.on('pong', () => alive.add(client));
    client.on('error', (error) => options.log.debug({ error: error.message }, 'a live client failed'));
    client.send(JSON.stringify(hello(status, options)));
  };

  const unsubscribe = status.on((message) => {
    if (wss.clients.size === 0) return;
    const text = JSON.stringify(message);
    for (const client of wss.clients) {
      if (client.readyState !== WebSocket.OPEN) continue;
      if (client.bufferedAmount > MOST_BUFFERED) {
        options.log.info({ bufferedBytes: client.bufferedAmount }, 'a live client does not read and is dropped');
        client.terminate();
      } else client.send(text);
    }
  });

  const pings = setInterval(() => {
    for (const client of wss.clients) {
      if (!alive.has(client)) client.terminate();
      else {
        alive.delete(client);
        client.ping();
      }
    }
  }, PING_MS);
  pings.unref();

  return {
    clients: () => wss.clients.size,
    close() {
      clearInterval(pings);
      unsubscribe();
      for (const client of wss.clients) client.terminate();
      return new Promise((resolve) => wss.close(() => resolve()));
    },
  };
}

function hello(status: Status, options: LiveOptions): Hello {
  const targets = status.targets();
  return {
    type: 'hello',
    version: options.version,
    everySeconds: options.everySeconds,
    attach: options.attach,
    reach: targets[0]?.reach ?? 'none',
    targets,
    verdicts: Object.fromEntries(targets.map((t) => [t.id, status.verdict(t.id)])),
  };
}
