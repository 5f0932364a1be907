import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { WebSocket } from 'ws';
import { type GuardOptions, guard } from './guard.ts';
import type { Api } from './http.ts';
import { LiveClient } from './live-client.ts';
import type { Log } from './log.ts';
import { parseRequestUrl } from './request-url.ts';
import { ApiError, type Hello, type LiveMessage, type Status, type Tables } from './status.ts';
import { TableCache } from './table-cache.ts';

export interface LiveOptions extends GuardOptions {
  readonly version: string;
  readonly everySeconds: number;
  readonly attach: boolean;
  readonly log: Log;
  /** Resolves when the stored history has been read. Earlier clients wait for it. */
  readonly settled?: Promise<void>;
}

const PATH = '/api/v1/live';
const MAX_CLIENTS = 200;
/** Bytes that all clients together may leave unread. */
const MAX_UNREAD_IN_ALL = 8 * 1024 * 1024;
/** A client that does not answer for this long is dropped at the next check, so after twice this time at the latest. */
const CHECK_MS = 30_000;

/** WS /api/v1/live: `hello` first, then `sample`, `verdict` and `restart` messages, and `tables` to clients that requested them. */
export function attachLive(
  { server, connections }: Pick<Api, 'server' | 'connections'>,
  status: Status,
  options: LiveOptions,
): { close(): Promise<void>; clients(): number } {
  // ws is loaded with the first client, like express with the first request.
  const load = async () => {
    await options.settled;
    const { WebSocketServer } = await import('ws');
    return new WebSocketServer({ noServer: true, maxPayload: 1024, perMessageDeflate: false });
  };
  let wss: ReturnType<typeof load> | null = null;
  const clients = new Map<WebSocket, LiveClient>();

  server.on('upgrade', (request, stream, head) => {
    const socket = stream as Socket; // a plain HTTP server has no other streams
    const refuse = (code: number, message: string): void => {
      // The socket is destroyed. Otherwise a client that keeps its side open would occupy a descriptor here.
      socket.once('finish', () => socket.destroy());
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
    if (parseRequestUrl(request).path !== PATH) refuse(404, `there is no WebSocket here; it is at ${PATH}`);
    else if (clients.size + opening >= MAX_CLIENTS) refuse(503, `${MAX_CLIENTS} clients are connected, the most there may be`);
    else
      upgrade(request, socket, head).catch((error: Error) => {
        options.log.error({ error: error.stack ?? error.message }, 'a WebSocket client could not be accepted');
        socket.destroy();
      });
  });

  let opening = 0;
  const upgrade = async (request: IncomingMessage, socket: Socket, head: Buffer): Promise<void> => {
    opening++;
    try {
      wss ??= load();
      (await wss).handleUpgrade(request, socket, head, (client) => {
        connections.release(socket);
        welcome(client, socket);
      });
    } finally {
      opening--;
    }
  };

  const welcome = (socket: WebSocket, pipe: Socket): void => {
    const client = new LiveClient(socket, pipe);
    clients.set(socket, client);
    socket.on('close', () => clients.delete(socket));
    socket.on('error', (error) => options.log.debug({ error: error.message }, 'a WebSocket client failed'));
    client.send(Buffer.from(JSON.stringify(hello(status, options))));
  };
  const dropped = (socket: WebSocket, client: LiveClient): void => {
    clients.delete(socket);
    options.log.info({ unreadBytes: client.unread }, 'a WebSocket client does not read and was dropped');
  };

  /** Unread bytes are bounded per client and in total, because 200 clients that read nothing would need more than the sidecar may use. */
  const dropSlowest = (): void => {
    let unread = 0;
    for (const client of clients.values()) unread += client.unread;
    if (unread <= MAX_UNREAD_IN_ALL) return;
    for (const [socket, client] of [...clients].sort(([, a], [, b]) => b.unread - a.unread)) {
      if (unread <= MAX_UNREAD_IN_ALL) return;
      unread -= client.unread;
      client.drop();
      dropped(socket, client);
    }
  };

  /** The JSON is made once for all clients: 50 pages cost 50 writes. */
  const sendTo = (those: Iterable<readonly [WebSocket, LiveClient]>, message: LiveMessage | Tables): void => {
    const text = Buffer.from(JSON.stringify(message));
    for (const [socket, client] of those) if (!client.send(text)) dropped(socket, client);
    dropSlowest();
  };

  const maker = new TableCache(status);
  const sendTables = async (target: string, at: string): Promise<void> => {
    const showing = () => [...clients].filter(([, client]) => client.tables === target);
    if (showing().length === 0) return;
    const tables = await maker.refreshIfDue(target, at);
    if (tables !== null) sendTo(showing(), tables);
  };

  const unsubscribe = status.on((message) => {
    if (clients.size === 0) return;
    sendTo(clients, message);
    if (message.type === 'sample')
      sendTables(message.target, message.at).catch((error: Error) =>
        options.log.error({ error: error.stack ?? error.message }, 'the tables of WebSocket clients could not be made'),
      );
  });

  const checks = setInterval(() => {
    for (const [socket, client] of clients) if (!client.check()) dropped(socket, client);
  }, CHECK_MS);
  checks.unref();

  return {
    clients: () => clients.size,
    async close() {
      clearInterval(checks);
      unsubscribe();
      for (const socket of clients.keys()) socket.terminate();
      (await wss)?.close();
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
