import { bytesText } from '../../format.ts';
import { MIB } from '../../units.ts';
import type { ConditionRule } from '../rule.ts';
import { newestValue, type RuleContext, swappedNow } from '../rule-context.ts';
import { sentence } from '../sentence.ts';

const ADVICE =
  'A garbage collection reads all of the heap and waits for what is swapped out. Lower -Xmx or raise the limit until all fits in memory. A pod gets swap by `memorySwap.swapBehavior` of the kubelet; NoSwap switches it off, and growth then ends at the limit.';

const MIN_BYTES = 16 * MIB;
const MIN_SHARE_OF_ANON = 0.05;

/** A large part of the processes' memory is in swap. Tools that show usage or RSS do not show it. */
export const swappedOut: ConditionRule = {
  id: 'swapped-out',
  find(context) {
    const swap = swappedNow(context);
    const anon = newestValue(context, 'anon') ?? 0;
    if (swap === null || swap < MIN_BYTES || swap < MIN_SHARE_OF_ANON * (anon + swap)) return null;
    return {
      severity: 'warn',
      title: sentence`${bytesText(swap)} of what the processes hold are swapped out: usage and RSS do not show them`,
      evidence: {
        swapBytes: swap,
        anonBytes: newestValue(context, 'anon'),
        swapLimitBytes: newestValue(context, 'swap_limit'),
        memoryAndSwapLimitBytes: newestValue(context, 'memsw_limit'),
      },
      advice: ADVICE,
      limit: { kind: 'swap', bytes: swapLimit(context), level: 'swap', levelBytes: swap },
    };
  },
};

/** cgroup v1 limits memory and swap together. null: not known, or only the node's swap limits it. */
function swapLimit(context: RuleContext): number | null {
  const both = newestValue(context, 'memsw_limit');
  const { limitBytes } = context.series;
  if (both !== null && typeof limitBytes === 'number') return Math.max(0, both - limitBytes);
  return newestValue(context, 'swap_limit');
}
