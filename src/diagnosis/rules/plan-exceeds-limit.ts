import { bytesText } from '../../format.ts';
import { MIB } from '../../units.ts';
import { directBuffersGrow, directMemoryLimit } from '../direct-memory.ts';
import { outsideHeapBytes, partsNow } from '../outside-heap.ts';
import type { ConditionRule } from '../rule.ts';
import { newestValue, type RuleContext, swappedNow } from '../rule-context.ts';
import { sentence } from '../sentence.ts';

/** A smaller share of the limit is within the uncertainty of the parts. */
const MIN_SHARE_OF_LIMIT = 0.01;
const MUCH_SHARE_OF_LIMIT = 0.15;

/**
 * -Xmx and the memory outside the heap are together more than the limit. The collector does not know the limit, so the heap may grow until
 * the kernel kills the JVM, although nothing leaks.
 */
export const planExceedsLimit: ConditionRule = {
  id: 'plan-exceeds-limit',
  find(context) {
    const { limitBytes: limit, heapMaxBytes: heapMax } = context.series;
    const outside = outsideHeapBytes(context);
    if (typeof limit !== 'number' || typeof heapMax !== 'number' || outside === null || swappedNow(context) !== null) return null;
    const direct = directRoomBytes(context, outside);
    const excess = heapMax + outside - limit;
    const plannedExcess = excess + (direct?.bytes ?? 0);
    if (plannedExcess < MIN_SHARE_OF_LIMIT * limit) return null;
    const isMeasured = excess >= MIN_SHARE_OF_LIMIT * limit;
    const heapFlag = flagOf(context, HEAP_FLAGS);
    const given = heapFlag === null || heapFlag.startsWith('-Xmx') ? '' : ` (${heapFlag})`;
    const rest = isMeasured
      ? sentence`${bytesText(outside)} lie outside the heap: ${bytesText(excess)} more than the limit of ${bytesText(limit)}`
      : sentence`${bytesText(outside + (direct?.bytes ?? 0))} may lie outside the heap (${direct?.text ?? ''}): ${bytesText(plannedExcess)} more than the limit of ${bytesText(limit)}`;
    const title = sentence`-Xmx is ${bytesText(heapMax)}${given}, and ${rest}`;
    return {
      severity: isMeasured && excess >= MUCH_SHARE_OF_LIMIT * limit ? 'critical' : 'warn',
      title,
      lead: sentence`${title}.`,
      outcome: 'may be OOM-killed without a leak',
      evidence: {
        heapMaxBytes: heapMax,
        outsideHeapBytes: outside,
        directMemoryRoomBytes: direct?.bytes ?? null,
        excessBytes: isMeasured ? excess : plannedExcess,
        limitBytes: limit,
        flags: [heapFlag, direct?.flag ?? null].filter((flag) => flag !== null),
      },
      limit: { kind: 'memory', bytes: limit, level: 'planned', levelBytes: heapMax + outside + (direct?.bytes ?? 0) },
      advice: adviceOf(heapFlag, limit, outside, heapMax + outside + (direct?.bytes ?? 0)),
    };
  },
};

/** A tenth is reserved for bursts. */
function adviceOf(heapFlag: string | null, limit: number, outside: number, plan: number): string {
  const heap = Math.floor((0.9 * limit - outside) / MIB);
  const lower =
    heap < 32
      ? 'What lies outside the heap leaves no room for a heap'
      : `Set -Xmx${heap}m${heapFlag?.startsWith('-Xmx') === false ? ` instead of ${heapFlag}` : ''}, which leaves a tenth of the limit free`;
  return `The collector does not know the limit and lets the heap grow up to -Xmx. ${lower}; or raise the limit to ${Math.ceil((1.1 * plan) / MIB)} MiB; or bound what lies outside the heap: -XX:MaxDirectMemorySize, fewer threads, -XX:ReservedCodeCacheSize.`;
}

/** The last one of these options is valid. */
const HEAP_FLAGS = /^-(?:Xmx|XX:(?:MaxHeapSize|MaxRAMPercentage|MaxRAMFraction|MaxRAM)=)/;

const flagOf = ({ jvm }: RuleContext, pattern: RegExp): string | null =>
  jvm?.flags.findLast((flag) => pattern.test(flag)) ?? null;

/**
 * The direct memory that the JVM still allows; null: not known. Its default is no plan of the operator: hardly any program takes as much, so it
 * counts only where direct buffers grow.
 */
function directRoomBytes(context: RuleContext, outside: number): ReturnType<typeof directMemoryLimit> {
  const most = directMemoryLimit(context);
  const grows = context.steady.keep('direct buffers grow', directBuffersGrow(context));
  if (most === null || (most.flag === null && !grows)) return null;
  // Without the mappings, all memory other than metaspace may already be direct buffers.
  const now =
    partsNow(context)?.find(({ id }) => id === 'direct-buffers')?.bytes ??
    Math.max(0, outside - (newestValue(context, 'metaspace') ?? 0));
  return { ...most, bytes: Math.max(0, most.bytes - now) };
}
