import { rateText } from '../../format.ts';
import { findingOnly, growthOf, newestValue, type RuleContext, type RuleResult } from '../rule-context.ts';

/** True when usage grows and no cause of it is known yet: what looks at it now would lose least time. */
export function unnamedGrowth(context: RuleContext): RuleResult | null {
  const { trend, leak, causes } = context.evaluation;
  const perHour = growthOf(context, 'usage');
  if (trend !== 'growing' || leak !== null || causes.length > 0 || perHour <= 0) return null;
  return findingOnly({
    rule: 'unnamed-growth',
    severity: 'warn',
    title: `Usage grows ${rateText(perHour)}, and what makes it grow is not known yet`,
    evidence: {
      bytesPerHour: perHour,
      usageBytes: newestValue(context, 'usage'),
      anonBytes: newestValue(context, 'anon'),
      heapUsedBytes: newestValue(context, 'heap_used'),
      limitBytes: context.series.limitBytes,
    },
    advice:
      context.jvm === null
        ? 'Keep a baseline now, to compare in an hour: `memhound explain --json > before.json`. A rise that comes with the load of the day ends by itself.'
        : 'Keep a baseline now, to compare in an hour: `memhound explain --json > before.json` and, if the JVM may be asked, `jcmd PID GC.class_histogram`. A rise that comes with the load of the day, or a heap that fills for the first time, ends by itself.',
  });
}
