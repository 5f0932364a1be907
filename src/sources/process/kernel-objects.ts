import { closeSync, readlinkSync, statfsSync } from 'node:fs';
import { KIB } from '../../units.ts';
import { mountsIn, readMountinfo } from './mountinfo.ts';
import { MAX_PROCESSES } from './other-processes.ts';
import { codeOf, decodePath, pinFolderUnder } from './pinned-path.ts';
import { descriptorSlots, readStat } from './procfs.ts';
import { isAbsence, isDenied, readFd, readText } from './read-text.ts';

/** What a process holds by descriptors, by the kernel's name of it in the link of the descriptor. */
const KINDS = {
  pipe: /^pipe:/,
  socket: /^socket:/,
  epoll: /^anon_inode:\[eventpoll\]$/,
  eventfd: /^anon_inode:\[eventfd\]$/,
  inotify: /^anon_inode:inotify$/,
  io_uring: /^anon_inode:\[io_uring\]$/,
} as const;

export type DescriptorKind = keyof typeof KINDS;

const NAMES = Object.keys(KINDS) as DescriptorKind[];

/** Kernel objects that are held by a process, or by a file system in memory. The count is estimated where there are thousands. */
export type KernelObjects =
  | {
      readonly kind: DescriptorKind | 'watch';
      readonly pid: number;
      readonly count: number;
      /** What all of them take at least, where the kernel tells their sizes: the rings of io_uring. */
      readonly leastBytes?: number;
    }
  | { readonly kind: 'zombie'; readonly pid: number; readonly count: number }
  | { readonly kind: 'tmpfs-file'; readonly path: string; readonly count: number };

/** The same with how many they became more since they were first counted, and the seconds since then. */
export type CountedObjects = KernelObjects & { readonly grew: number; readonly seconds: number };

/** Fewer than this hold too little kernel memory to matter. */
const MIN_COUNT = 500;
/** One whose size the kernel tells counts for as many as it takes times this: a few rings hold more than hundreds of sockets. */
const COUNTED_AS_ONE = 8 * KIB;
/** Each look at a descriptor makes the kernel keep its name, which is charged to memhound. */
const MAX_LOOKS = 1024;
/** A prime number: descriptors alternate (both ends of a pipe, an epoll set and its eventfd), and equal steps would meet one kind alone. */
const SCATTER = 7919;

/**
 * What most may be of: the descriptors of one kind in one process, the watches of one, the ended children of one, the files of one tmpfs. Empty:
 * none has many, or none may be asked.
 */
export function kernelObjects(procRoot: string, pids: readonly number[], mainPid: number | null): readonly KernelObjects[] {
  const held = pids.slice(0, MAX_PROCESSES).map((pid) => heldBy(procRoot, pid));
  return [
    ...mostOf(held.flatMap(({ descriptors }) => descriptors)),
    ...mostOf(held.flatMap(({ watches }) => watches)),
    ...mostOf(zombies(procRoot, pids)),
    ...(mainPid === null ? [] : mostOf(tmpfsFiles(procRoot, mainPid))),
  ];
}

/** A container with more processes has no such number that have ended, too. */
const MAX_CHILDREN_TEXT = 256 * KIB;

/**
 * Children of which no process in the container is left, by the process that does not wait for them: a process that has ended is in no list of the
 * cgroup. Those that another thread than the first has started are not seen, and none where the kernel has no lists of children.
 */
function zombies(procRoot: string, pids: readonly number[]): KernelObjects[] {
  const living = new Set(pids);
  return pids.slice(0, MAX_PROCESSES).map((pid): KernelObjects => {
    const text = readText(`${procRoot}/${pid}/task/${pid}/children`, (fd) => readFd(fd, MAX_CHILDREN_TEXT)) ?? '';
    const unlisted = text.split(' ').filter((child) => child !== '' && !living.has(Number(child)));
    return { kind: 'zombie', pid, count: unlisted.length < MIN_COUNT ? 0 : endedAmong(procRoot, unlisted) };
  });
}

/** So many are asked whether they have ended: children that live may be in a cgroup below that of the container, which has a list of its own. */
const MAX_ASKED = 64;

function endedAmong(procRoot: string, pids: readonly string[]): number {
  const step = pids.length / Math.min(MAX_ASKED, pids.length);
  const asked = Array.from({ length: Math.min(MAX_ASKED, pids.length) }, (_, i) => pids[Math.floor(i * step)]!);
  const ended = asked.filter((pid) => /^[ZX]$/.test(readStat(procRoot, Number(pid))?.state ?? ''));
  return Math.round((ended.length / asked.length) * pids.length);
}

function mostOf(objects: readonly KernelObjects[]): KernelObjects[] {
  const [most] = [...objects].sort((a, b) => weightOf(b) - weightOf(a));
  return most === undefined || weightOf(most) < MIN_COUNT ? [] : [most];
}

const weightOf = (objects: KernelObjects): number =>
  'leastBytes' in objects ? Math.max(objects.count, objects.leastBytes! / COUNTED_AS_ONE) : objects.count;

