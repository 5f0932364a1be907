import { readdirSync, readFileSync } from 'node:fs';
import { setImmediate as again } from 'node:timers/promises';

/** Stops a process and resolves once each of its threads has stopped: the signal reaches threads on other CPUs a little later. */
export async function stopProcess(pid: number): Promise<void> {
  process.kill(pid, 'SIGSTOP');
  const state = (tid: string): string => /\) (\S)/.exec(readFileSync(`/proc/${pid}/task/${tid}/stat`, 'latin1'))![1]!;
  while (readdirSync(`/proc/${pid}/task`).some((tid) => state(tid) !== 'T')) await again();
}
