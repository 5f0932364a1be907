import assert from 'node:assert/strict';
import { EventEmitter, once } from 'node:events';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { describe, type TestContext, test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { type Api, createApi } from '../../../src/outlets/http.ts';
import { attachLive } from '../../../src/outlets/live.ts';
import { createLog } from '../../../src/outlets/log.ts';
import type { LiveMessage, Status } from '../../../src/outlets/status.ts';
import { MIB } from '../../../src/units.ts';

const LONG = 'x'.repeat(16 * 1024);
const tick = (reason = ''): LiveMessage => ({
  type: 'restart',
  kind: 'restart',
  target: 'app',
  at: '2026-11-23T00:00:00.000Z',
  reason,
});

/** The live channel alone, on a real server; what it logs is kept. */
async function liveServer(t: TestContext, more: Partial<Status> = {}) {
  const events = new EventEmitter();
  const status = {
    targets: () => [],
    ...more,
    on: (listener: (message: LiveMessage) => void) => {
      events.on('message', listener);
      return () => events.off('message', listener);
    },
  } as unknown as Status;
  const lines: string[] = [];
  const log = createLog({ format: 'json', level: 'info', write: (line) => void lines.push(line) });
  const options = { host: '127.0.0.1', port: 0, allowHosts: [], token: null, webDir: null, version: '1', log };
  const api: Api = await createApi(status, options);
  const live = attachLive(api, status, { ...options, everySeconds: 1, attach: false });
  t.after(async () => {
    await live.close();
    await api.close();
  });
  const { port } = api.server.address() as AddressInfo;
  return { live, lines, port, emit: (message: LiveMessage) => events.emit('message', message) };
}

/** A client whose program hangs: the connection is open, and nothing is read from it. */
async function stuckClient(t: TestContext, port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  t.after(() => socket.destroy());
  socket.on('error', () => {
    // To be reset is what happens to it.
  });
  socket.write(
    'GET /api/v1/live HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
  );
  await once(socket, 'readable');
  socket.pause();
  return socket;
}

async function goodClient(t: TestContext, port: number): Promise<WebSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/api/v1/live`);
  t.after(() => socket.terminate());
  await once(socket, 'message');
  return socket;
}

/** All that was sent before is read and its pongs are taken: the first answer shows that the client has read, the second that the server has. */
async function roundTrip(socket: WebSocket): Promise<void> {
  const closed = new AbortController();
  socket.once('close', () => closed.abort(new Error('the server closed the connection')));
  for (let i = 0; i < 2; i++) {
    const pong = once(socket, 'pong', { signal: closed.signal });
    socket.ping();
    await pong;
  }
}

describe('a live client', () => {
  test('that does not read costs less than 1 MiB, the kernel’s buffers included, and is dropped', async (t) => {
    const { live, lines, port, emit } = await liveServer(t);
    const stuck = await stuckClient(t, port);
    const good = await goodClient(t, port);
    let got = 0;
    good.on('message', () => got++);
    let sent = 0;
    for (; live.clients() === 2 && sent < 1000; sent++) {
      emit(tick(LONG));
      await turn();
      await roundTrip(good);
    }
    assert.equal(live.clients(), 1, `not dropped after ${sent} messages`);
    assert.ok(sent * LONG.length < MIB, `${sent * LONG.length} bytes were sent to it`);
    assert.ok(sent * LONG.length > MIB / 4, 'a page that stutters for a moment is not dropped');
    assert.match(lines.join(''), /does not read and was dropped/);
    assert.equal(stuck.destroyed, false);
    emit(tick());
    await roundTrip(good);
    assert.equal(got, sent + 1, 'the client that reads has missed nothing');
  });

  test('that answers no ping is dropped after a minute at the latest, one that does stays', async (t) => {
    t.mock.timers.enable({ apis: ['setInterval'] });
    const { live, port } = await liveServer(t);
    await stuckClient(t, port);
    const good = await goodClient(t, port);
    t.mock.timers.tick(30_000);
    await roundTrip(good);
    assert.equal(live.clients(), 2);
    t.mock.timers.tick(30_000);
    await roundTrip(good);
    assert.equal(live.clients(), 1);
    t.mock.timers.tick(30_000);
    await roundTrip(good);
    assert.equal(live.clients(), 1);
  });

  test('that reads slowly, but reads, is kept for as long as it likes', async (t) => {
    const { live, port, emit } = await liveServer(t);
    const good = await goodClient(t, port);
    for (let sent = 0; sent * LONG.length < 8 * MIB; sent++) {
      emit(tick(LONG));
      if (sent % 16 === 15) await roundTrip(good);
    }
    assert.equal(live.clients(), 1);
  });

  for (const [what, send] of Object.entries({
    messages: (socket: WebSocket) => socket.send('{"tables":"app"}'),
    pings: (socket: WebSocket) => socket.ping(),
    'pongs that nobody asked for': (socket: WebSocket) => socket.pong('1'),
    'parts of a message without a byte': (socket: WebSocket) => socket.send('', { fin: false }),
  }))
    test(`that sends ${what} without end is dropped after 64 KiB`, async (t) => {
      const { live, port } = await liveServer(t);
      const flooding = await goodClient(t, port);
      const good = await goodClient(t, port);
      const closed = once(flooding, 'close');
      flooding.on('error', () => {
        // To be reset is what happens to it.
      });
      for (let n = 0; n < 12_000; n++) send(flooding); // each is six bytes long at least
      await closed;
      await roundTrip(good);
      assert.equal(live.clients(), 1);
    });

  test('an unsolicited pong does not count as read', async (t) => {
    const { live, port, emit } = await liveServer(t);
    const liar = new WebSocket(`ws://127.0.0.1:${port}/api/v1/live`, { autoPong: false });
    t.after(() => liar.terminate());
    const [hello] = await once(liar, 'message');
    let sent = 0;
    for (; live.clients() === 1 && sent < 1000; sent++) {
      liar.pong('99999999999');
      liar.pong(String(hello.length + sent * (JSON.stringify(tick()).length + LONG.length)));
      await roundTrip(liar);
      emit(tick(LONG));
    }
    assert.equal(live.clients(), 0);
    assert.ok(sent * LONG.length < MIB);
  });

  test('shares a bound with all others: many that read nothing are dropped before they fill the memory of the sidecar', async (t) => {
    const { live, port, emit } = await liveServer(t);
    await Promise.all(Array.from({ length: 60 }, () => stuckClient(t, port)));
    let sent = 0;
    for (; live.clients() === 60; sent++) {
      emit(tick(LONG));
      await turn();
    }
    assert.ok(sent * LONG.length * 60 < 9 * MIB, `${sent} messages to each of them`);
  });

  test('gets the tables of the target it shows, made once for all that show it and every ten seconds', async (t) => {
    let made = 0;
    const { port, emit } = await liveServer(t, {
      ledger: async (target) => ({ target, made: ++made }) as never,
      views: () => [],
      files: () => [],
      jvm: () => ({ jvm: null, reason: 'none' }),
      self: () => ({}),
    });
    const sent: [number, string, number][] = [];
    const clients = await Promise.all(['app', 'app', 'side', null].map(() => goodClient(t, port)));
    for (const [i, client] of clients.entries()) {
      client.on('message', (data) => {
        const m = JSON.parse(String(data));
        if (m.type === 'tables') sent.push([i, m.target, m.ledger.made]);
      });
      client.send(JSON.stringify({ tables: i < 2 ? 'app' : i === 2 ? 'side' : null }));
      await roundTrip(client);
    }
    for (const second of [0, 1, 9, 10]) {
      emit({
        type: 'sample',
        target: 'app',
        at: new Date(1.7e12 + second * 1000).toISOString(),
        limitBytes: 'max',
        values: {},
      });
      await turn();
      for (const client of clients) await roundTrip(client);
    }
    const app = (n: number) => [
      [0, 'app', n],
      [1, 'app', n],
    ];
    assert.deepEqual(sent, [...app(1), ...app(2)]);
  });

  test('that sends an invalid message is closed with the reason', async (t) => {
    const { port } = await liveServer(t);
    for (const wrong of ['{', 'null', '{"tables":7}', '[]']) {
      const client = await goodClient(t, port);
      client.send(wrong);
      const [code, reason] = await once(client, 'close');
      assert.deepEqual([code, String(reason).slice(0, 8)], [1008, 'expected'], wrong);
    }
  });
});
