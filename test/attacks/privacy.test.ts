import assert from 'node:assert/strict';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { attackedMemhound, rawConnection, request } from '../support/attacked.ts';
import { MadeTree } from '../support/made-tree.ts';
import { dataDir, MEMHOUND } from '../support/memhound.ts';
import { start } from '../support/process.ts';

test('a token with the characters of base64 is taken from the header, the address and the cookie that it sets', {
  timeout: 60_000,
}, async (t) => {
  const token = 'a+b/c+/d==';
  const file = join(dataDir(), 'token');
  writeFileSync(file, `${token}\n`);
  const { hound } = await attackedMemhound(t, { args: ['--token-file', file] });
  const ask = (path: string, headers: Record<string, string> = {}) => fetch(hound.url + path, { headers });
  assert.equal((await ask('/api/v1/self')).status, 401);
  assert.equal((await ask('/api/v1/self', { authorization: `Bearer ${token}` })).status, 200);
  for (const given of [token, encodeURIComponent(token)]) {
    const page = await ask(`/?token=${given}`);
    assert.equal(page.status, 200, given);
    const [cookie] = page.headers.getSetCookie()[0]!.split(';');
    assert.equal((await ask('/api/v1/self', { cookie: cookie! })).status, 200, cookie);
  }
  assert.equal((await ask('/api/v1/self', { cookie: 'memhound_token=%E0%A4%A' })).status, 401);
  // Cookies of another port of this host are sent, too.
  const tossed = `memhound_token=other; memhound_token=${encodeURIComponent(token)}`;
  assert.equal((await ask('/api/v1/self', { cookie: tossed })).status, 200);
});

test('a request that names two hosts, or another one in its target, is refused', async (t) => {
  const { hound } = await attackedMemhound(t);
  const ask = async (text: string): Promise<string> => {
    const socket = await rawConnection(t, hound.url);
    socket.write(text);
    const [chunk] = await once(socket, 'data');
    return String(chunk).slice(9, 12);
  };
  const path = '/api/v1/self';
  assert.equal(await ask(request(path, 'Host: evil.example\r\n')), '403');
  assert.equal(await ask(request(`http://evil.example${path}`)), '403');
  assert.equal(await ask(request(`http://localhost:1${path}`)), '200');
  assert.equal(await ask(request(path)), '200');
});

test('a parameter that every object has is as unknown as any other', async (t) => {
  const { hound } = await attackedMemhound(t);
  for (const name of ['__proto__', 'constructor', 'toString', 'hasOwnProperty'])
    assert.equal((await hound.get(`/api/v1/self?${name}=1`)).status, 400, name);
});

test('the open port names no path, also when history cannot be stored', { timeout: 60_000 }, async (t) => {
  const { hound, data } = await attackedMemhound(t);
  // A file in place of the folder: no row can be stored from now on.
  rmSync(data, { recursive: true });
  writeFileSync(data, '');
  let text = '';
  while (!text.includes('cannot be stored')) text = (await hound.get<string>('/readyz')).body;
  for (const path of ['/readyz', '/healthz', '/metrics', '/nonsense']) {
    const { body } = await hound.get<string>(path);
    assert.ok(!body.includes(data) && !body.includes('/proc') && !body.includes('/sys'), body.slice(0, 300));
  }
  rmSync(data);
});

test('a name with escape sequences reaches no terminal', { timeout: 60_000 }, async (t) => {
  const tree = new MadeTree();
  t.after(() => tree.remove());
  tree.run({ pid: 10, startTicks: 100, rssMiB: 200, group: 'app', command: 'Shop\u001b]0;owned\u0007\u001b[2J' });
  const roots = ['--proc-root', tree.roots.proc, '--cgroup-root', tree.roots.cgroup];
  writeFileSync(
    join(tree.roots.proc, '10/status'),
    `Name:\tja\u001b[2Jva\nPid:\t10\nPPid:\t1\nUid:\t${process.getuid!()}\t0\t0\t0\nGid:\t${process.getgid!()}\t0\t0\t0\nNSpid:\t10\nVmRSS:\t200 kB\nThreads:\t20\n`,
  );
  const running = start([process.execPath, [MEMHOUND, 'watch', ...roots, '--port', '0', '--ops-port', '0', '--log', 'text']]);
  t.after(() => running.stop('SIGKILL'));
  await running.line((line) => line.includes('The page'));
  await running.stop();
  assert.match(running.output(), /ja.*va/);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: it is what must not be there
  assert.doesNotMatch(running.output(), /[\u0000-\u0008\u000b-\u001f\u007f]/);
});

test('HTTP/1.0, whole URLs, odd spellings of a host and a null origin open nothing that a plain request would not', async (t) => {
  const { hound } = await attackedMemhound(t);
  const UPGRADE =
    'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n';
  const statusFor = async (bytes: string): Promise<number> => {
    const socket = await rawConnection(t, hound.url);
    socket.write(bytes);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    socket.destroy();
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(String(answer))?.[1]);
  };
  const path = '/api/v1/targets';
  const get = (host: string, more = '') => `GET ${path} HTTP/1.1\r\nHost: ${host}\r\n${more}\r\n`;
  const allowed = ['localhost', 'LOCALHOST:1', '127.0.0.1:8800', '[::1]', '[::1]:8800'];
  for (const host of allowed) assert.equal(await statusFor(get(host)), 200, host);
  for (const host of [
    'localhost.',
    'localhost:8800@evil.example',
    'evil.example:8800',
    '127.0.0.1.evil.example',
    '[::1%25lo]',
    '[::ffff:127.0.0.1]',
    '2130706433',
    '0x7f.1',
    '::1',
  ])
    assert.equal(await statusFor(get(host)), 403, host);
  assert.equal(await statusFor(`GET ${path} HTTP/1.0\r\n\r\n`), 403, 'HTTP/1.0 without a host');
  assert.equal(await statusFor(`GET ${path} HTTP/1.0\r\nHost: localhost\r\n\r\n`), 200);
  for (const target of ['http://evil.example', 'http://localhost@evil.example', 'ws://evil.example'])
    assert.equal(await statusFor(`GET ${target}${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`), 403, target);
  for (const origin of ['null', 'http://localhost.evil.example', 'file://', 'http://localhost:1'])
    for (const more of ['', UPGRADE])
      assert.equal(
        await statusFor(get('localhost', `Origin: ${origin}\r\n${more}`).replace(path, more === '' ? path : '/api/v1/live')),
        403,
        origin,
      );
});
