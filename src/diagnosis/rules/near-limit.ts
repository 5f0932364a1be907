import { bytesText } from '../../format.ts';
import type { ConditionRule } from '../rule.ts';
import { unreclaimableNow } from '../rule-context.ts';
import { sentence } from '../sentence.ts';

const ADVICE =
  'A burst may get the container OOM-killed. Raise the limit or lower -Xmx: heap, metaspace, stacks and native memory must fit together.';

const MIN_SHARE_OF_LIMIT = 0.9;

/** Memory that cannot be reclaimed stands just below the limit. */
export const nearLimit: ConditionRule = {
  id: 'near-limit',
  find(context) {
    const limit = context.series.limitBytes;
    const bytes = unreclaimableNow(context);
    if (typeof limit !== 'number' || bytes === null || bytes < MIN_SHARE_OF_LIMIT * limit) return null;
    return {
      severity: 'critical',
      title: sentence`${bytesText(bytes)} of the ${bytesText(limit)} limit cannot be reclaimed`,
      outcome: 'close to an OOM kill',
      evidence: { unreclaimableBytes: bytes, limitBytes: limit },
      advice: ADVICE,
    };
  },
};
