import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs';
import { dirname } from 'node:path';
import { mayNeverAnswer, mountsOf, O_PATH } from './remote-mounts.ts';

/**
 * The only way to open paths of a container, which is not trusted. A path is first pinned: open(2) with O_PATH returns a descriptor that only
 * refers to the inode, so it has no effect on a planted FIFO or device. (Even a non-blocking open of a FIFO would release a waiting writer.)
 * If fstat says that the inode is a regular file, this cannot change, and it is opened through /proc/self/fd without using the path again.
 * Links are not followed, because under /proc/PID/root an absolute link would resolve in the root of memhound.
 *
 * Paths and names are byte strings (latin1), because a name may not be UTF-8, and then it could not be found again after decoding.
 */
const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;
/** A deeper path is treated as an attack. */
const MAX_NAMES = 64;

/** `code`: the name of an errno, or ENOTREGULAR if a regular file was expected and the inode is something else. */
export interface Refused {
  readonly state: 'refused';
  readonly code: string;
}
export type PinResult = { readonly state: 'pinned'; readonly fd: number; readonly stat: Stats } | Refused;
export type OpenResult = { readonly state: 'opened'; readonly fd: number; readonly stat: Stats } | Refused;

const refused = (code: string): Refused => ({ state: 'refused', code });

const bytes = (path: string): Buffer => Buffer.from(path, 'latin1');

/** The path as text for readers. Do not open files with it. */
export const decodePath = (path: string): string => bytes(path).toString('utf8');

/** The errno name of a failed system call. @throws any other error, which is a bug */
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

/** The descriptor with its stat, unless its file system may never answer (EREMOTE). */
function checked(fd: number | string, procFolder: string): PinResult {
  if (typeof fd === 'string') return refused(fd);
  const code = refusalOf(fd, procFolder);
  if (code === null) return { state: 'pinned', fd, stat: fstatSync(fd) };
  closeSync(fd);
  return refused(code);
}

function refusalOf(fd: number, procFolder: string): string | null {
  try {
    return mayNeverAnswer(fd, procFolder) ? 'EREMOTE' : null;
  } catch (error) {
    return codeOf(error); // no descriptor is free
  }
}

/**
 * Pins the inode at `path`, which is in a pinned folder, without following a link. `procFolder`: the /proc/PID of the process whose folder it
 * is. The caller closes the descriptor.
 */
export const pin = (path: string, procFolder: string): PinResult => checked(tryOpen(path, O_PATH | O_NOFOLLOW), procFolder);

/** Pins the inode behind a link of the kernel in `procFolder`, /proc/PID: `exe`, `fd/N`. The caller closes the descriptor. */
export const pinLink = (procFolder: string, link: string): PinResult =>
  checked(tryOpen(`${procFolder}/${link}`, O_PATH), procFolder);

/**
 * Pins `path` under `root`, name by name, without following links. Only `root` itself is followed, because /proc/PID/root is a link of the
 * kernel. `..` is refused with EXDEV, as openat2(2) does with RESOLVE_BENEATH. A path on a remote mount is refused with EREMOTE. The caller
 * closes the descriptor.
 */
export function pinUnder(root: string, path: string): PinResult {
  // Saves the look at each name.
  if (mountsOf(root).isRemotePath(`/${path}`)) return refused('EREMOTE');
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  if (names.length > MAX_NAMES) return refused('ENAMETOOLONG');
  const procFolder = dirname(root);
  let at = tryOpen(root, O_PATH | O_DIRECTORY);
  for (const [i, name] of names.entries()) {
    if (typeof at === 'string') break;
    const last = i === names.length - 1;
    // A lookup in a folder whose file system does not answer would wait.
    const refusal = name === '..' ? 'EXDEV' : refusalOf(at, procFolder);
    const next = refusal ?? tryOpen(`/proc/self/fd/${at}/${name}`, O_PATH | O_NOFOLLOW | (last ? 0 : O_DIRECTORY));
    closeSync(at);
    at = next;
  }
  return checked(at, procFolder);
}

/** Opens a pinned inode for reading, if fstat says that it is a regular file or a folder. The caller closes both descriptors. */
export function reopen({ fd, stat }: { readonly fd: number; readonly stat: Stats }): OpenResult {
  const opened = tryOpen(`/proc/self/fd/${fd}`, O_RDONLY | O_NONBLOCK);
  return typeof opened === 'string' ? refused(opened) : { state: 'opened', fd: opened, stat };
}

/** Opens the regular file `path` under `root` for reading. The caller closes it. */
export function openFileUnder(root: string, path: string): OpenResult {
  const pinned = pinUnder(root, path);
  if (pinned.state === 'refused') return pinned;
  try {
    return pinned.stat.isFile() ? reopen(pinned) : refused('ENOTREGULAR');
  } finally {
    closeSync(pinned.fd);
  }
}

/** Pins the folder `path` under `root`; /proc/self/fd/N then names it, for its files and for the list of its names. The caller closes it. */
export function pinFolderUnder(root: string, path: string): PinResult {
  const pinned = pinUnder(root, path);
  if (pinned.state === 'refused' || pinned.stat.isDirectory()) return pinned;
  closeSync(pinned.fd);
  return refused('ENOTDIR');
}
