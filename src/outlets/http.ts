import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import net from 'node:net';
import { KIB } from '../units.ts';
import type { ApiOptions } from './api-options.ts';
import { Connections } from './connections.ts';
import type { Status } from './status.ts';

export interface Api {
  readonly url: string;
  readonly server: Server;
  readonly connections: Connections;
  close(): Promise<void>;
}

/** A browser opens six connections beside its WebSocket, and at most 50 pages are open. WebSockets are counted separately. */
const API_LIMITS = { most: 320, idleMs: 10_000 };

/** Serves the page and the API. Resolves when the server listens. @throws EADDRINUSE and similar errors */
export async function createApi(status: Status, options: ApiOptions): Promise<Api> {
  const connections = new Connections(API_LIMITS);
  const server = createServer(REQUEST_LIMITS, connections.inOrder(onDemand(status, options)));
  connections.watch(server);
  const port = await listen(server, options.host, options.port);
  return {
    url: `http://${options.host.includes(':') ? `[${options.host}]` : options.host}:${port}`,
    server,
    connections,
    close: () => close(server),
  };
}

/** A slow request must not keep a socket open forever. */
export const REQUEST_LIMITS = { requestTimeout: 30_000, headersTimeout: 15_000, maxHeaderSize: 16 * KIB };

/** Loads express with the first request. Most sidecars never get one, and loading it would delay the first sample. */
function onDemand(status: Status, options: ApiOptions): (request: IncomingMessage, response: ServerResponse) => void {
  const load = async () => {
    await options.settled;
    return (await import('./app.ts')).createApp(status, options);
  };
  let loading: ReturnType<typeof load> | null = null;
  let app: Awaited<ReturnType<typeof load>> | null = null;
  return (request, response) => {
    // Answered at once, not in a microtask: `Connections` measures how long that takes.
    if (app !== null) {
      app(request, response);
      return;
    }
    loading ??= load();
    loading.then(
      (loaded) => {
        app = loaded;
        loaded(request, response);
      },
      (error: Error) => {
        options.log.error({ error: error.stack ?? error.message }, 'the API could not be set up');
        response.writeHead(500).end();
      },
    );
  };
}

/** Resolves with the port when the server listens. */
export async function listen(server: Server, host: string, port: number): Promise<number> {
  const bound = boundSocket(host, port);
  if (bound === null) server.listen(port, host);
  else server.listen(bound);
  await once(server, 'listening');
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/**
 * A socket that is bound to an IPv4 address; null: `host` is another one, or this Node has no such sockets (before 24). Without it Node loads
 * its DNS client for each address, and compares each with the grammar of IPv6, a regular expression whose machine code is 160 KB and stays.
 */
function boundSocket(host: string, port: number): object | null {
  const { BoundSocket } = net as { BoundSocket?: new (options: { host: string; port: number }) => object };
  return BoundSocket !== undefined && net.isIPv4(host) ? new BoundSocket({ host, port }) : null;
}

/** Closes the server at once, including open keep-alive connections. */
export function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
