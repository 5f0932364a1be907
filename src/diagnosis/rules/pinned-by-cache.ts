import { bytesText } from '../../format.ts';
import { usageAgainstLimit } from '../finding-limit.ts';
import type { ConditionRule } from '../rule.ts';
import { newestValue, unreclaimableNow, unwrittenBytes } from '../rule-context.ts';
import { sentence } from '../sentence.ts';

const ADVICE =
  'This causes no OOM kill: the kernel reclaims cache first. Watch the memory that cannot be reclaimed instead of usage.';
const UNWRITTEN_ADVICE =
  'Much of this cache is not written yet, and the kernel can take it back only after that: on a slow disk the app may stall or be OOM-killed at the limit.';

const MIN_USAGE_SHARE_OF_LIMIT = 0.97;
const MAX_UNRECLAIMABLE_SHARE_OF_LIMIT = 0.9;

/** Usage is at the limit, but a tenth or more of it is cache. The kernel reclaims the cache, which is harmless. */
export const pinnedByCache: ConditionRule = {
  id: 'pinned-by-cache',
  find(context) {
    const limit = context.series.limitBytes;
    const usage = newestValue(context, 'usage');
    const bytes = unreclaimableNow(context);
    if (typeof limit !== 'number' || usage === null || bytes === null) return null;
    if (usage < MIN_USAGE_SHARE_OF_LIMIT * limit || bytes > MAX_UNRECLAIMABLE_SHARE_OF_LIMIT * limit) return null;
    return {
      severity: 'info',
      title: sentence`Usage stands at the limit because page cache fills the rest: ${bytesText(usage - bytes)} can be taken back`,
      evidence: {
        usageBytes: usage,
        limitBytes: limit,
        unreclaimableBytes: bytes,
        limitHits: newestValue(context, 'limit_hits'),
      },
      advice: unwrittenBytes(context) === null ? ADVICE : UNWRITTEN_ADVICE,
      limit: usageAgainstLimit(context),
    };
  },
};
