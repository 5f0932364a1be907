import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MIB } from '../../src/units.ts';
import { attackedMemhound, closed, rawConnection, request, times } from '../support/attacked.ts';
import { makeCgroup } from '../support/cgroup.ts';
import { missingRequirements } from '../support/needs.ts';

/** The sidecar's limits: that which `inject` gives, and half of it. */
for (const mib of [128, 64])
  test(`with ${mib} MiB memhound outlives idle connections, refused upgrades, pipelined requests and wide questions one after the other`, {
    skip: missingRequirements('cgroup'),
    timeout: 240_000,
  }, async (t) => {
    const group = makeCgroup(mib * MIB);
    t.after(() => group.remove());
    const { hound } = await attackedMemhound(t, { days: 14, wrap: group.join });
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
    const live = hound.live();
    await live.next('sample', 60_000);
    live.close();
    assert.equal(hound.running.child.exitCode, null, hound.running.output());
    assert.equal((await hound.stop()).code, 0);
  });
