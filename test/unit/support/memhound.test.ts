import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { test } from 'node:test';
import { serve } from '../../support/answering-server.ts';
import { fetchAfterReset } from '../../support/memhound.ts';

test('a request whose connection was reset is asked again', async (t) => {
  let requests = 0;
  const url = await serve(t, (request, response) => {
    if (++requests <= 2) request.socket.resetAndDestroy();
    else response.end('answered');
  });
  assert.equal(await (await fetchAfterReset(url)).text(), 'answered');
  assert.equal(requests, 3);
});

test('a request whose connection is reset each time fails after four times', async (t) => {
  let requests = 0;
  const url = await serve(t, (request) => {
    requests++;
    request.socket.resetAndDestroy();
  });
  await assert.rejects(fetchAfterReset(url), /fetch failed/);
  assert.equal(requests, 4);
});

test('a server that nobody runs is asked once', async (t) => {
  const reported = t.mock.method(console, 'error', () => undefined);
  await assert.rejects(fetchAfterReset(await closedAddress()), /fetch failed/);
  assert.equal(reported.mock.callCount(), 0);
});

async function closedAddress(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}
