import { closeSync, constants, fstatSync, openSync, type Stats, statSync } from 'node:fs';

/**
 * Files of a container that is not trusted are first pinned: open(2) with O_PATH gives a descriptor that only names the inode, so that
 * nothing happens to a FIFO or device that was planted (even a non-blocking open of a FIFO would release its waiting writer). What
 * fstat then calls regular stays regular, and is opened through /proc/self/fd without naming the path again.
 *
 * Paths and names are byte strings (latin1), since a name need not be UTF-8 and would else not be found again.
 */
const O_PATH = 0o10000000; // include/uapi/asm-generic/fcntl.h; node:fs has no name for it
const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;
/** A tree deeper than this is a trap, not a program's folder. */
const MOST_NAMES = 64;

export type PinResult =
  | { readonly state: 'pinned'; readonly fd: number; readonly stat: Stats }
  | { readonly state: 'refused'; readonly code: string };

const bytes = (path: string): Buffer => Buffer.from(path, 'latin1');

/** As a reader may see it; not for opening. */
export const decodePath = (path: string): string => bytes(path).toString('utf8');

/** The errno name of a failed system call; anything else is a bug and goes on up. */
export function codeOf(error: unknown): string {
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) throw error;
  return code;
}

function tryOpen(path: string, flags: number): number | string {
  try {
    return openSync(bytes(path), flags);
  } catch (error) {
    return codeOf(error);
  }
}

/** Pins what stands at `path`; a link itself, unless `follow` (for the kernel's own links, /proc/PID/fd/N, alone). The caller closes it. */
export function pin(path: string, follow = false): PinResult {
  const fd = tryOpen(path, O_PATH | (follow ? 0 : O_NOFOLLOW));
  return typeof fd === 'string' ? { state: 'refused', code: fd } : { state: 'pinned', fd, stat: fstatSync(fd) };
}

/** Pins `path` under `root`, name by name, following no link. `root` itself is ours to name (/proc/PID/root must be followed). */
export function pinUnder(root: string, path: string): PinResult {
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (names.length > MOST_NAMES) return { state: 'refused', code: 'ENAMETOOLONG' };
  let at = tryOpen(root, O_PATH | O_DIRECTORY);
  for (const [i, name] of names.entries()) {
    if (typeof at === 'string') break;
    const last = i === names.length - 1;
    const next = name === '..' ? 'ELOOP' : tryOpen(`/proc/self/fd/${at}/${name}`, O_PATH | O_NOFOLLOW | (last ? 0 : O_DIRECTORY));
    closeSync(at);
    at = next;
  }
  return typeof at === 'string' ? { state: 'refused', code: at } : { state: 'pinned', fd: at, stat: fstatSync(at) };
}

/** A descriptor for reading of what is pinned, which fstat has called a regular file or a folder; or why not, as an errno name. */
export const reopen = (fd: number): number | string => tryOpen(`/proc/self/fd/${fd}`, O_RDONLY | O_NONBLOCK);

/** stat of the inode behind one of the kernel's own links; it opens nothing. null: there is no such descriptor. @throws where it may not be asked */
export const statLink = (path: string): Stats | null => statSync(path, { throwIfNoEntry: false }) ?? null;
