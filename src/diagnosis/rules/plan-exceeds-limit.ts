import { bytesText, joinWithAnd } from '../../format.ts';
import { MIB } from '../../units.ts';
import { outsideHeapBytes } from '../outside-heap.ts';
import { type PlannedRoom, plannedRooms } from '../planned-rooms.ts';
import type { ConditionRule } from '../rule.ts';
import { memoryLimitNow, type RuleContext, swappedNow } from '../rule-context.ts';
import { sentence } from '../sentence.ts';

/** A smaller share of the limit is within the uncertainty of the parts. */
const MIN_SHARE_OF_LIMIT = 0.01;
const MUCH_SHARE_OF_LIMIT = 0.15;

/**
 * -Xmx and the memory outside the heap are together more than the limit, or would be if what other flags allow were taken: direct memory,
 * metaspace, code cache, stacks, the heap of another JVM. The collector does not know the limit, so the heap may grow until the kernel kills the
 * JVM, although nothing leaks.
 */
export const planExceedsLimit: ConditionRule = {
  id: 'plan-exceeds-limit',
  find(context) {
    const { limitBytes: limit, heapMaxBytes: heapMax } = context.series;
    // Of a limit that is the pod's, what others hold is no room for this JVM.
    const left = memoryLimitNow(context);
    const outside = outsideHeapBytes(context);
    if (
      typeof limit !== 'number' ||
      typeof left !== 'number' ||
      typeof heapMax !== 'number' ||
      outside === null ||
      swappedNow(context) !== null
    )
      return null;
    const rooms = plannedRooms(context, outside);
    const room = rooms.reduce((sum, { bytes }) => sum + bytes, 0);
    const elsewhere = limit - left;
    const excess = heapMax + outside - left;
    if (excess + room < MIN_SHARE_OF_LIMIT * limit) return null;
    const isMeasured = excess >= MIN_SHARE_OF_LIMIT * limit;
    const heapFlag = flagOf(context, HEAP_FLAGS);
    const given = heapFlag === null || heapFlag.startsWith('-Xmx') ? '' : ` (${heapFlag})`;
    const isShared = elsewhere >= MIN_SHARE_OF_LIMIT * limit;
    const limitText = `the ${isShared ? `${bytesText(left)} that others leave of the ` : ''}limit of ${bytesText(limit)}`;
    const rest = isMeasured
      ? sentence`${bytesText(outside)} lie outside the heap: ${bytesText(excess)} more than ${limitText}`
      : sentence`${bytesText(outside + room)} may lie outside the heap (${joinWithAnd(rooms.map(({ text }) => text))}): ${bytesText(excess + room)} more than ${limitText}`;
    const title = sentence`-Xmx is ${bytesText(heapMax)}${given}, and ${rest}`;
    return {
      severity: isMeasured && excess >= MUCH_SHARE_OF_LIMIT * limit ? 'critical' : 'warn',
      title,
      lead: sentence`${title}.`,
      outcome: 'may be OOM-killed without a leak',
      evidence: {
        heapMaxBytes: heapMax,
        outsideHeapBytes: outside,
        directMemoryRoomBytes: rooms.find(({ part }) => part === 'direct-buffers')?.bytes ?? null,
        roomBytes: room,
        excessBytes: isMeasured ? excess : excess + room,
        limitBytes: limit,
        ...(elsewhere > 0 ? { heldElsewhereBytes: elsewhere } : {}),
        flags: [heapFlag, ...rooms.map(({ flag }) => flag)].filter((flag) => flag !== null),
      },
      limit: { kind: 'memory', bytes: limit, level: 'planned', levelBytes: heapMax + outside + room + elsewhere },
      advice: adviceOf({ heapFlag, heapMax, limit, elsewhere, outside, rooms }),
    };
  },
};

interface Plan {
  readonly heapFlag: string | null;
  readonly heapMax: number;
  readonly limit: number;
  /** What others hold of it. */
  readonly elsewhere: number;
  readonly outside: number;
  readonly rooms: readonly PlannedRoom[];
}

/** A tenth is reserved for bursts. */
function adviceOf({ heapFlag, heapMax, limit, elsewhere, outside, rooms }: Plan): string {
  const plan = rooms.reduce((sum, { bytes }) => sum + bytes, heapMax + outside + elsewhere);
  const heap = Math.floor((0.9 * limit - elsewhere - outside) / MIB);
  const lower =
    heap < 32
      ? 'What lies outside the heap leaves no room for a heap'
      : heap * MIB < heapMax
        ? `Set -Xmx${heap}m${heapFlag?.startsWith('-Xmx') === false ? ` instead of ${heapFlag}` : ''}, which leaves a tenth of the limit free`
        : `Lower what may come outside the heap by ${Math.ceil((plan - limit) / MIB)} MiB`;
  return `The collector does not know the limit and lets the heap grow up to -Xmx. ${lower}; or raise the limit to ${Math.ceil((1.1 * plan) / MIB)} MiB; or bound what lies outside the heap: -XX:MaxDirectMemorySize, fewer threads, -XX:ReservedCodeCacheSize.`;
}

/** The last one of these options is valid. */
const HEAP_FLAGS = /^-(?:Xmx|XX:(?:MaxHeapSize|MaxRAMPercentage|MaxRAMFraction|MaxRAM)=)/;

const flagOf = ({ jvm }: RuleContext, pattern: RegExp): string | null =>
  jvm?.flags.findLast((flag) => pattern.test(flag)) ?? null;
