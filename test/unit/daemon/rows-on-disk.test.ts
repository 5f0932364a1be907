import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Store } from '../../../src/history/store/store.ts';
import { SECOND_MS } from '../../../src/units.ts';
import { WatchedPod } from '../../support/watched-pod.ts';

async function startPod(t: TestContext): Promise<WatchedPod> {
  const pod = new WatchedPod(t);
  pod.tree.run({ pid: 10, startTicks: 100, rssMiB: 200, group: 'orders-1', container: 'orders' });
  await pod.start();
  return pod;
}

test('each row is on disk after its tick, where memory stands still too: a crash loses at most the last sample', async (t) => {
  const pod = await startPod(t);
  const folder = join(pod.dir, pod.folders()[0]!);
  for (let i = 0; i < 5; i++) {
    await pod.tick(10 * SECOND_MS);
    const segments = readdirSync(folder).filter((name) => /^\d+\.json$/.test(name));
    const times = segments.flatMap((name) => (JSON.parse(readFileSync(join(folder, name), 'utf8')) as { t: number[] }).t);
    assert.equal(Math.max(...times), pod.nowMs / SECOND_MS);
  }
});

test('a volume that is slow holds up no tick, and an error of it is logged', { timeout: 20_000 }, async (t) => {
  const pod = await startPod(t);
  const before = pod.messages.length;
  let fail: (error: Error) => void = () => undefined;
  const slow = new Promise<void>((_, reject) => {
    fail = reject;
  });
  t.mock.method(Store.prototype, 'save', () => slow);
  await pod.sample();
  await pod.sample();
  assert.ok(pod.messages.length >= before + 2, 'both were published while the row of the first waits');
  fail(new Error('too slow'));
  t.mock.restoreAll();
  await pod.tick();
  assert.equal(pod.logged.filter((line) => /^rows were not stored.*too slow/.test(line)).length, 1);
});
