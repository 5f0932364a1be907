import { rateText } from '../../format.ts';
import { usageAgainstLimit } from '../finding-limit.ts';
import type { ConditionRule } from '../rule.ts';
import { growthOf, newestValue } from '../rule-context.ts';
import { sentence } from '../sentence.ts';

const ADVICE =
  'Save a baseline now and compare in an hour: `memhound explain --json > before.json`. A rise that comes with the daily load ends without action.';
const JVM_ADVICE =
  'Save a baseline now and compare in an hour: `memhound explain --json > before.json`, and `jcmd PID GC.class_histogram` if the JVM may be asked. A rise that comes with the daily load, or a heap that fills for the first time, ends without action.';

/** Usage grows and no cause is known yet. A baseline that is saved now will save time later. */
export const unnamedGrowth: ConditionRule = {
  id: 'unnamed-growth',
  find(context) {
    const { trend, leak, causes } = context.evaluation;
    const perHour = growthOf(context, 'usage');
    if (trend !== 'growing' || leak !== null || causes.length > 0 || perHour <= 0) return null;
    return {
      severity: 'warn',
      title: sentence`Usage grows ${rateText(perHour)}, and the cause is not known yet`,
      evidence: {
        bytesPerHour: perHour,
        usageBytes: newestValue(context, 'usage'),
        anonBytes: newestValue(context, 'anon'),
        heapUsedBytes: newestValue(context, 'heap_used'),
        limitBytes: context.series.limitBytes,
      },
      advice: context.jvm === null ? ADVICE : JVM_ADVICE,
      limit: usageAgainstLimit(context),
    };
  },
};
