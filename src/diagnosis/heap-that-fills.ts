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
  const bytesPerHour = isOpen && isHeapCounted(context) ? fillingHeapPerHour(context) : null;
  if (bytesPerHour === null || bytesPerHour <= 0) return evaluation;
  const heap: CauseShare = { cause: 'heap', bytesPerHour, reclaimable: false, what: FILLING_HEAP };
  return { ...evaluation, causes: [...causes, heap] };
}
