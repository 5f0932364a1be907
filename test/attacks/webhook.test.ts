import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer as createHttps } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, type TestContext, test } from 'node:test';
import type { Log } from '../../src/outlets/log.ts';
import type { LiveMessage, Status } from '../../src/outlets/status.ts';
import { startWebhook } from '../../src/outlets/webhook.ts';
import { MIB } from '../../src/units.ts';
import { missingRequirements, program } from '../support/needs.ts';

/** It is read from as well, so that it sees the end of the connection. */
const onEach = (act: (socket: Socket) => void): Server =>
  createServer((socket) => {
    socket.on('error', () => {
      // To be cut off is what happens to it.
    });
    socket.resume();
    act(socket);
  });
/** Answers a request so. */
const answering = (act: (socket: Socket) => void): Server => onEach((socket) => void socket.once('data', () => act(socket)));

function withoutEnd(socket: Socket, piece: Buffer): void {
  const more = (): void => {
    while (!socket.destroyed && socket.write(piece));
  };
  socket.on('drain', more);
  more();
}

/** A record of TLS. 22: handshake, 21: alert. */
const record = (type: number, body: Buffer): Buffer =>
  Buffer.concat([Buffer.from([type, 3, 3, body.length >> 8, body.length & 255]), body]);

/** Sends one piece of news, and tells why it was not taken. */
async function failuresAt(t: TestContext, server: Server, protocol: 'http' | 'https'): Promise<string[]> {
  const open = new Set<Socket>();
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  t.after(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  const failures: string[] = [];
  let emit: (message: LiveMessage) => void = () => {};
  const on = (listener: typeof emit) => {
    emit = listener;
    return () => {};
  };
  const status = { on } as unknown as Status;
  const log = { warn: ({ failure }: { failure: string }) => void failures.push(failure) } as unknown as Log;
  const url = `${protocol}://127.0.0.1:${(server.address() as AddressInfo).port}/secret`;
  const hook = startWebhook(status, { url, log, backoffMs: 1, timeoutMs: 400 });
  emit({ type: 'restart', kind: 'restart', target: 'app', at: '2026-11-23T00:00:00.000Z', reason: 'restarted' });
  await hook.idle();
  hook.close();
  return failures;
}

describe('a receiver of the webhook is not trusted', { skip: missingRequirements('openssl') }, () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'memhound-hook-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const certified = (name: string, alternative: string) => {
    const [key, cert] = [join(folder, `${name}.key`), join(folder, `${name}.crt`)];
    const args = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1'];
    const names = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=${alternative}`];
    execFileSync(program('openssl'), [...args, ...names, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    return { key: readFileSync(key), cert: readFileSync(cert) };
  };

  test('the news goes to no server whose certificate is not right, and to none that does not speak TLS', async (t) => {
    let asked = 0;
    const take = (): void => void asked++;
    const own = certified('own', 'IP:127.0.0.1');
    const other = certified('other', 'DNS:evil.example');
    const old = { ...own, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' } as const;
    // A body of it without end, one byte each, alerts without end, no answer at all.
    const hello = Buffer.alloc(16_384);
    hello.set([2, 0xff, 0xff, 0xff]);
    const alert = Buffer.alloc(7 * 1000);
    for (let at = 0; at < alert.length; at += 7) alert.set(record(21, Buffer.from([1, 0])), at);
    const cases: readonly (readonly [string, Server, RegExp])[] = [
      ['signed by itself', createHttps(own, take), /^DEPTH_ZERO_SELF_SIGNED_CERT$/],
      ['of another name', createHttps(other, take), /^DEPTH_ZERO_SELF_SIGNED_CERT$/],
      ['of an old version', createHttps(old, take), /^ERR_SSL_/],
      ['plain HTTP', onEach((socket) => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n')), /^ERR_SSL_/],
      ['a handshake that is never answered', onEach(() => {}), /^TimeoutError$/],
      [
        'a handshake byte by byte',
        onEach((socket) => {
          let at = 0;
          const bytes = record(22, hello);
          const next = (): void => void socket.write(bytes.subarray(at, ++at), () => setTimeout(next, 20).unref());
          next();
        }),
        /^TimeoutError$/,
      ],
      ['a handshake without end', onEach((socket) => withoutEnd(socket, record(22, hello))), /^ERR_SSL_|^ECONNRESET$/],
      ['alerts without end', onEach((socket) => withoutEnd(socket, alert)), /^ERR_SSL_|^ECONNRESET$/],
      ['a reset', onEach((socket) => socket.resetAndDestroy()), /^ECONNRESET$/],
    ];
    for (const [name, server, reason] of cases) {
      const failures = await failuresAt(t, server, 'https');
      assert.equal(failures.length, 6, name);
      for (const failure of failures) assert.match(failure, reason, name);
    }
    assert.equal(asked, 0);
  });

  test('an answer without an end costs no memory, and another host that an answer names is not asked', async (t) => {
    const chunk = Buffer.from(`10000\r\n${'x'.repeat(0x10000)}\r\n`);
    const text = Buffer.alloc(0x10000, 'b');
    const many = (line: string): Buffer => Buffer.from(line.repeat(200));
    const ahead = (head: string, piece: Buffer) =>
      answering((socket) => {
        socket.write(head);
        withoutEnd(socket, piece);
      });
    let redirected = false;
    const elsewhere = onEach(() => {
      redirected = true;
    });
    await once(elsewhere.listen(0, '127.0.0.1'), 'listening');
    t.after(() => elsewhere.close());
    const away = `HTTP/1.1 307 T\r\nlocation: http://127.0.0.1:${(elsewhere.address() as AddressInfo).port}/\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`;
    const cases: readonly (readonly [string, Server, RegExp | null])[] = [
      ['a body', ahead('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n', chunk), null],
      [
        'a packed body',
        ahead('HTTP/1.1 200 OK\r\ncontent-encoding: gzip, br\r\ntransfer-encoding: chunked\r\n\r\n', chunk),
        null,
      ],
      ['a body of an error', ahead('HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\n', chunk), /^answered 500$/],
      ['headers', ahead('HTTP/1.1 200 OK\r\n', many(`x-a: ${'b'.repeat(500)}\r\n`)), /^UND_ERR_HEADERS_OVERFLOW$/],
      ['a status line', ahead('HTTP/1.1 200 ', text), /^TimeoutError$|^UND_ERR_|^HPE_/],
      ['early hints', ahead('', many(`HTTP/1.1 103 Early\r\nlink: ${'a'.repeat(500)}\r\n\r\n`)), /^TimeoutError$|^UND_ERR_/],
      [
        'an answer of another protocol',
        answering((socket) => socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')),
        /^HPE_|^UND_ERR_|^TypeError$/,
      ],
      ['a redirect', answering((socket) => socket.end(away)), /^TypeError$/],
    ];
    for (const [name, server, reason] of cases) {
      const rss = process.memoryUsage.rss();
      const failures = await failuresAt(t, server, 'http');
      assert.ok(process.memoryUsage.rss() - rss < 200 * MIB, `${name}: ${(process.memoryUsage.rss() - rss) / MIB} MiB`);
      assert.equal(failures.length, reason === null ? 0 : 6, name);
      for (const failure of failures) assert.match(failure, reason!, name);
    }
    assert.equal(redirected, false);
  });
});
