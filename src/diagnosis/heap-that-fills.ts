import { sumPerHour } from '../trends/together/growth-causes.ts';
import type { CauseShare, Evaluation } from '../trends/types.ts';
import { causeOfPart, gainedBytes, MIN_GROWTH_BYTES } from './growth/anon-growth.ts';
import { fillingHeapPerHour, isHeapCounted, type RuleContext } from './rule-context.ts';

/** `what` of a heap that touches new pages, while nobody knows yet what a collection leaves of it. */
export const FILLING_HEAP = 'filling';

/**
 * The evaluation with a heap that fills as a cause beside the others, so that what they have of the growth adds up. Alone it is no cause: then nothing
 * but its next collection can tell more.
 */
export function withHeapThatFills(context: RuleContext): Evaluation {
  const { evaluation } = context;
  const { causes, leak } = evaluation;
  const isBeside = leak !== false && causes.length > 0 && causes.every(({ cause }) => cause !== 'heap');
  if (!isBeside || !isHeapCounted(context)) return evaluation;
  const bytesPerHour = context.steady.keep('a heap that fills', fillingBeside(context), {
    same: (a, b) => (a === null) === (b === null),
    atOnce: (before) => before === null,
  });
  if (bytesPerHour === null) return evaluation;
  const heap: CauseShare = { cause: 'heap', bytesPerHour, reclaimable: false, what: FILLING_HEAP };
  return { ...evaluation, causes: [...causes, heap] };
}

/** Less beside other memory that leaks is the start of a JVM. */
const MIN_SHARE = 0.1;

/** What the mappings of the heap grew by, where that is a part of all growth that counts; null: it is not, or they were not read. */
function measuredPerHour({ anonGrowth }: RuleContext): number | null {
  const inHeap = anonGrowth?.parts.filter(({ id }) => causeOfPart(id) === 'heap') ?? [];
  const grewBytes = gainedBytes(inHeap);
  if (anonGrowth === null || grewBytes < MIN_GROWTH_BYTES || grewBytes < MIN_SHARE * gainedBytes(anonGrowth.parts)) return null;
  return sumPerHour(inHeap);
}

/** Bytes an hour; null: it does not fill. Its newest line may be steeper than what the other causes leave of the growth of all memory used. */
function fillingBeside(context: RuleContext): number | null {
  const { usage } = context.evaluation.fields;
  const isAnswered = context.evaluation.causes.some(({ reclaimable }) => !reclaimable);
  const filling = (isAnswered ? measuredPerHour(context) : fillingHeapPerHour(context)) ?? 0;
  // Cache that becomes active was used before.
  const named = sumPerHour(context.evaluation.causes.filter(({ cause }) => cause !== 'active-cache'));
  const rest = usage?.trend === 'growing' ? (usage.slopeBytesPerHour ?? 0) - named : filling;
  const bytesPerHour = Math.min(filling, rest);
  return bytesPerHour > 0 ? bytesPerHour : null;
}
