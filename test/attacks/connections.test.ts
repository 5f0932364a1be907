import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { readSendQueues } from '../../src/outlets/send-queues.ts';
import { MIB } from '../../src/units.ts';
import {
  attackedMemhound,
  closed,
  descriptors,
  rawConnection,
  request,
  statusOf,
  textOf,
  times,
  watched,
} from '../support/attacked.ts';

test('connections on which nothing is sent are bounded on both ports, and a probe still gets through', {
  timeout: 120_000,
}, async (t) => {
  const { hound } = await attackedMemhound(t);
  const holds = await watched(hound);
  const before = descriptors(hound.running.pid);
  for (const url of [hound.opsUrl, hound.url]) {
    for (let i = 0; i < times(500); i++) await rawConnection(t, url);
    await holds({ mib: 30, ticks: 2 });
  }
  const more = descriptors(hound.running.pid) - before;
  assert.ok(more < 64 + 320 + 20, `${more} descriptors more than before`);
  assert.equal((await hound.get('/api/v1/verdict')).status, 200);
});

test('requests that are sent ahead of their answers are answered one by one, and too many end the connection', {
  timeout: 120_000,
}, async (t) => {
  const { hound } = await attackedMemhound(t, { days: 14 });
  const polite = await rawConnection(t, hound.opsUrl);
  polite.write(request('/healthz').repeat(5));
  let text = '';
  polite.on('data', (chunk) => {
    text += chunk;
  });
  while (text.split('HTTP/1.1 200').length < 6) await once(polite, 'data');

  const holds = await watched(hound);
  for (const [url, path] of [
    [hound.url, '/api/v1/samples'],
    [hound.opsUrl, '/metrics'],
  ] as const) {
    const greedy = await rawConnection(t, url);
    const ended = closed(greedy);
    greedy.write(request(path).repeat(1200));
    greedy.resume();
    await ended;
  }
  await holds({ mib: 40, ticks: 2 });
});

test('clients that ask for a file of the page again and again and read nothing leave little in the kernel', {
  timeout: 120_000,
}, async (t) => {
  const { hound } = await attackedMemhound(t);
  const script = /src="\/?([^"]+\.js)"/.exec(await (await fetch(hound.url)).text())?.[1];
  assert.ok(script !== undefined);
  const holds = await watched(hound);
  const readers = await Promise.all(Array.from({ length: times(200) }, () => rawConnection(t, hound.url)));
  for (const reader of readers) {
    reader.pause();
    reader.write(request(`/${script}`).repeat(8));
  }
  const late = await rawConnection(t, hound.url);
  late.write(request('/api/v1/self'));
  await Promise.race([new Promise((resolve) => late.once('data', resolve)), closed(late)]);
  const queued = [...readSendQueues(Number(new URL(hound.url).port)).values()];
  const unread = queued.reduce((sum, bytes) => sum + bytes, 0) / MIB;
  assert.ok(unread < 16, `${unread} MiB`);
  await holds({ mib: 40, ticks: 2 });
});

test('readers that ask for long answers and take nothing hold no memory, and others are served after them', {
  timeout: 120_000,
}, async (t) => {
  const { hound } = await attackedMemhound(t, { days: 14 });
  const holds = await watched(hound);
  const readers = await Promise.all(Array.from({ length: times(30) }, () => rawConnection(t, hound.url)));
  for (const reader of readers) reader.write(request('/api/v1/samples?envelope=true').repeat(4));
  // Served as soon as one of those that take nothing has given way.
  for (;;) {
    const answer = await statusOf(`${hound.url}/api/v1/samples`);
    if (answer?.status === 200) break;
    assert.ok(answer === null || answer.status === 429, String(answer?.status));
  }
  await holds({ mib: 60, ticks: 2 });
});

test('a hundred expensive questions at once are answered, or refused with a time to ask again, and sampling goes on', {
  timeout: 240_000,
}, async (t) => {
  const { hound } = await attackedMemhound(t, { days: 14 });
  const holds = await watched(hound);
  const names = Array.from({ length: 2500 }, () => 'anon').join(',');
  for (const path of [`/api/v1/samples?fields=${names}`, '/api/v1/samples', '/api/v1/samples?envelope=true&points=600']) {
    const answers = await Promise.all(Array.from({ length: times(100) }, () => textOf(hound.url + path)));
    // Beyond the most connections that there may be, one is reset.
    const codes = new Set(answers.map((answer) => answer?.status ?? 'reset'));
    const expected = new Set([200, 429, ...(answers.length > 320 ? ['reset'] : [])]);
    assert.ok(codes.has(200) && [...codes].every((code) => expected.has(code)), `${[...codes]} for ${path.slice(0, 60)}`);
    for (const answer of answers) {
      if (answer !== null) assert.doesNotThrow(() => JSON.parse(answer.text));
      if (answer?.status === 429) assert.match(answer.retryAfter ?? '', /^\d+$/);
    }
  }
  await holds({ mib: 60, ticks: 2 });
});

test('a page of another site costs nothing: its requests are refused by where the browser says that they come from', async (t) => {
  const { hound } = await attackedMemhound(t);
  const ask = async (path: string, headers: Record<string, string>): Promise<string> => {
    const socket = await rawConnection(t, hound.url);
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
    socket.write(request(path, lines.join('')));
    const [chunk] = await once(socket, 'data');
    return String(chunk).slice(9, 12);
  };
  assert.equal(await ask('/api/v1/samples', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'no-cors' }), '403');
  assert.equal(await ask('/api/v1/samples', { 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'navigate' }), '403');
  assert.equal(await ask('/', { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' }), '200');
  assert.equal(await ask('/api/v1/self', { 'Sec-Fetch-Site': 'same-origin', 'Sec-Fetch-Mode': 'cors' }), '200');
  assert.equal(await ask('/api/v1/self', { 'Sec-Fetch-Site': 'none', 'Sec-Fetch-Mode': 'navigate' }), '200');
});

test('an upgrade that is refused is closed, whatever its client does', async (t) => {
  const { hound } = await attackedMemhound(t);
  const holds = await watched(hound);
  const before = descriptors(hound.running.pid);
  const upgrade = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n';
  const refused = await Promise.all(Array.from({ length: times(200) }, () => rawConnection(t, hound.url)));
  await Promise.all(
    refused.map(async (socket, i) => {
      socket.write(request(i % 2 === 0 ? '/elsewhere' : '/api/v1/live', `${upgrade}Origin: http://evil.example\r\n`));
      socket.resume();
      if (!socket.closed) await new Promise<void>((resolve) => socket.once('end', resolve).once('close', () => resolve()));
    }),
  );
  assert.equal((await hound.get('/api/v1/self')).status, 200);
  assert.ok(descriptors(hound.running.pid) - before < 20, `${descriptors(hound.running.pid) - before} descriptors more`);
  await holds({ mib: 30, ticks: 2 });
});
