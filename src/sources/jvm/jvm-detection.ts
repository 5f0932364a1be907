import { closeSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Status } from '../process/procfs.ts';
import { isAbsence, isDenied, readText } from '../process/read-text.ts';
import { openDirUnder, openFileAt } from '../process/safe-open.ts';

export type JvmEvidence = 'hsperfdata' | 'libjvm' | 'name';

/** A JVM has over a dozen threads from its first second on; fewer, and neither its /tmp nor /proc/PID/maps need be asked. */
const MIN_THREADS = 8;

/** How a process shows that it is a JVM, strongest first; null: it does not. A command's name alone may be anything. */
export function detectJvm(procRoot: string, pid: number, status: Status): JvmEvidence | null {
  if (status.threads === null || status.vmRssBytes === null) return null;
  const ripe = status.threads >= MIN_THREADS;
  if ((ripe || status.name === 'java') && hsperfPath(procRoot, pid, status.nspid) !== null) return 'hsperfdata';
  if (ripe && mapsLibjvm(procRoot, pid)) return 'libjvm';
  return status.name === 'java' ? 'name' : null;
}

/** `tmp/hsperfdata_USER/NSPID` below the process's root if there is such a file that may be opened; null: none. */
export function hsperfPath(procRoot: string, pid: number, nspid: number): string | null {
  const root = join(procRoot, String(pid), 'root');
  for (const folder of hsperfFolders(root)) {
    try {
      const dir = openDirUnder(root, `tmp/${folder}`);
      try {
        closeSync(openFileAt(dir, String(nspid)).fd);
        return `tmp/${folder}/${nspid}`;
      } finally {
        closeSync(dir);
      }
    } catch (error) {
      if (!isUnusable(error)) throw error;
    }
  }
  return null;
}

/** More than this many users' folders in one /tmp are not a JVM's doing. */
const MAX_FOLDERS = 64;

function hsperfFolders(root: string): string[] {
  try {
    const tmp = openDirUnder(root, 'tmp');
    try {
      return readdirSync(`/proc/self/fd/${tmp}`)
        .filter((n) => n.startsWith('hsperfdata_'))
        .slice(0, MAX_FOLDERS);
    } finally {
      closeSync(tmp);
    }
  } catch (error) {
    if (isUnusable(error)) return [];
    throw error;
  }
}

/** Not there, not ours, or planted (a link, a FIFO): in each case there is nothing to read, and the next evidence is asked. */
const isUnusable = (error: unknown): boolean =>
  isAbsence(error) || isDenied(error) || ['ELOOP', 'ENOTREGULAR', 'ENXIO'].includes((error as NodeJS.ErrnoException).code ?? '');

function mapsLibjvm(procRoot: string, pid: number): boolean {
  try {
    return /\/libjvm\.so(?: \(deleted\))?$/m.test(readText(join(procRoot, String(pid), 'maps')) ?? '');
  } catch (error) {
    if (isDenied(error)) return false;
    throw error;
  }
}
