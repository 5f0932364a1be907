import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { TargetInfo, Verdict } from '../../src/diagnosis/types.ts';
import { MIB } from '../../src/units.ts';
import { makeCgroup, type TestCgroup } from '../support/cgroup.ts';
import { startJava } from '../support/java.ts';
import { watch } from '../support/memhound.ts';
import { missingRequirements } from '../support/needs.ts';
import { type Running, start } from '../support/process.ts';

const needs = { skip: missingRequirements('javac', 'cgroup'), timeout: 120_000 };
const WAIT_MS = 60_000;
const oomKilled = ({ findings }: Verdict) => findings.find(({ rule }) => rule === 'oom-killed') ?? null;

/** Takes 8 MiB every 100 ms. */
const GREEDY = 'const kept = []; setInterval(() => kept.push(Buffer.alloc(8 << 20, 1)), 100);';

/** A memhound that watches a cgroup by its path; what was started is ended after the test. */
async function watchCgroup(t: TestContext, cgroup: TestCgroup, jvm: Running) {
  const hound = await watch(['--every', '1s', '--min-history', '5s', '--cgroup', cgroup.dir]);
  const live = hound.live();
  t.after(async () => {
    live.close();
    await hound.stop();
    await jvm.stop('SIGKILL');
    await cgroup.remove();
  });
  return { hound, live };
}

test('the OOM killer takes a helper, and the JVM still runs: the helper is named and the run goes on', needs, async (t) => {
  const cgroup = makeCgroup(300 * MIB);
  const jvm = await startJava('scenarios/Healthy.java', ['5', '10'], { cgroup });
  const { hound, live } = await watchCgroup(t, cgroup, jvm);
  await live.verdict((v) => v.trend !== 'not-enough-data', WAIT_MS);
  const helper = start(cgroup.join(process.execPath, ['-e', GREEDY]));
  assert.equal((await helper.exited).signal, 'SIGKILL');
  const verdict = await live.verdict((v) => oomKilled(v) !== null, WAIT_MS);
  assert.match(oomKilled(verdict)!.title, new RegExp(`\\(pid ${helper.pid}, \\d+ MiB when last seen`));
  assert.match(oomKilled(verdict)!.title, /; the JVM still runs$/);
  assert.notEqual(verdict.trend, 'not-enough-data');
  assert.deepEqual(
    live.messages.flatMap((m) => (m.type === 'restart' ? [m.kind] : [])),
    ['oom-kill'],
  );
  const { body: targets } = await hound.get<TargetInfo[]>('/api/v1/targets');
  assert.deepEqual(
    targets.map(({ pid }) => pid),
    [jvm.pid],
  );
});

test(
  'the OOM killer ends the JVM of a cgroup that is watched by its path: the empty cgroup tells of it, and the final verdict is found',
  needs,
  async (t) => {
    const cgroup = makeCgroup(200 * MIB);
    const flags = ['-XX:+UseSerialGC', '-Xmx1g', '-XX:TieredStopAtLevel=1'];
    const jvm = await startJava('scenarios/HeapLeak.java', ['20', '900'], { cgroup, flags });
    const { hound, live } = await watchCgroup(t, cgroup, jvm);
    const isOfEmptyCgroup = ({ target }: Verdict) => 'pid' in target && target.pid === null;
    const verdict = await live.verdict((v) => isOfEmptyCgroup(v) && oomKilled(v) !== null, WAIT_MS);
    const { title, severity, advice } = oomKilled(verdict)!;
    assert.match(title, /^1 OOM kill, at /);
    assert.equal(severity, 'critical');
    const address = /\/api\/v1\/verdict\S*(?=\.)/.exec(advice)![0];
    const { status, body } = await hound.get<Verdict>(address);
    assert.equal(status, 200);
    assert.equal('pid' in body.target && body.target.pid, jvm.pid);
    assert.equal(body.ended?.oomKilled, 'recorded');
  },
);
