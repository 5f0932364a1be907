import { readdirSync, readlinkSync, type Stats, statSync } from 'node:fs';
import { join } from 'node:path';
import { isAbsence, isDenied, readText } from './read-text.ts';

type OpenMode = 'r' | 'w' | 'rw';

/** A regular file that a process holds open, by the path that the kernel gives (as the container sees it). */
export interface OpenFile {
  readonly path: string;
  readonly stat: Stats;
  readonly deleted: boolean;
  readonly pid: number;
  readonly fd: number;
  readonly mode: OpenMode;
}

/** Links that are no path: sockets, pipes, anonymous inodes, memfds; and file systems that hold no page cache of the app's. */
const NO_FILE = /^(?:[^/]|\/(?:dev|proc|sys)\/|\/memfd:)/;
const SHARED_MEMORY = /^\/(?:dev\/shm\/|memfd:)/;
const DELETED = ' (deleted)';

/**
 * The regular files that `pid` holds open, at most `most` descriptors from number `from` on (a process may have 100,000; the caller
 * goes round). Nothing is opened: the link is read and followed by stat alone. `next`: where to go on, 0 when all were seen.
 */
export function openFiles(
  procRoot: string,
  pid: number,
  from: number,
  most: number,
): { readonly files: OpenFile[]; readonly next: number; readonly denied: boolean } {
  const dir = join(procRoot, String(pid), 'fd');
  let fds: number[];
  try {
    fds = readdirSync(dir).map(Number);
  } catch (error) {
    if (isAbsence(error)) return { files: [], next: 0, denied: false };
    if (isDenied(error)) return { files: [], next: 0, denied: true };
    throw error;
  }
  const page = fds.slice(from, from + most);
  const files: OpenFile[] = [];
  for (const fd of page) {
    const file = openFile(procRoot, pid, fd, join(dir, String(fd)));
    if (file !== null) files.push(file);
  }
  return { files, next: from + most < fds.length ? from + most : 0, denied: false };
}

function openFile(procRoot: string, pid: number, fd: number, link: string): OpenFile | null {
  try {
    const name = readlinkSync(link);
    if (NO_FILE.test(name) && !SHARED_MEMORY.test(name)) return null;
    const stat = statSync(link);
    if (!stat.isFile()) return null;
    const deleted = stat.nlink === 0;
    const path = deleted && name.endsWith(DELETED) ? name.slice(0, -DELETED.length) : name;
    return { path, stat, deleted, pid, fd, mode: openMode(procRoot, pid, fd) };
  } catch (error) {
    // Closed between listing and looking, or behind a mount that we may not pass.
    if (isAbsence(error) || isDenied(error)) return null;
    throw error;
  }
}

/** From the octal `flags:` of fdinfo: the two lowest bits are O_RDONLY 0, O_WRONLY 1, O_RDWR 2. */
function openMode(procRoot: string, pid: number, fd: number): OpenMode {
  const flags = /^flags:\s*([0-7]+)/m.exec(readText(join(procRoot, String(pid), 'fdinfo', String(fd))) ?? '')?.[1];
  const access = flags === undefined ? 0 : Number.parseInt(flags, 8) & 3;
  return access === 1 ? 'w' : access === 2 ? 'rw' : 'r';
}
