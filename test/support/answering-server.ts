import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { HttpClient } from '../../src/fleet/http/http-client.ts';
import { PrometheusApi } from '../../src/fleet/http/prometheus-api.ts';

/** A server on a free port of loopback, until the test ends. */
export async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export async function apiOf(t: TestContext, listener: RequestListener): Promise<PrometheusApi> {
  const client = new HttpClient({
    url: await serve(t, listener),
    credentials: { headers: {}, ca: null, cert: null, key: null },
    connections: 1,
    stallMs: 10_000,
    retries: 0,
  });
  t.after(() => client.close());
  return new PrometheusApi(client);
}
