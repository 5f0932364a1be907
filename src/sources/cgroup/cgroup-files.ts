import { closeSync, constants, openSync, readdirSync, statfsSync } from 'node:fs';
import { codeOf, pinUnder } from '../process/pinned-path.ts';
import { readFd, readText } from '../process/read-text.ts';
import { O_PATH } from '../process/remote-mounts.ts';

/**
 * The files of a cgroup. Where they are reached through the root of a process, its container may have mounted anything over them, or over a
 * folder above: a FIFO, a device, or a volume that never answers.
 */
const { O_RDONLY, O_NONBLOCK } = constants;

/** /proc/PID/root, and the path below it. */
const THROUGH_ROOT = /^(.*\/\d+\/root)\/(.+)$/;

const failure = (path: string, code: string): Error =>
  Object.assign(new Error(`${path}: ${code === 'EREMOTE' ? 'is covered by a mount that may never answer' : code}`), { code });

/** Pins it: the descriptor refers to the file and opens nothing. The caller closes it. @throws if that fails, or if it is not a regular file */
export function pinCgroupFile(path: string): number {
  const [, root, below] = THROUGH_ROOT.exec(path) ?? [];
  if (root === undefined || below === undefined) return openSync(path, O_PATH);
  const pinned = pinUnder(root, below);
  if (pinned.state === 'refused') throw failure(path, pinned.code);
  if (pinned.stat.isFile()) return pinned.fd;
  closeSync(pinned.fd);
  throw failure(path, 'expected a regular file, found something else');
}

/** Opens it for reading. The caller closes it. @throws if that fails, or if it is not a regular file */
export function openCgroupFile(path: string): number {
  if (!THROUGH_ROOT.test(path)) return openSync(path, O_RDONLY | O_NONBLOCK);
  const fd = pinCgroupFile(path);
  try {
    return openPinned(fd);
  } catch (error) {
    throw failure(path, codeOf(error));
  } finally {
    closeSync(fd);
  }
}

const openPinned = (fd: number): number => openSync(`/proc/self/fd/${fd}`, O_RDONLY | O_NONBLOCK);

/** The text of a pinned file, opened anew. @throws what a system call throws */
export function readPinned(pinned: number): string {
  const fd = openPinned(pinned);
  try {
    return readFd(fd);
  } finally {
    closeSync(fd);
  }
}

/** The text of a file of a cgroup; null: it does not exist. @throws every other error */
export const readCgroupText = (path: string): string | null => readText(path, undefined, openCgroupFile);

/** `use` gets a path by which the folder can be listed and asked. @throws if it cannot be opened */
function inFolder<T>(dir: string, use: (path: string) => T): T {
  const [, root, below] = THROUGH_ROOT.exec(dir) ?? [];
  if (root === undefined || below === undefined) return use(dir);
  const pinned = pinUnder(root, below);
  if (pinned.state === 'refused') throw failure(dir, pinned.code);
  try {
    return use(`/proc/self/fd/${pinned.fd}`);
  } finally {
    closeSync(pinned.fd);
  }
}

/** Names of the groups in a group. @throws if it cannot be listed */
export const childGroupNames = (dir: string): string[] =>
  inFolder(dir, (path) =>
    readdirSync(path, { withFileTypes: true }).flatMap((entry) => (entry.isDirectory() ? [entry.name] : [])),
  );

/** The magic number of statfs(2). @throws if the folder cannot be opened */
export const fileSystemType = (dir: string): number => inFolder(dir, (path) => statfsSync(path).type);
