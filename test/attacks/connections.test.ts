import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import {
  attackedMemhound,
  closed,
  descriptors,
  missedTicks,
  peakMiB,
  rawConnection,
  request,
  times,
} from '../support/attacked.ts';

test('connections on which nothing is sent are bounded on both ports, and a probe still gets through', {
  timeout: 120_000,
}, async (t) => {
  const { hound } = await attackedMemhound(t);
  const before = descriptors(hound.running.pid);
  for (const url of [hound.opsUrl, hound.url]) {
    for (let i = 0; i < times(500); i++) await rawConnection(t, url);
    assert.equal((await hound.get('/healthz')).status, 200);
    assert.equal((await hound.get('/readyz')).status, 200);
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

  const before = peakMiB(hound.running.pid);
  const missed = await missedTicks(hound);
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
  assert.equal((await hound.get('/readyz')).status, 200);
  const grown = peakMiB(hound.running.pid) - before;
  assert.ok(grown < 40, `${grown} MiB more than before`);
  assert.ok((await missedTicks(hound)) - missed <= 1, 'sampling went on');
});

test('readers that ask for long answers and take nothing hold no memory, and others are served after them', {
  timeout: 120_000,
}, async (t) => {
  const { hound } = await attackedMemhound(t, { days: 14 });
  const before = peakMiB(hound.running.pid);
  const readers = await Promise.all(Array.from({ length: times(30) }, () => rawConnection(t, hound.url)));
  for (const reader of readers) reader.write(request('/api/v1/samples?envelope=true').repeat(4));
  // Served as soon as one of those that take nothing has given way.
  for (;;) {
    const answer = await fetch(`${hound.url}/api/v1/samples`);
    await answer.arrayBuffer();
    if (answer.status === 200) break;
    assert.equal(answer.status, 429);
  }
  const grown = peakMiB(hound.running.pid) - before;
  assert.ok(grown < 60, `${grown} MiB more than before`);
});

test('a hundred expensive questions at once are answered, or refused with a time to ask again, and sampling goes on', {
  timeout: 240_000,
}, async (t) => {
  const { hound } = await attackedMemhound(t, { days: 14 });
  const missed = await missedTicks(hound);
  const names = Array.from({ length: 2500 }, () => 'anon').join(',');
  for (const path of [`/api/v1/samples?fields=${names}`, '/api/v1/samples', '/api/v1/samples?envelope=true&points=600']) {
    const answers = await Promise.all(
      Array.from({ length: times(100) }, async () => {
        const answer = await fetch(hound.url + path);
        await answer.arrayBuffer();
        return answer;
      }),
    );
    const codes = new Set(answers.map(({ status }) => status));
    assert.ok(
      [...codes].every((code) => code === 200 || code === 429) && codes.has(200),
      `${[...codes]} for ${path.slice(0, 60)}`,
    );
    for (const answer of answers) if (answer.status === 429) assert.match(answer.headers.get('retry-after') ?? '', /^\d+$/);
  }
  assert.ok((await missedTicks(hound)) - missed <= 2, `${(await missedTicks(hound)) - missed} ticks were missed`);
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
  const before = descriptors(hound.running.pid);
  const upgrade = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n';
  const refused = await Promise.all(Array.from({ length: times(200) }, () => rawConnection(t, hound.url)));
  await Promise.all(
    refused.map(async (socket, i) => {
      socket.write(request(i % 2 === 0 ? '/elsewhere' : '/api/v1/live', `${upgrade}Origin: http://evil.example\r\n`));
      socket.resume();
      await once(socket, 'end');
    }),
  );
  assert.equal((await hound.get('/api/v1/self')).status, 200);
  assert.ok(descriptors(hound.running.pid) - before < 20, `${descriptors(hound.running.pid) - before} descriptors more`);
});
