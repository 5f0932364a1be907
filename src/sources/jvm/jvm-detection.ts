import { closeSync, opendirSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { KIB, MIB } from '../../units.ts';
import { codeOf, decodePath, type OpenResult, openFileUnder, pinFolderUnder, pinUnder, reopen } from '../process/pinned-path.ts';
import type { Status } from '../process/procfs.ts';
import { isAbsenceCode, isDenialCode } from '../process/read-text.ts';
import { processKind } from './process-kind.ts';

/** `openj9`, `native-image`: Java but not HotSpot, so it has no counters of a heap. */
export type JvmEvidence = 'hsperfdata' | 'libjvm' | 'openj9' | 'native-image' | 'name';

/**
 * A JVM has more than a dozen threads after its first second, and seven with -Xint and one processor. With fewer, its /tmp and
 * /proc/PID/maps need not be read. A native image has two or three threads, but is not a small process.
 */
const MIN_THREADS = 5;
const MIN_IMAGE_BYTES = 8 * MIB;

/** The strongest evidence that a process is a JVM; null: none. The name `java` alone is weak evidence. */
export function detectJvm(procRoot: string, pid: number, status: Status): JvmEvidence | null {
  if (status.threads === null || status.vmRssBytes === null) return null;
  const isCandidate = status.threads >= MIN_THREADS || (status.threads > 1 && status.vmRssBytes >= MIN_IMAGE_BYTES);
  const byName = status.name === 'java' ? 'name' : null;
  if (!isCandidate && byName === null) return null;
  const kind = processKind(procRoot, pid);
  // If its mappings cannot be read, the file is the only evidence. If they can, the file counts only if this process maps one.
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

/** Opens `tmp/hsperfdata_USER/NSPID` below the process's root; refused: the file cannot be read; null: there is no such file. */
export function openHsperfFile(
  procRoot: string,
  pid: number,
  { uid, nspid }: { readonly uid: number; readonly nspid: number },
): OpenResult | null {
  const root = join(procRoot, String(pid), 'root');
  for (const folder of hsperfFolders(root, uid)) {
    const path = `tmp/${folder}/${nspid}`;
    const pinned = pinUnder(root, path);
    if (pinned.state === 'refused') {
      if (isUnusable(pinned.code)) continue;
      throw new Error(`${decodePath(path)}: expected a file that can be opened, found ${pinned.code}`);
    }
    try {
      const opened = pinned.stat.isFile() ? reopen(pinned) : null;
      // If containers share /tmp, a file that cannot be read may belong to another JVM with the same pid.
      if (opened?.state === 'opened' || (opened !== null && pinned.stat.uid === uid)) return opened;
    } finally {
      closeSync(pinned.fd);
    }
  }
  return null;
}

/** Maximum of folders of users that JVMs create in one /tmp. */
const MAX_FOLDERS = 64;
/** Maximum of names in /tmp that are read to find them, about 10 ms. A leak of temporary files creates millions. */
const MAX_NAMES = 10_000;

function hsperfFolders(root: string, uid: number): readonly string[] {
  const tmp = pinFolderUnder(root, 'tmp');
  if (tmp.state === 'refused') {
    if (isUnusable(tmp.code)) return [];
    throw new Error(`${root}/tmp: expected a folder that can be opened, found ${tmp.code}`);
  }
  try {
    const { folders, all } = listFolders(tmp.fd);
    if (all) return folders;
    // There are too many names to find the folder among them, but the JVM derives its name from the user's name.
    const user = userName(root, uid);
    return user === null ? folders : [...new Set([`hsperfdata_${user}`, ...folders])];
  } catch (error) {
    if (isUnusable(codeOf(error))) return [];
    throw error;
  } finally {
    closeSync(tmp.fd);
  }
}

/** `all`: every name of the folder was read. */
function listFolders(fd: number): { readonly folders: readonly string[]; readonly all: boolean } {
  const dir = opendirSync(`/proc/self/fd/${fd}`, { encoding: 'latin1' as BufferEncoding, bufferSize: 512 });
  try {
    const folders: string[] = [];
    for (let names = 0; names < MAX_NAMES && folders.length < MAX_FOLDERS; names++) {
      const entry = dir.readSync();
      if (entry === null) return { folders, all: true };
      if (entry.name.startsWith('hsperfdata_')) folders.push(entry.name);
    }
    return { folders, all: false };
  } finally {
    dir.closeSync();
  }
}

/** The name of a user in the container's /etc/passwd; null: the user has no entry, or the file cannot be read. */
function userName(root: string, uid: number): string | null {
  const file = openFileUnder(root, 'etc/passwd');
  if (file.state === 'refused') return null;
  try {
    const bytes = Buffer.alloc(MAX_PASSWD_BYTES);
    const n = readSync(file.fd, bytes, 0, bytes.length, 0);
    return new RegExp(`^([^:\\n/]+):[^:\\n]*:${uid}:`, 'm').exec(bytes.toString('latin1', 0, n))?.[1] ?? null;
  } finally {
    closeSync(file.fd);
  }
}
const MAX_PASSWD_BYTES = 256 * KIB;

/** The file does not exist, cannot be read, was planted (a link, a FIFO), or is on a mount that may never answer. The next evidence is tried. */
export const isUnusable = (code: string): boolean =>
  isAbsenceCode(code) || isDenialCode(code) || code === 'ENOTREGULAR' || code === 'EREMOTE';
