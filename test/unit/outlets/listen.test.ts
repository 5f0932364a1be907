import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import net from 'node:net';
import { type TestContext, test } from 'node:test';
import { getHeapSpaceStatistics } from 'node:v8';
import { close, listen } from '../../../src/outlets/http.ts';

const largeCodeBytes = (): number =>
  getHeapSpaceStatistics().find((space) => space.space_name === 'code_large_object_space')?.space_used_size ?? 0;

async function listening(t: TestContext, host: string, port = 0): Promise<{ server: Server; port: number }> {
  const server = createServer((_, response) => response.end('answer'));
  const found = await listen(server, host, port);
  t.after(() => close(server));
  return { server, port: found };
}

test('servers on addresses of IPv4 answer, and where Node binds sockets (24 and newer) leave no large machine code in memory', async (t) => {
  const before = largeCodeBytes();
  for (const host of ['127.0.0.1', '0.0.0.0', '127.0.0.1']) {
    const { server, port } = await listening(t, host);
    assert.deepEqual(server.address(), { address: host, family: 'IPv4', port });
    assert.equal(await (await fetch(`http://127.0.0.1:${port}`)).text(), 'answer');
  }
  if ('BoundSocket' in net) assert.equal(largeCodeBytes(), before);
});

test('a server on a name answers', async (t) => {
  const { port } = await listening(t, 'localhost');
  assert.equal(await (await fetch(`http://localhost:${port}`)).text(), 'answer');
});

test('an address that is in use rejects with its code and port', async (t) => {
  const { port } = await listening(t, '127.0.0.1');
  await assert.rejects(listen(createServer(), '127.0.0.1', port), { code: 'EADDRINUSE', port });
});

test('an address that this machine does not have rejects with its code', async () => {
  await assert.rejects(listen(createServer(), '192.0.2.1', 0), { code: 'EADDRNOTAVAIL' });
});
