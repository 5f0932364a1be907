import { closeSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { MIB } from '../../units.ts';
import { codeOf, decodePath, type OpenResult, pinFolderUnder, pinUnder, reopen } from '../process/pinned-path.ts';
import type { Status } from '../process/procfs.ts';
import { isAbsenceCode, isDenialCode } from '../process/read-text.ts';
import { processKind } from './process-kind.ts';

/** `openj9`, `native-image`: Java, but no HotSpot, so there are no counters of a heap. */
export type JvmEvidence = 'hsperfdata' | 'libjvm' | 'openj9' | 'native-image' | 'name';

/**
 * A JVM has over a dozen threads from its first second on, and seven with -Xint and one processor; fewer, and neither its /tmp nor
 * /proc/PID/maps need be asked. A native image has two or three, but is no small process.
 */
const MIN_THREADS = 5;
const MIN_IMAGE_BYTES = 8 * MIB;

/** How a process shows that it is a JVM, strongest first; null: it does not. A command's name alone may be anything. */
export function detectJvm(procRoot: string, pid: number, status: Status): JvmEvidence | null {
  if (status.threads === null || status.vmRssBytes === null) return null;
  const isCandidate = status.threads >= MIN_THREADS || (status.threads > 1 && status.vmRssBytes >= MIN_IMAGE_BYTES);
  const byName = status.name === 'java' ? 'name' : null;
  if (!isCandidate && byName === null) return null;
  const kind = processKind(procRoot, pid);
  // Without its mappings the file is all there is; with them it counts only if this process maps one.
  const mayHaveFile = kind === null || kind.hsperfdata !== null;
  if (mayHaveFile && hasHsperfdata(procRoot, pid, status)) return 'hsperfdata';
  if (kind === null || kind.machine === null) return byName;
  return kind.machine === 'hotspot' ? 'libjvm' : kind.machine;
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

/** Not there, not readable, planted (a link, a FIFO), or on a mount that may never answer: there is nothing to read, and the next evidence is asked. */
export const isUnusable = (code: string): boolean =>
  isAbsenceCode(code) || isDenialCode(code) || code === 'ENOTREGULAR' || code === 'EREMOTE';
