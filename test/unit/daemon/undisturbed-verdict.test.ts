import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Culprit } from '../../../src/culprit/types.ts';
import type { Verdict } from '../../../src/diagnosis/types.ts';
import { WatchedPod } from '../../support/watched-pod.ts';

const JVM = { pid: 10, startTicks: 100, group: 'orders-1', container: 'orders' };
const NOT_KNOWN: Culprit = { state: 'unknown', cause: 'native', because: 'no-growth', native: null, grown: [] };
const LEAKING_MINUTES = 60;

const said = ({ trend, leak, cause, headline }: Verdict) => ({ trend, leak, cause, headline });

/** A pod that leaks, in whose JVM a search has begun. */
async function searched(t: TestContext) {
  const pod = new WatchedPod(t);
  let answer = (): void => {};
  const tickAt = async (rssMiB: number) => {
    pod.tree.run({ ...JVM, rssMiB });
    await pod.tick();
  };
  pod.tree.run({ ...JVM, rssMiB: 300 });
  await pod.start({}, () => new Promise((done) => (answer = () => done(NOT_KNOWN))));
  for (let minute = 1; minute <= LEAKING_MINUTES; minute++) await tickAt(300 + 5 * minute);
  const before = pod.status.verdict();
  assert.deepEqual([before.trend, before.leak], ['growing', true]);
  pod.status.startCulprit(undefined, 'native', 600, false);
  const end = async () => {
    answer();
    while (pod.status.culprit().state === 'running') await new Promise(setImmediate);
  };
  return { pod, before, tickAt, end };
}

test('what a search for a culprit does to memory does not change the verdict, until the JVM has settled', async (t) => {
  const { pod, before, tickAt, end } = await searched(t);
  for (let minute = 0; minute < 15; minute++) {
    await tickAt(200);
    assert.deepEqual(said(pod.status.verdict()), said(before), `minute ${minute} of the search`);
  }
  await end();
  for (const minute of [1, 2]) {
    await tickAt(200);
    assert.deepEqual(said(pod.status.verdict()), said(before), `minute ${minute} after it`);
  }
  for (let minute = 0; minute < 10; minute++) await tickAt(200);
  assert.notEqual(pod.status.verdict().headline, before.headline, 'the change that stays');
});

test('a search that begins and ends between two evaluations does not change the verdict either', async (t) => {
  const { pod, before, tickAt, end } = await searched(t);
  await end();
  await tickAt(200);
  assert.equal(pod.status.verdict().at, before.at, 'none is made');
});

test('an OOM kill, memory that comes close to the limit, and the end of the container do not wait for the search', async (t) => {
  const urgent = {
    'an OOM kill': async ({ pod, tickAt }: Awaited<ReturnType<typeof searched>>) => {
      pod.tree.setOomKills(10, 0);
      await tickAt(600);
      pod.tree.setOomKills(10, 1);
      await tickAt(600);
      await tickAt(600);
      return pod.status.verdict();
    },
    'close to the limit': async ({ pod, tickAt }: Awaited<ReturnType<typeof searched>>) => {
      await tickAt(1000);
      return pod.status.verdict();
    },
    'the end': async ({ pod }: Awaited<ReturnType<typeof searched>>) => {
      pod.tree.end(10);
      await pod.tick();
      return pod.status.verdict(undefined, -1);
    },
  };
  for (const [what, happens] of Object.entries(urgent)) {
    const made = await searched(t);
    assert.notDeepEqual(said(await happens(made)), said(made.before), what);
  }
});
