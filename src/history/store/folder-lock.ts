import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readStartTicks } from '../../sources/process/procfs.ts';
import { StoreError } from './store-error.ts';

/**
 * Locks a folder and returns the path of the lock. Two processes would overwrite each other, so the second is refused. A lock whose process
 * has ended is replaced.
 */
export async function acquireLock(dir: string): Promise<string> {
  const path = join(dir, 'lock');
  const own = JSON.stringify({ pid: process.pid, start: startOf(process.pid), id: randomUUID() });
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await writeFile(path, own, { flag: 'wx' });
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = parseLock(await readFile(path, 'utf8').catch(() => ''));
    if (holder !== null && holder.pid !== process.pid && startOf(holder.pid) === holder.start) {
      throw new StoreError(
        `--data ${dir}: memhound pid ${holder.pid} already writes to this folder; stop it, or choose another folder`,
        1,
      );
    }
    await rm(path, { force: true });
  }
  throw new StoreError(
    `--data ${dir}: another process keeps taking its lock; check whether another memhound restarts with this folder`,
    1,
  );
}

function parseLock(text: string): { readonly pid: number; readonly start: string } | null {
  try {
    const { pid, start } = JSON.parse(text) as { pid?: unknown; start?: unknown };
    return typeof pid === 'number' && typeof start === 'string' ? { pid, start } : null;
  } catch (error) {
    if (error instanceof SyntaxError) return null;
    throw error;
  }
}

/** Start time of a process in clock ticks after boot; '': it has ended. With the pid it distinguishes the lock's process from a reused pid. */
const startOf = (pid: number): string => String(readStartTicks('/proc', pid) ?? '');
