import { bytesText, dueText, durationText, intervalText } from '../format.ts';
import type { Eta } from '../trends/types.ts';
import { etaOf, newestValue, type RuleContext, swappedNow, unwrittenBytes } from './rule-context.ts';

/**
 * The time of an event: "in 4 to 5 minutes", "in 5 minutes" if the interval is too narrow to show. An interval at the border between both is
 * shown as one figure, so that the form does not change with each evaluation.
 */
export function etaDueText(
  { steady }: RuleContext,
  { event, seconds, low, high }: Pick<Eta, 'event' | 'seconds' | 'low' | 'high'>,
): string {
  const isNarrow = high !== null && intervalText(low, high) === durationText(high);
  const asOne = steady.keep(`time to ${event} is one figure`, isNarrow, { atOnce: (_, narrow) => narrow });
  const isOpen = steady.keep(`time to ${event} has no end`, high === null, { atOnce: (_, open) => open });
  if (isOpen) return dueText(low, null);
  return asOne && !isNarrow ? dueText(seconds, seconds) : dueText(low, high);
}

/** The time until unreclaimable growth ends in an OOM kill, as a sentence that follows another; empty if it is not known. */
export function etaText(context: RuleContext): string {
  const oom = etaOf(context, 'oom-kill');
  const swap = swappedNow(context);
  if (swap !== null) {
    const end = oom === null ? 'it ends when swap is full' : `OOM kill ${etaDueText(context, oom)}, when swap is full too`;
    return ` The kernel swaps it out, ${bytesText(swap)} so far: ${end}.`;
  }
  return oom !== null ? ` OOM kill ${etaDueText(context, oom)}.${throttlingText(context)}` : noLimitText(context);
}

/** Of the level at which the kernel slows down; above it usage goes back and forth by what the kernel could not take back yet. */
const AT_HIGH = 0.97;

/** What the kernel does on the way to the limit, if growth reaches memory.high first. */
function throttlingText(context: RuleContext): string {
  const high = newestValue(context, 'high');
  const { limitBytes } = context.series;
  if (high === null || (typeof limitBytes === 'number' && high >= limitBytes)) return '';
  const isThere = context.steady.keep('usage is at memory.high', (newestValue(context, 'usage') ?? 0) >= AT_HIGH * high);
  return isThere
    ? ` The kernel slows it down already: usage is at memory.high (${bytesText(high)}), and the time to the limit becomes longer.`
    : ` Before that the kernel slows it down at memory.high (${bytesText(high)}).`;
}

/** A container without a limit is not OOM-killed at a limit. Its growth ends when the node has no memory left. */
export const noLimitText = (context: RuleContext): string =>
  context.series.limitBytes === 'max'
    ? ' No limit is set: it grows until the node runs short of memory. Kubernetes then evicts pods, first those above their request.'
    : '';

/** The time at which the kernel starts to reclaim cache. */
export const reclaimTimeText = (context: RuleContext): string =>
  context.series.limitBytes === 'max' ? 'when the node runs short of memory' : 'at the limit';

/** The same for page cache, a part of which may not be written to disk yet. */
export function cacheReclaimText(context: RuleContext): string {
  const bytes = unwrittenBytes(context);
  return `${reclaimTimeText(context)}${bytes === null ? '' : `, but ${bytesText(bytes)} of it only after they are written to disk`}`;
}
