import { readlinkSync } from 'node:fs';
import { MAX_PROCESSES } from './other-processes.ts';
import { descriptorSlots } from './procfs.ts';
import { isAbsence, isDenied } from './read-text.ts';

/** Kernel objects that a process holds by descriptors, by the kernel's name of them in the link of the descriptor. */
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

/** The process with the most descriptors of one kind. */
export interface DescriptorHolder {
  readonly pid: number;
  readonly kind: DescriptorKind;
  /** Estimated from a sample, where the process has thousands of descriptors. */
  readonly count: number;
}

/** Fewer than this hold too little kernel memory to matter. */
const MIN_COUNT = 500;
/** Each look at a descriptor makes the kernel keep its name, which is charged to memhound. */
const MAX_LOOKS = 1024;
/** A prime number: descriptors alternate (both ends of a pipe, an epoll set and its eventfd), and equal steps would meet one kind alone. */
const SCATTER = 7919;

/** Of these processes; null: none holds many, or none may be asked. */
export function descriptorHolder(procRoot: string, pids: readonly number[]): DescriptorHolder | null {
  let most: DescriptorHolder | null = null;
  for (const pid of pids.slice(0, MAX_PROCESSES)) {
    const holder = mostOf(procRoot, pid);
    if (holder !== null && holder.count > (most?.count ?? 0)) most = holder;
  }
  return most;
}

function mostOf(procRoot: string, pid: number): DescriptorHolder | null {
  try {
    const slots = descriptorSlots(procRoot, pid);
    if (slots < MIN_COUNT) return null;
    const step = Math.max(1, Math.floor(slots / MAX_LOOKS));
    const counts = new Map<DescriptorKind, number>();
    let looks = 0;
    for (let first = 0; first + step <= slots; first += step) {
      const kind = kindOf(`${procRoot}/${pid}/fd/${first + ((looks * SCATTER) % step)}`);
      if (kind !== null) counts.set(kind, (counts.get(kind) ?? 0) + 1);
      looks++;
    }
    const [kind, seen] = [...counts].reduce((a, b) => (b[1] > a[1] ? b : a), ['pipe' as DescriptorKind, 0] as const);
    const count = Math.round((seen / looks) * slots);
    return count >= MIN_COUNT ? { pid, kind, count } : null;
  } catch (error) {
    if (isDenied(error)) return null;
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
