import { mkdtempSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { assertAsked } from './asked.ts';

/** A child memory cgroup for one test, on the cgroup version that has the memory controller here. */
export interface TestCgroup {
  readonly version: 1 | 2;
  readonly dir: string;
  /** Wraps a command so that it runs as a member of the group from its first instruction on. */
  readonly join: (command: string, args: readonly string[]) => [string, string[]];
  readonly read: (file: string) => string;
  readonly setLimit: (bytes: number) => void;
  /** Removes the group; its processes must have been ended. */
  readonly remove: () => Promise<void>;
}

const ROOT = '/sys/fs/cgroup';
const own = (controller: string): string | null =>
  new RegExp(`^\\d+:${controller}:(.*)$`, 'm').exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1] ?? null;

/** Parents to try. v2 forbids processes in a group that has controlled children, so there the parents of the own group are tried too. */
function* parents(): Generator<{ version: 1 | 2; dir: string }> {
  const v1 = own('(?:[^:]*,)?memory(?:,[^:]*)?');
  if (v1 !== null) {
    yield { version: 1, dir: join(ROOT, 'memory', v1) };
    yield { version: 1, dir: join(ROOT, 'memory') };
    return;
  }
  for (let path = own(''); path !== null; path = path === '/' ? null : dirname(path)) yield { version: 2, dir: join(ROOT, path) };
}

/** Throws with the reason, one line per parent that was tried, if this machine allows none. */
export function makeCgroup(limitBytes: number): TestCgroup {
  assertAsked('cgroup');
  const refused: string[] = [];
  for (const { version, dir: parent } of parents()) {
    let dir = '';
    try {
      if (version === 2 && !/\bmemory\b/.test(readFileSync(join(parent, 'cgroup.subtree_control'), 'utf8')))
        writeFileSync(join(parent, 'cgroup.subtree_control'), '+memory');
      // A name by chance: a bench in a pid namespace of its own has the pid of another.
      dir = mkdtempSync(join(parent, 'memhound-test-'));
      const limitFile = join(dir, version === 1 ? 'memory.limit_in_bytes' : 'memory.max');
      const setLimit = (bytes: number) => writeFileSync(limitFile, String(bytes));
      setLimit(limitBytes);
      return {
        version,
        dir,
        setLimit,
        read: (file) => readFileSync(join(dir, file), 'utf8'),
        join: (command, args) => ['/bin/sh', ['-c', 'echo $$ > "$0/cgroup.procs" && exec "$@"', dir, command, ...args]],
        remove: () => remove(dir),
      };
    } catch (error) {
      if (dir !== '') rmdirSync(dir);
      refused.push((error as Error).message);
    }
  }
  throw new Error(`no memory cgroup can be made here: ${refused.join('; ')}`);
}

/** false, or why tests that need a separate cgroup do not run. */
export function whyNoCgroup(): string | false {
  try {
    rmdirSync(makeCgroup(64 << 20).dir);
    return false;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A group is busy for a moment after its last process was reaped, so this is tried a few times. */
async function remove(dir: string): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      rmdirSync(dir);
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EBUSY' || tries > 100) throw error;
      await delay(50);
    }
  }
}
