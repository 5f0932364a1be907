import { randomUUID } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { StoreError } from './store-error.ts';

/** Two on one folder would overwrite each other: the second is refused. A lock whose process is gone is taken over. Returns its path. */
export async function acquireLock(dir: string): Promise<string> {
  const path = join(dir, 'lock');
  const own = JSON.stringify({ pid: process.pid, start: await startOf(process.pid), id: randomUUID() });
  for (let attempt = 0; attempt < 3; attempt++) {
    try {
      await writeFile(path, own, { flag: 'wx' });
      return path;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const holder = parseLock(await readFile(path, 'utf8').catch(() => ''));
    if (holder !== null && holder.pid !== process.pid && (await startOf(holder.pid)) === holder.start) {
      throw new StoreError(
        `--data ${dir}: memhound pid ${holder.pid} writes there already; stop it, or choose another folder`,
        1,
      );
    }
    await rm(path, { force: true });
  }
  throw new StoreError(`--data ${dir}: its lock is taken again and again; is another memhound being restarted there?`, 1);
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

/** Start time of a process in clock ticks after boot: together with the pid it distinguishes a living holder from a reused pid. '': gone. */
async function startOf(pid: number): Promise<string> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => '');
  return text.slice(text.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
