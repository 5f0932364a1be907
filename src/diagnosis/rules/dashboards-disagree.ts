import { bytesText } from '../../format.ts';
import { MIB } from '../../units.ts';
import type { ConditionRule } from '../rule.ts';
import { newestValue } from '../rule-context.ts';
import { sentence } from '../sentence.ts';

const ADVICE =
  'Tools that show raw usage (New Relic memoryUsedBytes, cAdvisor usage) count inactive page cache. kubectl top, the kubelet and docker stats do not. Set alerts on memory that cannot be reclaimed.';

/** A smaller difference does not confuse operators. */
const MIN_BYTES = 50 * MIB;
const MIN_SHARE_OF_USAGE = 0.1;

/** Raw usage and the working set differ: two dashboards show two numbers, and both are right. */
export const dashboardsDisagree: ConditionRule = {
  id: 'dashboards-disagree',
  find(context) {
    const usage = newestValue(context, 'usage');
    const workingSet = newestValue(context, 'working_set');
    if (usage === null || workingSet === null) return null;
    const difference = usage - workingSet;
    if (difference < MIN_BYTES || difference < MIN_SHARE_OF_USAGE * usage) return null;
    return {
      severity: 'info',
      title: sentence`Dashboards differ by ${bytesText(difference)}: usage is ${bytesText(usage)}, the working set ${bytesText(workingSet)}`,
      evidence: { usageBytes: usage, workingSetBytes: workingSet, inactiveFileBytes: newestValue(context, 'inactive_file') },
      advice: ADVICE,
      limit: null,
    };
  },
};
