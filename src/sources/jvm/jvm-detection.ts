import { closeSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, decodePath, type OpenResult, pinFolderUnder, pinUnder, reopen } from '../process/pinned-path.ts';
import type { Status } from '../process/procfs.ts';
import { isAbsenceCode, isDenialCode, isDenied, readText } from '../process/read-text.ts';

export type JvmEvidence = 'hsperfdata' | 'libjvm' | 'name';

/** A JVM has over a dozen threads from its first second on; fewer, and neither its /tmp nor /proc/PID/maps need be asked. */
const MIN_THREADS = 8;

/** How a process shows that it is a JVM, strongest first; null: it does not. A command's name alone may be anything. */
export function detectJvm(procRoot: string, pid: number, status: Status): JvmEvidence | null {
  if (status.threads === null || status.vmRssBytes === null) return null;
  const ripe = status.threads >= MIN_THREADS;
  if ((ripe || status.name === 'java') && hasHsperfdata(procRoot, pid, status)) return 'hsperfdata';
  if (ripe && mapsLibjvm(procRoot, pid)) return 'libjvm';
  return status.name === 'java' ? 'name' : null;
}

function hasHsperfdata(procRoot: string, pid: number, status: Status): boolean {
  const found = openHsperfFile(procRoot, pid, status);
  if (found?.state === 'opened') closeSync(found.fd);
  return found?.state === 'opened';
}

/** Opens `tmp/hsperfdata_USER/NSPID` below the process's root; refused where its file may not be read; null: it has no such file. */
export function openHsperfFile(
  procRoot: string,
  pid: number,
  { uid, nspid }: { readonly uid: number; readonly nspid: number },
): OpenResult | null {
  const root = join(procRoot, String(pid), 'root');
  for (const folder of hsperfFolders(root)) {
    const path = `tmp/${folder}/${nspid}`;
    const pinned = pinUnder(root, path);
    if (pinned.state === 'refused') {
      if (isUnusable(pinned.code)) continue;
      throw new Error(`${decodePath(path)}: expected a file that can be opened, found ${pinned.code}`);
    }
    try {
      const opened = pinned.stat.isFile() ? reopen(pinned) : null;
      // Where containers share /tmp, a file that may not be read may be that of another JVM with the same pid.
      if (opened?.state === 'opened' || (opened !== null && pinned.stat.uid === uid)) return opened;
    } finally {
      closeSync(pinned.fd);
    }
  }
  return null;
}

/** More than this many users' folders in one /tmp are not a JVM's doing. */
const MAX_FOLDERS = 64;

function hsperfFolders(root: string): string[] {
  const tmp = pinFolderUnder(root, 'tmp');
  if (tmp.state === 'refused') {
    if (isUnusable(tmp.code)) return [];
    throw new Error(`${root}/tmp: expected a folder that can be opened, found ${tmp.code}`);
  }
  try {
    return readdirSync(`/proc/self/fd/${tmp.fd}`, 'latin1')
      .filter((n) => n.startsWith('hsperfdata_'))
      .slice(0, MAX_FOLDERS);
  } catch (error) {
    if (isUnusable(codeOf(error))) return [];
    throw error;
  } finally {
    closeSync(tmp.fd);
  }
}

/** Not there, not readable, or planted (a link, a FIFO): there is nothing to read, and the next evidence is asked. */
export const isUnusable = (code: string): boolean => isAbsenceCode(code) || isDenialCode(code) || code === 'ENOTREGULAR';

function mapsLibjvm(procRoot: string, pid: number): boolean {
  try {
    return /\/libjvm\.so(?: \(deleted\))?$/m.test(readText(join(procRoot, String(pid), 'maps')) ?? '');
  } catch (error) {
    if (isDenied(error)) return false;
    throw error;
  }
}
