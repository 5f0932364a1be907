import { etaText } from '../eta-text.ts';
import type { CauseRule } from '../rule.ts';
import { newestValue, oomSeverity, trendOf } from '../rule-context.ts';
import { sentence } from '../sentence.ts';
import { steadyRateText } from '../steady-rate.ts';

const ADVICE =
  'Take a thread dump (`jcmd PID Thread.print`) and look for a name that repeats: an executor or an HTTP client that is created for each request, or a timer that is never cancelled. Bound the pool.';

/** The number of threads grows, and their stacks with it. */
export const threadGrowth: CauseRule = {
  id: 'thread-growth',
  cause: 'threads',
  explain(context, share) {
    const perHour = trendOf(context, 'threads')?.slopeBytesPerHour ?? null;
    const threads = newestValue(context, 'threads');
    const now = threads === null ? '' : `, ${threads} now`;
    return {
      headline: sentence`Threads grow${paceText(perHour)}${now}; their stacks and kernel memory take ${steadyRateText(context, share.cause, share.bytesPerHour)}.${etaText(context)}`,
      severity: oomSeverity(context),
      title: sentence`Threads are started and never end`,
      evidence: {
        threadsPerHour: perHour,
        threads,
        bytesPerHour: share.bytesPerHour,
        kernelStackBytes: newestValue(context, 'kernel_stack'),
        liveJavaThreads: context.jvm?.threads?.live ?? null,
      },
      advice: ADVICE,
    };
  },
};

/** " by 12 an hour", " by 3 a minute" from two a minute on. */
function paceText(perHour: number | null): string {
  if (perHour === null) return '';
  return perHour >= 120 ? ` by ${Math.round(perHour / 60)} a minute` : ` by ${Math.round(perHour)} an hour`;
}
