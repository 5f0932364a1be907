import { bytesText, intervalText, rateText } from '../../format.ts';
import { noLimitText } from '../eta-text.ts';
import type { CauseRule } from '../rule.ts';
import { etaOf, isImminent, newestValue, type RuleContext } from '../rule-context.ts';
import { sentence } from '../sentence.ts';

/** HEAP_MAX stands for -Xmx: its size where that is known. */
const ADVICE =
  'Take two class histograms some time apart and compare them (`memhound explain --histogram --attach`, or `jcmd PID GC.class_histogram`), or dump the heap before HEAP_MAX is reached. A larger -Xmx only delays it.';

/** The heap's floor after collections rises: what survives GC grows. A saw-tooth over a level floor is healthy. */
export const heapFloor: CauseRule = {
  id: 'heap-floor',
  cause: 'heap',
  explain(context, share) {
    const { heapMaxBytes } = context.series;
    const end = endText(context);
    const ends = etaOf(context, 'heap-exhausted') ?? etaOf(context, 'oom-kill');
    return {
      headline: sentence`The Java heap's floor after GC rises ${rateText(share.bytesPerHour)}${end}.${end === '' ? noLimitText(context) : ''}`,
      severity: isImminent(ends?.seconds ?? null) ? 'critical' : 'warn',
      title: sentence`What survives garbage collection grows: a Java heap leak`,
      evidence: {
        bytesPerHour: share.bytesPerHour,
        heapUsedBytes: newestValue(context, 'heap_used'),
        heapMaxBytes,
        collections: context.jvm?.gcCount ?? null,
        fullCollections: context.jvm?.fullGcCount ?? null,
        collector: context.jvm?.collector ?? null,
      },
      advice: ADVICE.replace('HEAP_MAX', typeof heapMaxBytes === 'number' ? bytesText(heapMaxBytes) : '-Xmx'),
    };
  },
};

/** The container's limit or -Xmx, whichever the heap reaches first. */
function endText(context: RuleContext): string {
  const exhausted = etaOf(context, 'heap-exhausted');
  const oom = etaOf(context, 'oom-kill');
  if (oom !== null && (exhausted === null || oom.seconds < exhausted.seconds))
    return ` and reaches the container's limit in ${intervalText(oom.low, oom.high)}: OOM kill`;
  if (exhausted === null) return '';
  const beforeOom = context.series.limitBytes === 'max' ? '' : ', before any OOM kill';
  return ` and reaches -Xmx in ${intervalText(exhausted.low, exhausted.high)}: OutOfMemoryError${beforeOom}`;
}
