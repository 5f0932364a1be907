import { processText, safeName } from '../format.ts';
import type { CountedObjects, KernelObjects } from '../sources/process/kernel-objects.ts';
import { KIB } from '../units.ts';
import { BYTES_OF_ONE, mayExplain } from './growth/held-kernel-memory.ts';
import { growthOf, newestValue, type RuleContext } from './rule-context.ts';
import { type Sentence, sentence } from './sentence.ts';

/*
 * Kernel memory has no owner, but descriptors, watches and files of a tmpfs have: a process that holds thousands of pipes is named beside kernel
 * memory that grows. Pure.
 */

interface KindText {
  readonly name: string;
  /** The most kernel memory that one of them takes, whatever it does. A pipe has two ends and 64 KiB. */
  readonly maxBytes: number;
  /** The same of one that came since they were first counted, where that may be more: a Unix socket of which nobody reads holds 208 KiB. */
  readonly maxNewBytes?: number;
  readonly advice: string;
}

const SELECTORS =
  'Each Selector holds an epoll set and an eventfd or a pipe until it is closed: look for clients (HTTP, Netty, Kafka, AWS) that are made for each request, and make one for all.';

const TEXTS: Readonly<Record<KernelObjects['kind'], KindText>> = {
  pipe: {
    name: 'ends of pipes',
    maxBytes: BYTES_OF_ONE.pipe.most,
    advice:
      'Look for a Process whose streams are not closed, and for Pipe.open: a pipe keeps what was written and not read, up to 64 KiB, until its ends are closed.',
  },
  socket: {
    name: 'sockets',
    maxBytes: 8 * KIB,
    maxNewBytes: BYTES_OF_ONE.socket.most,
    advice:
      'Look for responses whose body is not closed, and for a pool of connections without a bound: `ss -tanp` shows the peers, `ss -xp` those of Unix sockets. CLOSE-WAIT: the peer has closed, and this process has not.',
  },
  epoll: { name: 'epoll sets', maxBytes: BYTES_OF_ONE.epoll.most, advice: SELECTORS },
  eventfd: { name: 'eventfds', maxBytes: BYTES_OF_ONE.eventfd.most, advice: SELECTORS },
  inotify: {
    name: 'inotify instances',
    maxBytes: 64 * KIB,
    advice: 'Look for a WatchService that is made again and again, and close it.',
  },
  io_uring: {
    name: 'io_uring rings',
    maxBytes: 512 * KIB,
    advice: 'Look for event loops with io_uring that are made again and again, and close them.',
  },
  watch: {
    name: 'watches on files and folders (inotify)',
    maxBytes: 2 * KIB,
    advice:
      'Look for a WatchService, or a file monitor of a framework, that watches a whole tree: each watch keeps the inode and the name of its folder in memory. Watch fewer folders, and cancel the keys of those that are gone. `grep -c ^inotify /proc/PID/fdinfo/*` counts them.',
  },
  zombie: {
    name: 'processes have ended',
    maxBytes: 16 * KIB,
    advice:
      'Zombies: a process that has ended keeps its record until the one that started it waits for it, and takes a number of the limit of processes (pids.max). Wait for each child. Children whose own parent has ended go to process 1 of the container, which must wait for them: run an init as process 1 (tini, dumb-init, `docker run --init`), or share the process namespace of the pod. `ps -eo stat,ppid | grep -c ^Z` counts them.',
  },
  'tmpfs-file': {
    name: 'files and folders',
    maxBytes: 2 * KIB,
    advice:
      'Remove files that are no longer needed (lock files, sessions, sockets), or keep them on a disk: on a tmpfs each takes about 1 KiB of kernel memory, also an empty one. `df -i` counts them, `find FOLDER -xdev | wc -l` shows where.',
  },
};

/** What they may take must be this share of kernel memory. */
const MIN_SHARE = 0.25;

/** The objects that may explain kernel memory that grows, in a sentence, with advice; null: none are known. */
export function heldKernelObjects(context: RuleContext): { readonly text: Sentence; readonly advice: string } | null {
  const kernel = newestValue(context, 'kernel') ?? newestValue(context, 'slab') ?? 0;
  const kernelPerHour = growthOf(context, 'kernel') || growthOf(context, 'slab');
  const objects = context.kernelObjects.filter(
    (one) => kernelPerHour === 0 || mayExplain(one, { bytes: kernel, perHour: kernelPerHour }),
  );
  const [most] = [...objects].sort((a, b) => mostBytes(b) - mostBytes(a));
  const explains = most !== undefined && mostBytes(most) >= MIN_SHARE * kernel ? most : null;
  const held = context.steady.keep<CountedObjects | null>('holder of kernel objects', explains, {
    same: (a, b) => (a === null) === (b === null) && (a === null || b === null || holderOf(a) === holderOf(b)),
    atOnce: (published) => published === null,
  });
  if (held === null) return null;
  const { name, advice } = TEXTS[held.kind];
  const count = `About ${roundedText(held.count)} ${name}`;
  if (held.kind === 'tmpfs-file')
    return {
      text: sentence`${count} lie on the tmpfs ${safeName(held.path)}: what they take stays until they are removed.`,
      advice,
    };
  const who = processText(`pid ${held.pid}`, context.processNames.get(held.pid));
  if (held.kind === 'zombie')
    return {
      text: sentence`${count}, and ${who} does not wait for them (zombies): what they take stays until it does, or ends.`,
      advice,
    };
  return { text: sentence`${count} are held open by ${who}: what they take stays until they are closed.`, advice };
}

/** Who has most of the open sockets, in a sentence; empty where nobody has hundreds of them. */
export function holderOfSockets({ kernelObjects, processNames, steady }: RuleContext): Sentence {
  const sockets = kernelObjects.flatMap((objects) => (objects.kind === 'socket' ? [objects] : []));
  const [most] = sockets.sort((a, b) => b.count - a.count);
  const held = steady.keep('holder of sockets', most ?? null, { same: (a, b) => a?.pid === b?.pid });
  if (held === null) return [];
  const who = processText(`pid ${held.pid}`, processNames.get(held.pid));
  return sentence` About ${roundedText(held.count)} sockets are held open by ${who}.`;
}

const mostBytes = ({ kind, count, grew }: CountedObjects): number => {
  const { maxBytes, maxNewBytes = maxBytes } = TEXTS[kind];
  return count * maxBytes + Math.max(0, grew) * (maxNewBytes - maxBytes);
};

const holderOf = (objects: KernelObjects): string =>
  `${objects.kind} of ${objects.kind === 'tmpfs-file' ? objects.path : objects.pid}`;

/** Two digits, because it may be an estimate: "4,800". */
function roundedText(count: number): string {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(count)) - 1);
  return (Math.round(count / unit) * unit).toLocaleString('en');
}
