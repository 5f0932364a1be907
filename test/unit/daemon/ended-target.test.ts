import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ApiError } from '../../../src/outlets/status.ts';
import { WatchedPod } from '../../support/watched-pod.ts';

test('the answer of a target that has ended says when, whether it was OOM-killed, and where its final verdict is', async (t) => {
  const pod = new WatchedPod(t);
  const jvm = { pid: 10, startTicks: 100, rssMiB: 1020, group: 'orders-1', container: 'orders' };
  pod.tree.run(jvm);
  await pod.start();
  await pod.tick();
  pod.tree.end(10);
  await pod.tick();
  await pod.tick();
  assert.throws(
    () => pod.status.verdict(),
    (error) => {
      assert.ok(error instanceof ApiError);
      assert.equal(error.code, 'no-target');
      assert.match(
        error.message,
        /^the watched container ended at 2026-01-05T10:0\d:00\.000Z, at its limit: most likely OOM-killed; its final verdict is at \/api\/v1\/verdict\?epoch=-1\. The search since then: \w/,
      );
      return true;
    },
  );
  assert.match(pod.status.verdict(undefined, -1).headline, /^The container ended at /);
});

test('the final verdict is of what ran: the empty cgroup that is left is no sample of it', async (t) => {
  const pod = new WatchedPod(t);
  pod.tree.run({ pid: 10, startTicks: 100, rssMiB: 300, group: 'orders-1', container: 'orders' });
  await pod.start();
  for (let minute = 0; minute < 40; minute++) await pod.tick();
  const dir = join(pod.tree.roots.proc, '10');
  for (const file of ['stat', 'status']) rmSync(join(dir, file));
  writeFileSync(join(dir, 'root/sys/fs/cgroup/memory.current'), '0\n');
  writeFileSync(join(dir, 'root/sys/fs/cgroup/memory.stat'), 'anon 0\nfile 0\n');
  await pod.tick();
  const { trend, headline } = pod.status.verdict(undefined, -1);
  assert.equal(trend, 'stable');
  assert.match(headline, /Before that: Nothing grows\. 300 MiB of 1 GiB/);
});
