import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { test } from 'node:test';
import { deflateRawSync } from 'node:zlib';
import { ROUTES } from '../../src/outlets/routes.ts';
import { MIB } from '../../src/units.ts';
import { attackedMemhound, rawConnection, request, watched } from '../support/attacked.ts';

/** Resolves once the server has ended it, or reset it. */
const over = (socket: Socket): Promise<void> =>
  new Promise((resolve) => socket.once('end', () => resolve()).once('close', () => resolve()));

/** All that is answered until the connection ends. Each of these requests asks for its end, or is refused with it. */
async function answerTo(socket: Socket, bytes: string | Buffer): Promise<string> {
  let text = '';
  socket.on('data', (piece) => {
    text += piece.toString('latin1');
  });
  const ended = over(socket);
  socket.write(bytes);
  await ended;
  return text;
}
const statusesOf = (text: string): number[] => [...text.matchAll(/HTTP\/1\.1 (\d{3})/g)].map(([, code]) => Number(code));

const GET = 'GET /healthz HTTP/1.1\r\nHost: localhost\r\n';
const HIDDEN = 'GET /api/v1/targets HTTP/1.1\r\nHost: localhost\r\n\r\n';
/** Two servers in a row may take the end of such a request at different places. None of them is answered as a request. */
const SMUGGLED: Readonly<Record<string, string>> = {
  'a length and chunks': `POST /api/v1/culprit HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${HIDDEN}`,
  'two lengths': `${GET}Content-Length: 0\r\nContent-Length: ${HIDDEN.length}\r\n\r\n${HIDDEN}`,
  'a negative length': `${GET}Content-Length: -1\r\n\r\n`,
  'a length of 2^64': `${GET}Content-Length: 18446744073709551616\r\n\r\n`,
  'a length with a plus sign': `${GET}Content-Length: +0\r\n\r\n`,
  'an unknown coding': `POST /api/v1/culprit HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked, x\r\n\r\n0\r\n\r\n`,
  'a chunk of a size that is no number': `POST /api/v1/culprit HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n`,
  'a space before the colon': `${GET}Content-Length : 0\r\n\r\n`,
  'a folded header': `${GET}X-A: 1\r\n 2: 3\r\nContent-Length\r\n\r\n`,
  'a NUL in a header': `${GET}X-A: a\0b\r\n\r\n`,
  'no host': 'GET /healthz HTTP/1.1\r\n\r\n',
  'two hosts': `${GET}Host: evil.example\r\nConnection: close\r\n\r\n`,
  'a method of its own': 'PWN / HTTP/1.1\r\nHost: localhost\r\n\r\n',
  'a version of its own': 'GET / HTTP/9.9\r\nHost: localhost\r\n\r\n',
  'headers of 64 KiB': `${GET}X-A: ${'a'.repeat(65_536)}\r\n\r\n`,
  'ten thousand headers': `${GET}${'a: b\r\n'.repeat(10_000)}\r\n`,
  'a target of 64 KiB': `GET /${'a'.repeat(65_536)} HTTP/1.1\r\nHost: localhost\r\n\r\n`,
  'a CONNECT': 'CONNECT 169.254.169.254:80 HTTP/1.1\r\nHost: localhost\r\n\r\n',
};

test('requests whose end is disputed, whose headers are too many, or that want a proxy are refused and hide no second one', {
  timeout: 120_000,
}, async (t) => {
  const { hound } = await attackedMemhound(t);
  const holds = await watched(hound);
  for (const [what, bytes] of Object.entries(SMUGGLED)) {
    const answer = await answerTo(await rawConnection(t, hound.url), bytes);
    const codes = statusesOf(answer);
    assert.ok(codes.length <= 1 && codes.every((code) => code >= 400), `${what}: ${codes}`);
    assert.doesNotMatch(answer, /"cgroup"/, what);
  }
  await holds({ mib: 40, ticks: 2 });
});

test('Range, Expect, If-None-Match, method overrides and forwarded hosts get no part, no other method and no other host', async (t) => {
  const { hound } = await attackedMemhound(t);
  const end = 'Connection: close\r\n';
  for (const [header, expected] of [
    [`Range: bytes=${'0-0,'.repeat(1000)}0-0`, 200],
    ['Range: bytes=-18446744073709551616', 200],
    ['If-None-Match: *', 304],
    ['X-HTTP-Method-Override: DELETE', 200],
    ['X-Forwarded-Host: evil.example', 200],
    ['Accept-Encoding: gzip;q=NaN, \u0001', 400],
    ['Expect: a miracle', 417],
  ] as const) {
    const answer = await answerTo(await rawConnection(t, hound.url), request('/api/v1/targets', `${header}\r\n${end}`));
    assert.deepEqual(statusesOf(answer), [expected], header.slice(0, 40));
    assert.doesNotMatch(answer, /evil/);
  }
});

