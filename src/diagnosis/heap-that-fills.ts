import { sumPerHour } from '../trends/together/growth-causes.ts';
import type { CauseShare, Evaluation } from '../trends/types.ts';
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
  const isOpen = leak === null && causes.length > 0 && causes.every(({ reclaimable }) => reclaimable);
  if (!isOpen || !isHeapCounted(context)) return evaluation;
  const bytesPerHour = context.steady.keep('a heap that fills', fillingBeside(context), {
    same: (a, b) => (a === null) === (b === null),
    atOnce: (before) => before === null,
  });
  if (bytesPerHour === null) return evaluation;
  const heap: CauseShare = { cause: 'heap', bytesPerHour, reclaimable: false, what: FILLING_HEAP };
  return { ...evaluation, causes: [...causes, heap] };
}

/** Bytes an hour; null: it does not fill. Its newest line may be steeper than what the other causes leave of the growth of all memory used. */
function fillingBeside(context: RuleContext): number | null {
  const { usage } = context.evaluation.fields;
  const filling = fillingHeapPerHour(context) ?? 0;
  // Cache that becomes active was used before.
  const named = sumPerHour(context.evaluation.causes.filter(({ cause }) => cause !== 'active-cache'));
  const rest = usage?.trend === 'growing' ? (usage.slopeBytesPerHour ?? 0) - named : filling;
  const bytesPerHour = Math.min(filling, rest);
  return bytesPerHour > 0 ? bytesPerHour : null;
}
