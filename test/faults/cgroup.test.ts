import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { test } from 'node:test';
import type { SamplesAnswer } from '../../src/outlets/status.ts';
import { MIB } from '../../src/units.ts';
import { makeCgroup } from '../support/cgroup.ts';
import { watch } from '../support/memhound.ts';
import { missingRequirements } from '../support/needs.ts';

test('a cgroup that --cgroup names is sampled again after it was removed and made again', {
  skip: missingRequirements('cgroup'),
  timeout: 120_000,
}, async (t) => {
  const group = makeCgroup(64 * MIB);
  t.after(() => group.remove());
  const hound = await watch(['--cgroup', group.dir, '--every', '1s']);
  t.after(() => hound.stop('SIGKILL'));
  for (const atOnce of [false, true, false]) {
    await group.remove();
    while (!atOnce && (await hound.get('/api/v1/verdict')).status !== 503) {
      // the next tick sees that it is gone
    }
    const removed = Date.now() / 1000;
    if (!atOnce) assert.equal((await hound.get('/readyz')).status, 503);
    mkdirSync(group.dir);
    for (;;) {
      const { status, body } = await hound.get<SamplesAnswer>('/api/v1/samples?fields=usage');
      if (status === 200 && body.t.at(-1)! > removed) break;
    }
    assert.equal((await hound.get('/readyz')).status, 200);
  }
});
