import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MIB } from '../../src/units.ts';
import { attackedMemhound, closed, rawConnection, request, statusOf, times, watched } from '../support/attacked.ts';
import { makeCgroup } from '../support/cgroup.ts';
import { MEMHOUND } from '../support/memhound.ts';
import { missingRequirements } from '../support/needs.ts';
import { run } from '../support/process.ts';

/** As many mappings as a process may have, none of which joins its neighbour. */
const manyMappings = (): string =>
  Array.from({ length: 65_000 }, (_, i) => {
    const start = 0x7f0000000000 + i * 0x1000;
    const head = `${start.toString(16)}-${(start + 0x1000).toString(16)} r${i % 2 === 0 ? 'w' : '-'}-p 00000000 00:00 0`;
    return `${head}\nRss: 4 kB\nPss: 4 kB\nAnonymous: 4 kB\nSwap: 0 kB\n`;
  }).join('');

test('a memory limit for which 50 pages are too many is refused at the start, with what is needed', {
  skip: missingRequirements('cgroup'),
}, async (t) => {
  const group = makeCgroup(28 * MIB);
  t.after(() => group.remove());
  const { code, stderr } = await run(...group.join(process.execPath, [MEMHOUND, 'watch', '--port', '0', '--ops-port', '0']));
  assert.equal(code, 2);
  assert.match(stderr, /^memhound: its own memory limit is 28(\.0)? MiB; expected at least 64(\.0)? MiB/);
});

test('with 64 MiB memhound outlives 50 pages that are opened at once before two weeks of history', {
  skip: missingRequirements('cgroup'),
  timeout: 120_000,
}, async (t) => {
  const group = makeCgroup(64 * MIB);
  t.after(() => group.remove());
  const { hound } = await attackedMemhound(t, { days: 14, wrap: group.join });
  const holds = await watched(hound);
  const pages = Array.from({ length: 50 }, () => hound.live());
  const answers = await Promise.all(
    pages.map(async (page) => {
      await page.until(({ type }) => type === 'hello', 60_000);
      for (const name of ['targets', 'samples', 'ledger', 'files']) await statusOf(`${hound.url}/api/v1/${name}`);
      return await statusOf(`${hound.url}/api/v1/verdict`);
    }),
  );
  assert.ok(answers.some((answer) => answer?.status === 200));
  await Promise.all(pages.map((page) => page.next('sample', 60_000)));
  await holds({ mib: 64, ticks: 2 });
  for (const page of pages) page.close();
  assert.equal((await hound.stop()).code, 0);
});

/** The sidecar's limits: that which `inject` gives, and half of it. */
for (const mib of [128, 64])
  test(`with ${mib} MiB memhound outlives 65,000 mappings, idle connections, refused upgrades, pipelined requests and wide questions one after the other`, {
    skip: missingRequirements('cgroup'),
    timeout: 240_000,
  }, async (t) => {
    const group = makeCgroup(mib * MIB);
    t.after(() => group.remove());
    const { hound } = await attackedMemhound(t, { days: 14, wrap: group.join, smaps: manyMappings() });
    // With less memory than they need they are not read, which is said; else the ledger has what only they tell.
    const live = hound.live();
    for (let isSaid = false; !isSaid; ) {
      await live.next('sample', 60_000);
      const ledger = JSON.stringify((await hound.get('/api/v1/ledger')).body);
      const targets = JSON.stringify((await hound.get('/api/v1/targets')).body);
      isSaid = mib < 128 ? targets.includes('own memory limit suffices') : !ledger.includes('were not read');
    }
    const upgrade = 'Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nOrigin: http://evil.example\r\n';
    for (const url of [hound.opsUrl, hound.url]) {
      for (let i = 0; i < times(400); i++) await rawConnection(t, url);
      for (let i = 0; i < times(50); i++) (await rawConnection(t, url)).write(request('/api/v1/live', upgrade));
      const greedy = await rawConnection(t, url);
      const ended = closed(greedy);
      greedy.write(request(url === hound.url ? '/api/v1/samples?envelope=true' : '/metrics').repeat(1200));
      greedy.resume();
      await ended;
    }
    const wide = `/api/v1/samples?fields=${Array.from({ length: 2500 }, (_, i) => `field_${i}`).join(',')}`;
    for (let i = 0; i < times(20); i++) (await rawConnection(t, hound.url)).write(request(wide));
    // A probe is answered, and the next sample is taken.
    assert.equal((await hound.get('/readyz')).status, 200);
    await live.next('sample', 60_000);
    live.close();
    assert.equal(hound.running.child.exitCode, null, hound.running.output());
    assert.equal((await hound.stop()).code, 0);
  });