interface Held {
  readonly descriptors: readonly KernelObjects[];
  readonly watches: readonly KernelObjects[];
}

const NOTHING: Held = { descriptors: [], watches: [] };

function heldBy(procRoot: string, pid: number): Held {
  try {
    const slots = descriptorSlots(procRoot, pid);
    const step = Math.max(1, Math.floor(slots / MAX_LOOKS));
    const counts = new Map<DescriptorKind, number>();
    let looks = 0;
    let watches = 0;
    let ringBytes = 0;
    for (let first = 0; first + step <= slots; first += step) {
      const fd = first + ((looks * SCATTER) % step);
      const kind = kindOf(`${procRoot}/${pid}/fd/${fd}`);
      if (kind !== null) counts.set(kind, (counts.get(kind) ?? 0) + 1);
      if (kind === 'inotify') watches += watchesOf(`${procRoot}/${pid}/fdinfo/${fd}`);
      if (kind === 'io_uring') ringBytes += ringBytesOf(`${procRoot}/${pid}/fdinfo/${fd}`);
      looks++;
    }
    const scale = looks === 0 ? 0 : slots / looks;
    return {
      descriptors: [...counts].map(([kind, seen]) => ({
        pid,
        kind,
        count: Math.round(seen * scale),
        ...(kind === 'io_uring' && ringBytes > 0 ? { leastBytes: Math.round(ringBytes * scale) } : {}),
      })),
      watches: [{ pid, kind: 'watch', count: Math.round(watches * scale) }],
    };
  } catch (error) {
    if (isDenied(error)) return NOTHING;
    throw error;
  }
}

/** null: there is no such descriptor, or it holds a file. */
function kindOf(link: string): DescriptorKind | null {
  try {
    const text = readlinkSync(link, 'latin1');
    return NAMES.find((kind) => KINDS[kind].test(text)) ?? null;
  } catch (error) {
    // A path of more than a page has no text.
    if (isAbsence(error) || (error as NodeJS.ErrnoException).code === 'ENAMETOOLONG') return null;
    throw error;
  }
}

/** The kernel writes a line of some 120 bytes for each watch, the newest first. Of more than this the rest is estimated. */
const MAX_WATCH_TEXT = 64 * KIB;

function watchesOf(fdinfo: string): number {
  const text = readText(fdinfo, (fd) => readFd(fd, MAX_WATCH_TEXT)) ?? '';
  const numbers = [...text.matchAll(/^inotify wd:([0-9a-f]+) /gm)].map(([, wd]) => Number.parseInt(wd!, 16));
  const [newest = 0, oldest = 0] = [numbers[0], numbers.at(-1)];
  if (text.length < MAX_WATCH_TEXT) return numbers.length;
  // Watches are numbered as they are made, and those that were removed leave gaps.
  return Math.round((numbers.length / (newest - oldest + 1)) * newest);
}

/** An entry of the submission queue has 64 bytes and its index 4, one of the completion queue 16. Source: Linux, io_uring.h, fdinfo.c. */
function ringBytesOf(fdinfo: string): number {
  const text = readText(fdinfo, (fd) => readFd(fd, MAX_WATCH_TEXT)) ?? '';
  const entries = (key: string): number => {
    const mask = new RegExp(`^${key}:\\t0x([0-9a-f]{1,6})$`, 'm').exec(text);
    return mask === null ? 0 : Number.parseInt(mask[1]!, 16) + 1;
  };
  return entries('SqMask') * (64 + 4) + entries('CqMask') * 16;
}

/**
 * How many files, folders and links lie on each tmpfs that the process may write. Where it has the mounts of memhound itself, as on a host without
 * containers, they may be anybody's, and none are counted.
 */
function tmpfsFiles(procRoot: string, pid: number): KernelObjects[] {
  const mounts = mountsIn(readMountinfo(`${procRoot}/${pid}`));
  if (rootMount(mounts) === rootMount(mountsIn(readMountinfo(`${procRoot}/self`)))) return [];
  return mounts.flatMap(({ point, options, type }): KernelObjects[] => {
    if (type !== 'tmpfs' || !options.includes('rw')) return [];
    const count = usedInodes(`${procRoot}/${pid}/root`, point);
    return count === null ? [] : [{ kind: 'tmpfs-file', path: decodePath(point), count }];
  });
}

/** The id of the mount of `/`: another namespace has another one. */
const rootMount = (mounts: ReturnType<typeof mountsIn>): number | undefined => mounts.find(({ point }) => point === '/')?.id;

function usedInodes(root: string, path: string): number | null {
  const pinned = pinFolderUnder(root, path);
  if (pinned.state === 'refused') return null;
  try {
    const { files, ffree } = statfsSync(`/proc/self/fd/${pinned.fd}`);
    return files - ffree;
  } catch (error) {
    codeOf(error);
    return null;
  } finally {
    closeSync(pinned.fd);
  }
}
