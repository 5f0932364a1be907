import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { ApiError } from '../../../src/outlets/status.ts';
import type { MadeJvm } from '../../support/made-tree.ts';
import { WatchedPod } from '../../support/watched-pod.ts';

const orders = { pid: 10, startTicks: 100, rssMiB: 200, group: 'orders-1', container: 'orders' } satisfies MadeJvm;
const STAT = 'root/sys/fs/cgroup/memory.stat';

async function startPod(t: TestContext): Promise<{ pod: WatchedPod; path: (file: string) => string }> {
  const pod = new WatchedPod(t);
  pod.tree.run(orders);
  await pod.start();
  assert.deepEqual(pod.status.ready(), { ready: true, reason: 'sampling' });
  return { pod, path: (file) => join(pod.tree.roots.proc, String(orders.pid), file) };
}

function breakFile(path: string): void {
  rmSync(path);
  mkdirSync(path);
}

const warnings = (pod: WatchedPod): string[] => pod.logged.filter((line) => line.startsWith('a source cannot be read'));

test('where memory.stat is no text of the kernel, memhound is not ready, and probe, API and log say why', async (t) => {
  for (const text of ['', 'no kernel wrote this\n']) {
    const { pod, path } = await startPod(t);
    writeFileSync(path(STAT), text);
    await pod.tick();
    const { ready, reason } = pod.status.ready();
    assert.equal(ready, false);
    assert.match(reason, /^no cgroup can be read: the log and \/api\/v1\/targets say why$/);
    const [failure] = pod.status.targets()[0]!.failures;
    assert.equal(failure?.source, 'cgroup');
    assert.match(failure.error, /memory\.stat.*: expected "key number"/);
    assert.match(failure.remediation ?? '', /cat .*memory\.stat/);
    await assert.rejects(
      () => pod.status.ledger(),
      (error) =>
        error instanceof ApiError && error.status === 503 && /the cgroup cannot be read: .*memory\.stat/.test(error.message),
    );
    assert.match(warnings(pod).join('\n'), /"source":"cgroup","error":.*"remediation":.*cat /);
    pod.tree.run(orders);
    await pod.tick();
    assert.deepEqual(pod.status.ready(), { ready: true, reason: 'sampling' });
    assert.deepEqual(pod.status.targets()[0]!.failures, []);
    await pod.stop();
  }
});

test('where the JVM cannot be read, memhound is ready and names what is missing, without a path', async (t) => {
  const { pod, path } = await startPod(t);
  writeFileSync(path(`root/tmp/hsperfdata_app/${orders.pid}`), Buffer.alloc(4096));
  await pod.tick();
  const { ready, reason } = pod.status.ready();
  assert.equal(ready, true);
  assert.match(reason, /^sampling without hsperfdata of [\w.-]+, which cannot be read/);
  assert.equal(reason.includes(pod.tree.roots.proc), false, 'port 8801 names no path');
});

test('a process that cannot be read, which also ends a search, does not stop the samples of its cgroup', async (t) => {
  const { pod, path } = await startPod(t);
  breakFile(path('status'));
  pod.messages.length = 0;
  await pod.tick();
  const samples = pod.messages.flatMap((m) => (m.type === 'sample' ? [m.values] : []));
  assert.deepEqual(
    samples.map(({ usage, rss }) => [usage, rss]),
    [[orders.rssMiB * 2 ** 20, undefined]],
  );
  for (const source of ['search', 'procfs'])
    assert.ok(
      warnings(pod).some((line) => line.includes(`"source":"${source}"`)),
      source,
    );
});

test('a failure that lasts is logged once an hour', async (t) => {
  const { pod, path } = await startPod(t);
  breakFile(path('status'));
  const logged = () => warnings(pod).filter((line) => line.includes('"procfs"')).length;
  for (let minutes = 0; minutes < 60; minutes++) await pod.tick();
  assert.equal(logged(), 1);
  assert.ok(
    warnings(pod).some((line) => line.includes('"source":"files"')),
    'the scan of files, which is rarer than a sample, ends on it too',
  );
  await pod.tick();
  assert.equal(logged(), 2);
});
