import { readStartTicks, readStatus } from '../../src/sources/process/procfs.ts';
import type { ProcessRef } from '../../src/sources/types.ts';

/** A process of this machine as sources know it. */
export function processRef(pid: number): ProcessRef {
  const status = readStatus('/proc', pid);
  const startTicks = readStartTicks('/proc', pid);
  if (status === null || startTicks === null) throw new Error(`pid ${pid} has ended`);
  return { pid, nspid: status.nspid, startTicks, uid: status.uid, gid: status.gid, name: status.name };
}

export const ROOTS = { proc: '/proc', cgroup: '/sys/fs/cgroup' };
