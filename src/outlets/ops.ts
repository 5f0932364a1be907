import { createServer, type RequestListener, type Server } from 'node:http';
import { Connections } from './connections.ts';
import { close, listen, REQUEST_LIMITS } from './http.ts';
import type { Log } from './log.ts';
import type { Metrics, MetricsOptions } from './metrics.ts';
import { parseRequestUrl } from './request-url.ts';
import type { Status } from './status.ts';

/** Probes and scrapes are short; a kubelet and two Prometheus servers hold three connections. */
const OPS_LIMITS = { most: 64, idleMs: 10_000 };

/**
 * The second, public port: /healthz, /readyz and /metrics. It shows no path, file or command line, unless --metrics-files asks for them. It uses plain node:http, because three
 * paths need no router.
 */
export async function createOps(
  status: Status,
  options: { readonly host: string; readonly port: number; readonly log: Log; readonly metrics: MetricsOptions },
): Promise<{ url: string; server: Server; close(): Promise<void> }> {
  // Loaded with the first scrape.
  let metrics: Promise<Metrics> | null = null;
  const scrape = async (): Promise<Metrics> => (await import('./metrics.ts')).createMetrics(status, options.metrics);
  const connections = new Connections(OPS_LIMITS);
  const answer: RequestListener = async (request, response) => {
    const say = (code: number, text: string, type = 'text/plain; charset=utf-8'): void => {
      response.writeHead(code, { 'Content-Type': type, 'X-Content-Type-Options': 'nosniff' });
      response.end(request.method === 'HEAD' ? undefined : text);
    };
    if (request.method !== 'GET' && request.method !== 'HEAD') return say(405, 'GET or HEAD\n');
    switch (parseRequestUrl(request).path) {
      case '/healthz':
        return say(200, 'ok\n');
      case '/readyz': {
        const { ready, reason } = status.ready();
        return say(ready ? 200 : 503, `${ready ? 'ready' : 'not ready'}: ${reason}\n`);
      }
      case '/metrics': {
        metrics ??= scrape();
        const { text, contentType } = await (await metrics).answer(request.headers.accept);
        return say(200, text, contentType);
      }
      default:
        return say(404, '/healthz, /readyz and /metrics are here; the page and the API are on the other port\n');
    }
  };
  const server = createServer(REQUEST_LIMITS, connections.inOrder(answer));
  connections.watch(server);
  const port = await listen(server, options.host, options.port);
  const host = options.host === '0.0.0.0' || options.host === '::' ? '127.0.0.1' : options.host;
  return { url: `http://${host.includes(':') ? `[${host}]` : host}:${port}`, server, close: () => close(server) };
}
