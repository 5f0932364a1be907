import { mkdtempSync, readFileSync, rmdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { makeCgroup } from '../../test/support/cgroup.ts';

/** A cgroup of one program: what the kernel would charge to its container. */
export interface ProgramCgroup {
  readonly join: (command: string, args: readonly string[]) => [string, string[]];
  /** Bytes of usage (what a limit applies to), and of page cache in it. */
  readonly memory: () => { readonly usageBytes: number; readonly cacheBytes: number };
  /** CPU time in nanoseconds of all processes that ran in it; null: no such controller. */
  readonly cpuSeconds: () => number | null;
  readonly remove: () => Promise<void>;
}

const NO_LIMIT = 4 * 2 ** 30;

/** @throws if this machine allows no memory cgroup: the reason, in words */
export function makeProgramCgroup(): ProgramCgroup {
  const memory = makeCgroup(NO_LIMIT);
  const cpu = memory.version === 1 ? makeCpuacct() : null;
  const number = (file: string): number => Number(memory.read(file));
  const stat = (key: string): number => Number(new RegExp(`^${key} (\\d+)$`, 'm').exec(memory.read('memory.stat'))?.[1] ?? 0);
  return {
    join(command, args) {
      const [shell, rest] = memory.join(command, args);
      return cpu === null ? [shell, rest] : ['/bin/sh', ['-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', cpu, shell, ...rest]];
    },
    memory: () =>
      memory.version === 1
        ? { usageBytes: number('memory.usage_in_bytes'), cacheBytes: stat('total_cache') }
        : { usageBytes: number('memory.current'), cacheBytes: stat('file') },
    cpuSeconds() {
      if (memory.version === 2) {
        const used = /^usage_usec (\d+)$/m.exec(memory.read('cpu.stat'))?.[1];
        return used === undefined ? null : Number(used) / 1e6;
      }
      return cpu === null ? null : Number(readFileSync(`${cpu}/cpuacct.usage`, 'latin1')) / 1e9;
    },
    async remove() {
      await memory.remove();
      if (cpu !== null) await rmWhenFree(cpu);
    },
  };
}

/** cgroup v1 counts CPU time in a separate hierarchy; null if it is not mounted or not writable. */
function makeCpuacct(): string | null {
  try {
    return mkdtempSync('/sys/fs/cgroup/cpuacct/memhound-bench-');
  } catch (error) {
    if (['ENOENT', 'EACCES', 'EROFS', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) return null;
    throw error;
  }
}

async function rmWhenFree(dir: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return rmdirSync(dir);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || tries > 100) throw error;
      await delay(50);
    }
  }
}
