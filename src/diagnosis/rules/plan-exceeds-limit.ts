import { bytesText } from '../../format.ts';
import { residentHeap } from '../../memory-facts.ts';
import { heapCountedIn } from '../../sources/jvm/collectors.ts';
import { MIB, SECOND_MS } from '../../units.ts';
import { directMemoryLimit } from '../direct-memory.ts';
import type { ConditionRule } from '../rule.ts';
import { newestValue, type RuleContext, swappedNow, unreclaimableNow } from '../rule-context.ts';
import { sentence } from '../sentence.ts';

/** A smaller share of the limit is within the uncertainty of the parts. */
const MIN_SHARE_OF_LIMIT = 0.01;
const MUCH_SHARE_OF_LIMIT = 0.15;
/** Older readings of the mappings are not used. */
const MAX_AGE_S = 600;

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
      : sentence`${bytesText(outside + (direct?.bytes ?? 0))} may lie outside the heap (${direct?.flag ?? ''}): ${bytesText(plannedExcess)} more than the limit of ${bytesText(limit)}`;
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

/** The direct memory that -XX:MaxDirectMemorySize still allows; null: the flag is not given. */
function directRoomBytes(context: RuleContext, outside: number): { readonly bytes: number; readonly flag: string } | null {
  const most = directMemoryLimit(context);
  if (most === null) return null;
  // Without the mappings, all memory other than metaspace may already be direct buffers.
  const now =
    partsNow(context)?.find(({ id }) => id === 'direct-buffers')?.bytes ??
    Math.max(0, outside - (newestValue(context, 'metaspace') ?? 0));
  return { bytes: Math.max(0, most.bytes - now), flag: most.flag };
}

/** Unreclaimable bytes without the resident heap; null: the heap's values are not known. */
export function outsideHeapBytes(context: RuleContext): number | null {
  const all = unreclaimableNow(context);
  const [anon, used, committed] = [
    newestValue(context, 'anon'),
    newestValue(context, 'heap_used'),
    newestValue(context, 'heap_committed'),
  ];
  if (all === null || anon === null || used === null || committed === null) return null;
  const measured = anonOutsideHeap(context);
  if (measured !== null) return all - anon + measured;
  const shared = heapCountedIn(context.jvm?.collector ?? null) === 'shmem';
  const heap = shared
    ? Math.min(newestValue(context, 'shmem') ?? 0, committed)
    : residentHeap(anon, newestValue(context, 'metaspace') ?? 0, { used, committed });
  return all - Math.min(all, heap);
}

/** Anonymous memory outside the heap by the newest reading of the mappings; null: they contain no heap, or are not known. */
function anonOutsideHeap(context: RuleContext): number | null {
  const parts = partsNow(context);
  if (parts === null || !parts.some(({ id, bytes }) => id === 'java-heap' && bytes > 0)) return null;
  return parts.reduce((sum, { id, bytes }) => sum + (id === 'java-heap' ? 0 : bytes), 0);
}

function partsNow({ series, atMs }: RuleContext): readonly { readonly id: string; readonly bytes: number }[] | null {
  const { t, parts } = series.parts;
  const at = t.at(-1);
  if (at === undefined || atMs / SECOND_MS - at > MAX_AGE_S) return null;
  return parts.map((part) => ({ id: part.id, bytes: part.bytes.at(-1) ?? 0 }));
}
