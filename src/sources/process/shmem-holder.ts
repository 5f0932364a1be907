import { MAX_PROCESSES } from './other-processes.ts';
import { readStatus } from './procfs.ts';

/** The process that maps the most shared memory. */
export interface ShmemHolder {
  readonly pid: number;
  readonly name: string;
  /** RssShmem, bytes: files on a tmpfs, System V segments, memfd and shared memory without a name. */
  readonly bytes: number;
}

/** Of these processes; null: none maps any. */
export function shmemHolder(procRoot: string, pids: readonly number[]): ShmemHolder | null {
  let most: ShmemHolder | null = null;
  for (const pid of pids.slice(0, MAX_PROCESSES)) {
    const status = readStatus(procRoot, pid);
    const bytes = status?.rssShmemBytes ?? 0;
    if (status !== null && bytes > (most?.bytes ?? 0)) most = { pid, name: status.name, bytes };
  }
  return most;
}
