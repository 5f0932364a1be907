import { bytesText } from '../../format.ts';
import { NEAR_LIMIT_SHARE } from '../../memory-facts.ts';
import { unreclaimableAgainstLimit } from '../finding-limit.ts';
import type { ConditionRule } from '../rule.ts';
import { limitNow, newestValue, swappedNow, unreclaimableWithSwapNow } from '../rule-context.ts';
import { sentence } from '../sentence.ts';

const ADVICE =
  'A burst may get the container OOM-killed. Raise the limit or lower -Xmx: heap, metaspace, stacks and native memory must fit together.';

/** Unreclaimable memory is just below the limit. */
export const nearLimit: ConditionRule = {
  id: 'near-limit',
  find(context) {
    const limit = limitNow(context);
    const bytes = unreclaimableWithSwapNow(context);
    const swap = swappedNow(context);
    if (typeof limit !== 'number' || bytes === null || bytes < NEAR_LIMIT_SHARE * limit) return null;
    const shared = newestValue(context, 'held_elsewhere') ?? 0;
    const of = shared > 0 ? 'that others leave of the limit' : swap === null ? 'limit' : 'limit of memory and swap';
    return {
      severity: 'critical',
      title: sentence`${bytesText(bytes)} of the ${bytesText(limit)} ${of} cannot be reclaimed`,
      outcome: 'close to an OOM kill',
      evidence: { unreclaimableBytes: bytes, limitBytes: limit, ...(swap === null ? {} : { swapBytes: swap }) },
      advice: ADVICE,
      limit: unreclaimableAgainstLimit(context),
    };
  },
};
