import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Verdict } from '../../../src/diagnosis/types.ts';
import type { ApiError } from '../../../src/outlets/status.ts';
import { DAY_S, SECOND_MS } from '../../../src/units.ts';
import type { MadeJvm } from '../../support/made-tree.ts';
import { WatchedPod } from '../../support/watched-pod.ts';

const orders = { pid: 10, startTicks: 100, rssMiB: 200, group: 'orders-1', container: 'orders' } satisfies MadeJvm;
const again = { ...orders, pid: 31, startTicks: 900, group: 'orders-2', rssMiB: 150 } satisfies MadeJvm;
const converter = { pid: 77, startTicks: 300, rssMiB: 600, group: 'orders-1', process: 'wkhtmltopdf' } satisfies MadeJvm;
/** The limit of a made container is 1 GiB. */
const AT_LIMIT_MIB = 1020;

const oomKilled = ({ findings }: Verdict) => findings.find(({ rule }) => rule === 'oom-killed') ?? null;
const isNotFound = (error: ApiError) => error.status === 404;

async function killHelper(pod: WatchedPod): Promise<void> {
  pod.tree.run(orders);
  pod.tree.run(converter);
  pod.tree.setMembers(10, [10, 77]);
  pod.tree.setOomKills(10, 0);
  await pod.start();
  pod.tree.end(77);
  pod.tree.setMembers(10, [10]);
  pod.tree.setOomKills(10, 1);
  await pod.tick();
  await pod.tick();
}

test('an OOM kill that the JVM outlives names the process that is gone, with its size', async (t) => {
  const pod = new WatchedPod(t);
  await killHelper(pod);
  const found = oomKilled(pod.status.verdict());
  assert.match(found!.title, /^The OOM killer ended wkhtmltopdf \(pid 77, 600 MiB when last seen\) at .*; the JVM still runs$/);
  assert.deepEqual(found?.evidence.killed, [{ pid: 77, name: 'wkhtmltopdf', anonBytes: 600 * 2 ** 20, parent: null }]);
  assert.doesNotMatch(found!.advice, /epoch=-1/, 'no container has ended');
  assert.throws(() => pod.status.verdict(undefined, -1), isNotFound);
});

test('such a kill is no restart: the run goes on, also for a memhound that is started again', async (t) => {
  const pod = new WatchedPod(t);
  await killHelper(pod);
  const restarts = () => pod.messages.flatMap((m) => (m.type === 'restart' ? [m.kind] : []));
  assert.deepEqual(restarts(), ['oom-kill']);
  await pod.stop();
  await pod.start();
  assert.deepEqual(restarts(), ['oom-kill']);
  assert.match(oomKilled(pod.status.verdict())!.title, /wkhtmltopdf/);
});

test('a kill of a process that was never seen still tells that the JVM still runs', async (t) => {
  const pod = new WatchedPod(t);
  pod.tree.run(orders);
  pod.tree.setOomKills(10, 0);
  await pod.start();
  pod.tree.setOomKills(10, 2);
  await pod.tick();
  await pod.tick();
  const found = oomKilled(pod.status.verdict());
  assert.match(found!.title, /^The OOM killer ended a short-lived process of the container at .*; the JVM still runs$/);
});

test('a kill after which the JVM is gone is that of the container', async (t) => {
  const pod = new WatchedPod(t);
  pod.tree.run(orders);
  pod.tree.setOomKills(10, 0);
  await pod.start();
  pod.tree.setOomKills(10, 1);
  await pod.tick();
  pod.tree.end(10);
  await pod.tick();
  assert.equal(pod.status.verdict(undefined, -1).ended?.oomKilled, 'recorded');
});

