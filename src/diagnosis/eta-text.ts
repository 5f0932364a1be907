import { intervalText } from '../format.ts';
import { etaOf, type RuleContext } from './rule-context.ts';

/** What memory that cannot be taken back comes to, as a sentence that follows another; empty where it cannot be told. */
export function etaText(context: RuleContext): string {
  const oom = etaOf(context, 'oom-kill');
  return oom !== null ? ` OOM kill in ${intervalText(oom.low, oom.high)}.` : noLimitText(context);
}

/** Without a limit of its own no container is OOM-killed at one: what is left is the node. */
export const noLimitText = (context: RuleContext): string =>
  context.series.limitBytes === 'max'
    ? ' No limit is set: it grows until the node runs short of memory, and Kubernetes then evicts pods, first those above their request.'
    : '';

/** When the kernel takes cache back. */
export const reclaimTimeText = (context: RuleContext): string =>
  context.series.limitBytes === 'max' ? 'when the node runs short of memory' : 'at the limit';
