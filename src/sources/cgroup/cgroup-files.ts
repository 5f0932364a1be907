import { closeSync, constants, openSync, readdirSync, statfsSync } from 'node:fs';
import { pinUnder, reopen } from '../process/pinned-path.ts';
import { readText } from '../process/read-text.ts';

/**
 * The files of a cgroup. Where they are reached through the root of a process, its container may have mounted anything over them, or over a
 * folder above: a FIFO, a device, or a volume that never answers.
 */
const { O_RDONLY, O_NONBLOCK } = constants;

/** /proc/PID/root, and the path below it. */
const THROUGH_ROOT = /^(.*\/\d+\/root)\/(.+)$/;

const failure = (path: string, code: string): Error =>
  Object.assign(new Error(`${path}: ${code === 'EREMOTE' ? 'is covered by a mount that may never answer' : code}`), { code });

/** Opens it for reading. The caller closes it. @throws if that fails, or if it is not a regular file */
export function openCgroupFile(path: string): number {
  const [, root, below] = THROUGH_ROOT.exec(path) ?? [];
  if (root === undefined || below === undefined) return openSync(path, O_RDONLY | O_NONBLOCK);
  const pinned = pinUnder(root, below);
  if (pinned.state === 'refused') throw failure(path, pinned.code);
  try {
    const opened = pinned.stat.isFile() ? reopen(pinned) : failure(path, 'expected a regular file, found something else');
    if (opened instanceof Error) throw opened;
    if (opened.state === 'refused') throw failure(path, opened.code);
    return opened.fd;
  } finally {
    closeSync(pinned.fd);
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
