import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs';

/**
 * Opens paths under the root of a container that is not trusted. An absolute link met under /proc/PID/root would resolve in
 * OUR root, so the path is walked name by name and no link is followed; the last name must be a regular file, opened without
 * waiting (a FIFO would block for ever).
 */
const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK } = constants;

/** Refused since the container may have planted it: a link, a FIFO, a device. */
class NotRegularError extends Error {
  override name = 'NotRegularError';
  readonly code = 'ENOTREGULAR';
}

/** Names of a path under a root: no empty ones, and no way up. @throws NotRegularError */
function names(path: string): string[] {
  const parts = path.split('/').filter((p) => p !== '' && p !== '.');
  if (parts.includes('..')) throw new NotRegularError(`${path}: a path under a container's root must not go up`);
  return parts;
}

/** A descriptor of the directory `path` under `root`; the caller closes it. @throws ENOENT, ENOTDIR, ELOOP, EACCES as the kernel gives them */
export function openDirUnder(root: string, path: string): number {
  // The root itself is ours to name (/proc/PID/root is a magic link and must be followed).
  let fd = openSync(root, O_RDONLY | O_DIRECTORY);
  for (const name of names(path)) {
    let next: number;
    try {
      next = openSync(`/proc/self/fd/${fd}/${name}`, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    } finally {
      closeSync(fd);
    }
    fd = next;
  }
  return fd;
}

/** A descriptor of the regular file `path` under `root` with what fstat says of it; the caller closes it. @throws NotRegularError for anything else */
export function openFileUnder(root: string, path: string): { readonly fd: number; readonly stat: Stats } {
  const parts = names(path);
  const last = parts.pop();
  if (last === undefined) throw new NotRegularError(`${path}: names no file`);
  const dir = openDirUnder(root, parts.join('/'));
  try {
    return openFileAt(dir, last);
  } finally {
    closeSync(dir);
  }
}

/** The regular file `name` in the directory behind `dirFd`. @throws NotRegularError for anything else */
export function openFileAt(dirFd: number, name: string): { readonly fd: number; readonly stat: Stats } {
  const fd = openSync(`/proc/self/fd/${dirFd}/${name}`, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (stat.isFile()) return { fd, stat };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  closeSync(fd);
  throw new NotRegularError(`${name}: expected a regular file`);
}
