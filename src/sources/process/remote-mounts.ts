import { closeSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { SECOND_MS } from '../../units.ts';
import { mountsIn, readMountinfo } from './mountinfo.ts';
import { readRecord, readText } from './read-text.ts';
import { loadSyscalls } from './syscalls.ts';

/**
 * Mounts whose file system may never answer, because a program or another machine serves it (gcsfuse, s3fs, sshfs, NFS, ...). Even stat(2)
 * may then block forever, and all of memhound with it. So no path below them is used. The list of mounts comes from the kernel and is always
 * available.
 */
const REMOTE_TYPES =
  /^(?:fuse|fuse\..*|fuseblk|nfs4?|cifs|smb3|smbfs|9p|virtiofs|ceph|afs|coda|lustre|gpfs|beegfs|glusterfs|ocfs2|orangefs|autofs)$/;

/** Of the remote mounts of a container, so many are named. */
const MAX_NAMED = 8;

export interface Mounts {
  /** Those that are remote and not hidden by another, as byte strings, with their type; at most some. */
  readonly remote: readonly { readonly path: string; readonly type: string }[];
  /** `path` is a byte string, as the target sees it. */
  isRemotePath(path: string): boolean;
  /** `id` is the `mnt_id` of /proc/PID/fdinfo/N; null: no mount of the list has it. */
  isRemoteId(id: number): boolean | null;
}

/** The mounts in a text of /proc/PID/mountinfo. A remote root is exempt (fuse-overlayfs): the container itself runs from it. Pure. */
export function parseMounts(text: string): Mounts {
  const points = new Map<string, string | null>();
  const ids = new Map<number, boolean>();
  for (const { id, point, type } of mountsIn(text)) {
    const remote = point !== '/' && REMOTE_TYPES.test(type);
    points.set(point, remote ? type : null);
    ids.set(id, remote);
  }
  return {
    remote: [...points].flatMap(([path, type]) => (type === null ? [] : [{ path, type }])).slice(0, MAX_NAMED),
    isRemoteId: (id) => ids.get(id) ?? null,
    isRemotePath(path) {
      for (
        let at = path.replace(/\/+/g, '/').replace(/(.)\/$/, '$1');
        at !== '' && at !== '/';
        at = at.slice(0, at.lastIndexOf('/'))
      ) {
        const type = points.get(at);
        if (type !== undefined) return type !== null;
      }
      return false;
    },
  };
}

const NO_MOUNTS = parseMounts('');

/** A scan checks many paths of one process, so the list is read again only after this time. */
const KEPT_MS = SECOND_MS;
const MAX_KEPT = 64;
const kept = new Map<string, { readonly text: string; readonly mounts: Mounts; atMs: number }>();

/** The mounts of the process whose root is `root`, /proc/PID/root, as of a second ago; none if the list does not exist or cannot be read. */
export function mountsOf(root: string, keptMs = KEPT_MS): Mounts {
  const nowMs = performance.now();
  const known = kept.get(root);
  if (known !== undefined && nowMs - known.atMs < keptMs) return known.mounts;
  const text = readMountinfo(dirname(root));
  const mounts = text === known?.text ? known.mounts : text === '' ? NO_MOUNTS : parseMounts(text);
  kept.delete(root);
  if (kept.size >= MAX_KEPT) kept.delete(kept.keys().next().value!);
  kept.set(root, { text, mounts, atMs: nowMs });
  return mounts;
}

/** O_PATH of include/uapi/asm-generic/fcntl.h, for which node:fs has no constant: the descriptor refers to the inode, and opens nothing. */
export const O_PATH = 0o10000000;

/**
 * Number of the kernel's own mount for memory without a name (memfd), which no list has. Since Linux 5.3 it is the first mount that the
 * kernel makes (fs/namespace.c, mnt_init); before, the first is another file system of the kernel's own, which always answers.
 */
let shmemMount = 0;
let known: Promise<void> | null = null;

/** Asks the kernel for that number once, by memory of memhound's own. Without koffi it stays that of newer kernels. */
export function knowShmemMount(): Promise<void> {
  known ??= askShmemMount();
  return known;
}

async function askShmemMount(): Promise<void> {
  const calls = await loadSyscalls();
  const fd = typeof calls === 'string' ? null : calls.memfd();
  if (fd === null) return;
  try {
    const id = mountIdIn(readText(`/proc/self/fdinfo/${fd}`, readRecord) ?? '');
    if (!Number.isNaN(id)) shmemMount = id;
  } finally {
    closeSync(fd);
  }
}

/**
 * Mounts that were found to answer, by number, with a descriptor on each. As long as it is open the kernel gives the number to no other
 * mount. It also keeps the mount from being unmounted, so it is closed when this turn of the event loop ends, or the walk that it belongs to.
 */
const held = new Map<number, number>();
let walks = 0;

function hold(id: number, fd: number): void {
  if (held.size === 0 && walks === 0) setImmediate(release);
  held.set(id, openSync(`/proc/self/fd/${fd}`, O_PATH));
}

function release(): void {
  if (walks > 0) return;
  for (const fd of held.values()) closeSync(fd);
  held.clear();
}

/** Holds over the turns of `walk` what was found to answer, so that the list of mounts is not read in each. It must be short. */
export async function holdingMounts(walk: () => Promise<void>): Promise<void> {
  walks++;
  try {
    await walk();
  } finally {
    walks--;
    release();
  }
}

/** `mnt_id` of /proc/PID/fdinfo/N. */
export const mountIdIn = (fdinfo: string): number => Number(/^mnt_id:\s*(\d+)/m.exec(fdinfo)?.[1] ?? Number.NaN);

/**
 * Whether a mount that a process has a descriptor on may never answer. `procFolder`: its /proc/PID. A mount that is in no list counts as such:
 * `umount -l` takes away the one whose program hangs, and open files keep it.
 */
export function isRemoteMount(id: number, procFolder: string, keptMs = KEPT_MS): boolean {
  if (id === shmemMount || held.has(id)) return false;
  // What a process has from outside its own list may be in that of memhound.
  return mountsOf(`${procFolder}/root`, keptMs).isRemoteId(id) ?? mountsOf('/proc/self/root', keptMs).isRemoteId(id) ?? true;
}

/**
 * Whether the inode of an O_PATH descriptor may never answer, so that not even fstat(2) may ask it. A volume may have been mounted, or taken
 * out of the list, in this moment: so the kernel is asked for the mount of the descriptor, which cannot change any more, and then for the
 * list. Neither asks the file system. @throws what a system call throws
 */
export function mayNeverAnswer(fd: number, procFolder: string): boolean {
  const id = mountIdIn(readText(`/proc/self/fdinfo/${fd}`, readRecord) ?? '');
  if (id === shmemMount || held.has(id)) return false;
  if (isRemoteMount(id, procFolder, 0)) return true;
  hold(id, fd);
  return false;
}
