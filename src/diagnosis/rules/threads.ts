import { rateText } from '../../format.ts';
import { etaText } from '../eta-text.ts';
import { etaOf, newestValue, type RuleContext, type RuleResult, trendOf } from '../rule-context.ts';
import { isImminent } from './heap-floor.ts';

/** True when the number of threads keeps growing, and stacks with it. */
export function threadGrowth(context: RuleContext): RuleResult | null {
  const share = context.evaluation.causes.find((c) => c.cause === 'threads');
  if (!share) return null;
  const perHour = trendOf(context, 'threads')?.slopeBytesPerHour ?? null;
  const threads = newestValue(context, 'threads');
  const oom = etaOf(context, 'oom-kill');
  const pace =
    perHour === null
      ? 'Threads grow'
      : `Threads grow by ${perHour >= 120 ? `${Math.round(perHour / 60)} a minute` : `${Math.round(perHour)} an hour`}`;
  return {
    cause: 'threads',
    headline: `${pace}${threads === null ? '' : `, ${threads} now`}; their stacks and kernel memory take ${rateText(share.bytesPerHour)}.${etaText(context)}`,
    etas: [],
    finding: {
      rule: 'thread-growth',
      severity: isImminent(oom?.seconds ?? null) ? 'critical' : 'warn',
      title: 'Threads are started and never end',
      evidence: {
        threadsPerHour: perHour,
        threads,
        bytesPerHour: share.bytesPerHour,
        kernelStackBytes: newestValue(context, 'kernel_stack'),
        liveJavaThreads: context.jvm?.threads?.live ?? null,
      },
      advice:
        'Take a thread dump (jcmd PID Thread.print) and look for a name that repeats: an executor made per request or a timer that is never cancelled. Bound the pool.',
    },
  };
}
