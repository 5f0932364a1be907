import { dueText } from '../format.ts';
import { etaOf, type RuleContext } from './rule-context.ts';

/** When growth that cannot be taken back ends in an OOM kill, as a sentence that follows another; empty where that is not known. */
export function etaText(context: RuleContext): string {
  const oom = etaOf(context, 'oom-kill');
  return oom !== null ? ` OOM kill ${dueText(oom.low, oom.high)}.` : noLimitText(context);
}

/** A container without a limit is not OOM-killed at a limit: the node's memory is what is left. */
export const noLimitText = (context: RuleContext): string =>
  context.series.limitBytes === 'max'
    ? ' No limit is set: it grows until the node runs short of memory. Kubernetes then evicts pods, first those above their request.'
    : '';

/** When the kernel takes cache back. */
export const reclaimTimeText = (context: RuleContext): string =>
  context.series.limitBytes === 'max' ? 'when the node runs short of memory' : 'at the limit';
