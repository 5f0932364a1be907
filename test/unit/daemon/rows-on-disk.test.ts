import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { SECOND_MS } from '../../../src/units.ts';
import { WatchedPod } from '../../support/watched-pod.ts';

test('each row is on disk after its tick, where memory stands still too: a crash loses at most the last sample', async (t) => {
  const pod = new WatchedPod(t);
  pod.tree.run({ pid: 10, startTicks: 100, rssMiB: 200, group: 'orders-1', container: 'orders' });
  await pod.start();
  const folder = join(pod.dir, pod.folders()[0]!);
  for (let i = 0; i < 5; i++) {
    await pod.tick(10 * SECOND_MS);
    const segments = readdirSync(folder).filter((name) => /^\d+\.json$/.test(name));
    const times = segments.flatMap((name) => (JSON.parse(readFileSync(join(folder, name), 'utf8')) as { t: number[] }).t);
    assert.equal(Math.max(...times), pod.nowMs / SECOND_MS);
  }
});