test('a container that ended at its limit is news for a day in the verdict of its next run, with an address that answers', async (t) => {
  const pod = new WatchedPod(t);
  pod.tree.run({ ...orders, rssMiB: AT_LIMIT_MIB });
  await pod.start();
  const { id } = pod.status.verdict().target;
  pod.tree.end(10);
  await pod.tick();
  pod.tree.run(again);
  await pod.tick();
  const found = oomKilled(pod.status.verdict());
  assert.match(found!.title, /^1 OOM kill, at .* \(most likely: it ended at its limit\)$/);
  assert.match(found!.advice, /\/api\/v1\/verdict\?epoch=-1\. /);
  const final = pod.status.verdict(undefined, -1);
  assert.deepEqual([final.target.id, final.ended?.oomKilled], [id, 'likely']);
  assert.deepEqual(pod.status.verdict(id, -1), final, 'also by the id that it had');

  await pod.stop();
  await pod.start();
  assert.notEqual(oomKilled(pod.status.verdict()), null, 'a memhound that is started again knows it too');
  pod.nowMs += DAY_S * SECOND_MS;
  await pod.tick();
  assert.equal(oomKilled(pod.status.verdict()), null);
});

test('the last final verdict is that of the container that ended last, whichever answers by default', async (t) => {
  const pod = new WatchedPod(t);
  const billing = { ...orders, pid: 20, startTicks: 110, rssMiB: 300, group: 'billing-1', container: 'billing' };
  pod.tree.run(orders);
  pod.tree.run(billing);
  await pod.start();
  pod.tree.end(10);
  await pod.tick();
  assert.equal(pod.status.verdict(undefined, -1).target.id, pod.status.verdict('orders', -1).target.id);
  assert.throws(() => pod.status.verdict('billing', -1), isNotFound);
});

describe('?epoch=-1 finds the run that ended, after every kind of end', () => {
  const ENDS: readonly {
    readonly title: string;
    readonly oomKilled: 'recorded' | 'likely' | 'no';
    readonly rssMiB?: number;
    /** The kernel counts one more kill at the tick in which the process is gone. */
    readonly kills?: number;
  }[] = [
    { title: 'it exited by itself', oomKilled: 'no' },
    { title: 'the kernel counted its kill', oomKilled: 'recorded', kills: 2 },
    { title: 'it was at its limit', oomKilled: 'likely', rssMiB: AT_LIMIT_MIB },
  ];
  for (const { title, oomKilled: expected, rssMiB = 200, kills } of ENDS)
    test(`${title}, after the OOM killer had taken a helper, and for a memhound that is started again before the next run`, async (t) => {
      const pod = new WatchedPod(t);
      await killHelper(pod);
      assert.throws(() => pod.status.verdict(undefined, -1), isNotFound, 'the container still runs');
      pod.tree.run({ ...orders, rssMiB });
      pod.tree.setMembers(10, [10]);
      pod.tree.setOomKills(10, 1);
      for (let i = 0; i < 5; i++) await pod.tick();
      if (kills !== undefined) {
        pod.tree.setOomKills(10, kills);
        await pod.tick();
      }
      pod.tree.end(10);
      await pod.tick();
      const final = pod.status.verdict(undefined, -1);
      assert.equal(final.ended?.oomKilled, expected);
      assert.deepEqual(pod.status.verdict(final.target.id, -1), final);
      await pod.stop();
      pod.tree.run(again);
      await pod.start();
      assert.deepEqual(pod.status.verdict(undefined, -1), final, 'of a memhound that was not there when it ended');
    });

  test('the JVM and its helper ended together: the run is found, and no helper is said to be survived', async (t) => {
    const pod = new WatchedPod(t);
    pod.tree.run(orders);
    pod.tree.run(converter);
    pod.tree.setMembers(10, [10, 77]);
    pod.tree.setOomKills(10, 0);
    await pod.start();
    pod.tree.setOomKills(10, 2);
    pod.tree.end(77);
    pod.tree.setMembers(10, [10]);
    await pod.tick();
    pod.tree.end(10);
    await pod.tick();
    const final = pod.status.verdict(undefined, -1);
    assert.equal(final.ended?.oomKilled, 'recorded');
    assert.doesNotMatch(JSON.stringify(final.findings), /still runs/);
  });
});
