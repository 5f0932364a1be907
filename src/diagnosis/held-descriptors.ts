import { processText } from '../format.ts';
import type { DescriptorHolder, DescriptorKind } from '../sources/process/descriptor-holder.ts';
import { KIB } from '../units.ts';
import { newestValue, type RuleContext } from './rule-context.ts';

/*
 * Kernel memory has no owner, but descriptors have: a process that holds thousands of pipes is named beside kernel memory that grows. Pure.
 */

interface KindText {
  readonly name: string;
  /** The most kernel memory that one of them takes. A pipe has two ends and 64 KiB. */
  readonly maxBytes: number;
  readonly advice: string;
}

const SELECTORS =
  'Each Selector holds an epoll set and an eventfd or a pipe until it is closed: look for clients (HTTP, Netty, Kafka, AWS) that are made for each request, and make one for all.';

const TEXTS: Readonly<Record<DescriptorKind, KindText>> = {
  pipe: {
    name: 'ends of pipes',
    maxBytes: 32 * KIB,
    advice:
      'Look for a Process whose streams are not closed, and for Pipe.open: a pipe keeps what was written and not read, up to 64 KiB, until its ends are closed.',
  },
  socket: {
    name: 'sockets',
    maxBytes: 8 * KIB,
    advice:
      'Look for responses whose body is not closed, and for a pool of connections without a bound: `ss -tanp` shows the peers. CLOSE-WAIT: the peer has closed, and this process has not.',
  },
  epoll: { name: 'epoll sets', maxBytes: 4 * KIB, advice: SELECTORS },
  eventfd: { name: 'eventfds', maxBytes: 4 * KIB, advice: SELECTORS },
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
};

/** What they may take must be this share of kernel memory. */
const MIN_SHARE = 0.25;

/** The process that holds so many descriptors that they may explain kernel memory, in a sentence, with advice; null: none is known. */
export function heldDescriptors(context: RuleContext): { readonly text: string; readonly advice: string } | null {
  const found = context.descriptorHolder;
  const kernel = newestValue(context, 'kernel') ?? newestValue(context, 'slab') ?? 0;
  const explains = found !== null && found.count * TEXTS[found.kind].maxBytes >= MIN_SHARE * kernel ? found : null;
  const holder = context.steady.keep<DescriptorHolder | null>('holder of descriptors', explains, {
    same: (a, b) => a?.pid === b?.pid && a?.kind === b?.kind,
    atOnce: (published) => published === null,
  });
  if (holder === null) return null;
  const { name, advice } = TEXTS[holder.kind];
  const who = processText(`pid ${holder.pid}`, context.processNames.get(holder.pid));
  return {
    text: `Held open are about ${roundedText(holder.count)} ${name}, by ${who}: what they take stays until they are closed.`,
    advice,
  };
}

/** Two digits, because it may be an estimate: "4,800". */
function roundedText(count: number): string {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(count)) - 1);
  return (Math.round(count / unit) * unit).toLocaleString('en');
}