const ODD = [
  '',
  '0',
  '-1',
  '-0',
  '1e309',
  'NaN',
  '0x10',
  ' 1',
  '99999999999999999999',
  '__proto__',
  '%00',
  '%FF',
  '%',
  '../../etc/passwd',
];
const LONG = 'x'.repeat(5000);

test('each parameter of each route with odd values, twice or as an object, gets an answer below 500', {
  timeout: 120_000,
}, async (t) => {
  const { hound } = await attackedMemhound(t);
  let tried = 0;
  for (const { path, method, query } of ROUTES)
    for (const name of [...Object.keys(query), 'constructor', 'token'])
      for (const asked of [
        ...[...ODD, LONG, '%E2%80%AE%1B[2J'].map((value) => `${name}=${value}`),
        `${name}=1&${name}=2`,
        `${name}[a]=1`,
      ]) {
        const answer = await fetch(`${hound.url}${path}?${asked}`, { method: method ?? 'get' });
        const text = await answer.text();
        assert.ok(
          answer.status < 500,
          `${method ?? 'get'} ${path}?${asked.slice(0, 60)}: ${answer.status} ${text.slice(0, 200)}`,
        );
        assert.ok(!text.includes(LONG.slice(0, 1000)) && !text.includes('\u001b'), `${path}?${asked.slice(0, 60)} is repeated`);
        tried++;
      }
  assert.ok(tried > 500, `${tried}`);
  assert.equal((await hound.get('/healthz')).status, 200);
});

/** A frame as a client sends it, with a mask. `length` may differ from what follows. */
function frame(first: number, payload: Buffer, { mask = true, length = BigInt(payload.length) } = {}): Buffer {
  const head = Buffer.alloc(10);
  head.writeUInt8(first, 0);
  head.writeUInt8((mask ? 0x80 : 0) | 127, 1);
  head.writeBigUInt64BE(length, 2);
  return Buffer.concat([head, mask ? Buffer.alloc(4) : Buffer.alloc(0), payload]);
}
const small = (first: number, text = '') =>
  Buffer.concat([Buffer.from([first, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text, 'latin1')]);
const UPGRADE = `Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: ${randomBytes(16).toString('base64')}\r\nSec-WebSocket-Extensions: permessage-deflate\r\n`;

test('a WebSocket closes at frames of reserved opcodes, without a mask, too long, compressed or never finished, and at nothing else', {
  timeout: 120_000,
}, async (t) => {
  const { hound } = await attackedMemhound(t);
  const holds = await watched(hound);
  const open = async () => {
    const socket = await rawConnection(t, hound.url);
    socket.write(request('/api/v1/live', UPGRADE));
    const [first] = (await once(socket, 'data')) as [Buffer];
    assert.match(String(first), /^HTTP\/1\.1 101/);
    assert.doesNotMatch(String(first), /permessage-deflate/i, 'nothing is inflated');
    return socket;
  };
  const refused: Record<string, Buffer> = {
    'a message of 8 EiB': frame(0x81, Buffer.alloc(0), { length: 2n ** 63n - 1n }),
    'a negative length': frame(0x81, Buffer.alloc(0), { length: 2n ** 64n - 1n }),
    'a long message': frame(0x81, Buffer.alloc(2000, 'a')),
    'no mask': frame(0x81, Buffer.from('a'), { mask: false }),
    'a bomb that inflates to 16 MiB': frame(0xc1, deflateRawSync(Buffer.alloc(16 * MIB))),
    'a continuation of nothing': small(0x80, 'a'),
    'a ping in parts': small(0x09),
    'a ping of 126 bytes': Buffer.concat([Buffer.from([0x89, 0xfe, 0, 126, 0, 0, 0, 0]), Buffer.alloc(126)]),
    'text that is not UTF-8': small(0x81, '\xff\xfe'),
    'a close of one byte': small(0x88, 'a'),
    'a close with a code that nobody has': small(0x88, '\x00\x01'),
    'a message in endless parts': Buffer.concat([small(0x01, 'a'), ...Array.from({ length: 2000 }, () => small(0x00, 'a'))]),
  };
  for (const opcode of [3, 4, 5, 6, 7, 11, 12, 13, 14, 15]) refused[`opcode ${opcode}`] = small(0x80 | opcode);
  for (const bit of [0x10, 0x20, 0x40]) refused[`reserved bit ${bit}`] = small(0x81 | bit, 'a');
  for (const bytes of Object.values(refused)) {
    const socket = await open();
    const ended = over(socket);
    socket.resume();
    socket.write(bytes);
    await ended;
  }
  const harmless = await open();
  for (const text of ['', '{', 'null', '[]', '{"tables":1}', '{"tables":"no-such"}', '{"__proto__":{"tables":"app"}}', '1e999'])
    harmless.write(small(0x81, text));
  harmless.write(small(0x82, '\x00\x01'));
  harmless.removeAllListeners('data');
  await once(harmless, 'data'); // the next sample
  await holds({ mib: 40, ticks: 2 });
});
