import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TargetInfo } from '../../src/diagnosis/types.ts';
import type { JvmReading } from '../../src/sources/types.ts';
import { MIB } from '../../src/units.ts';
import { makeCgroup } from '../support/cgroup.ts';
import { startJava } from '../support/java.ts';
import { watch } from '../support/memhound.ts';
import { missingRequirements } from '../support/needs.ts';

test('of two JVMs in one cgroup each has its own heap figures, and a heap leak of the second is reported as that', {
  skip: missingRequirements('javac', 'cgroup'),
  timeout: 180_000,
}, async (t) => {
  const cgroup = makeCgroup(1024 * MIB);
  const flags = ['-XX:+UseSerialGC', '-Xmx400m', '-XX:TieredStopAtLevel=1'];
  const still = await startJava('scenarios/Healthy.java', ['20', '1'], { cgroup });
  const leaking = await startJava('scenarios/HeapLeak.java', ['4', '350'], { cgroup, flags });
  const hound = await watch(['--every', '1s', '--min-history', '15s', '--cgroup', cgroup.dir]);
  const live = hound.live();
  t.after(async () => {
    live.close();
    await hound.stop();
    await still.stop('SIGKILL');
    await leaking.stop('SIGKILL');
    await cgroup.remove();
  });
  const { body: targets } = await hound.get<TargetInfo[]>('/api/v1/targets');
  assert.deepEqual(targets.map(({ pid }) => pid).sort(), [still.pid, leaking.pid].sort());
  const idOf = (pid: number) => targets.find((target) => target.pid === pid)!.id;
  const heapMax = async (pid: number) =>
    (await hound.get<{ jvm: JvmReading }>(`/api/v1/jvm?target=${idOf(pid)}`)).body.jvm.heapMax;
  assert.ok((await heapMax(still.pid)) !== (await heapMax(leaking.pid)));
  const id = idOf(still.pid);
  await live.verdict(
    ({ target, leak, eta, headline }) =>
      target.id === id &&
      leak === true &&
      eta?.event === 'heap-exhausted' &&
      /^HeapLeak \(pid .* a heap leak of that JVM\..*Its heap reaches its -Xmx in .*: OutOfMemoryError\.$/.test(headline),
    120_000,
  );
});
