import assert from 'node:assert/strict';
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
