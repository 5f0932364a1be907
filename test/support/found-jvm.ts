import assert from 'node:assert/strict';
import type { TargetInfo } from '../../src/diagnosis/types.ts';
import { openHsperfdata } from '../../src/sources/jvm/hsperfdata.ts';
import { GIB } from '../../src/units.ts';
import { makeCgroup, type TestCgroup } from './cgroup.ts';
import { MEMHOUND } from './memhound.ts';
import { run, type StartOptions, start } from './process.ts';
import { processRef, ROOTS } from './process-ref.ts';

export interface FoundJvm {
  readonly target: TargetInfo;
  /** Why the JVM has no counters; null: they are read. */
  readonly reason: string | null;
}

/** Starts a command in a cgroup, and asks memhound what it finds there once the program says so. */
export async function findJvm(
  command: (cgroup: TestCgroup) => readonly [string, readonly string[]],
  ready: string,
  options: StartOptions = {},
): Promise<FoundJvm> {
  const cgroup = makeCgroup(GIB);
  const running = start(command(cgroup), options);
  try {
    await running.line((line) => line === ready);
    const { code, stdout, stderr } = await run(process.execPath, [MEMHOUND, 'explain', '--json', '--cgroup', cgroup.dir]);
    assert.equal(code, 0, stderr);
    const { target } = JSON.parse(stdout) as { target: TargetInfo };
    const counters = openHsperfdata({ roots: ROOTS, process: processRef(target.pid ?? assert.fail('no process was found')) });
    const reading = counters.read(Date.now());
    counters.close();
    return { target, reason: reading.state === 'absent' ? reading.reason : null };
  } finally {
    endAll(cgroup);
    await running.exited;
    endAll(cgroup); // a supervisor may have started its program again between two signals
    await cgroup.remove();
  }
}

function endAll(cgroup: TestCgroup): void {
  for (const pid of cgroup.read('cgroup.procs').split('\n').filter(Boolean)) process.kill(Number(pid), 'SIGKILL');
}
