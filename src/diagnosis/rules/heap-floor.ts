import { bytesText, intervalText, rateText } from '../../format.ts';
import { noLimitText } from '../eta-text.ts';
import { etaOf, newestValue, type RuleContext, type RuleResult } from '../rule-context.ts';

/** True when the heap's floor after collections keeps rising: what survives GC grows. A saw-tooth over a level floor is healthy. */
export function heapFloor(context: RuleContext): RuleResult | null {
  const share = context.evaluation.causes.find((c) => c.cause === 'heap');
  if (!share) return null;
  const exhausted = etaOf(context, 'heap-exhausted');
  const oom = etaOf(context, 'oom-kill');
  const heapMax = context.series.heapMaxBytes;
  let end = '';
  if (oom && (!exhausted || oom.seconds < exhausted.seconds))
    end = ` and meets the container's limit in ${intervalText(oom.low, oom.high)}: OOM kill`;
  else if (exhausted)
    end = ` and reaches -Xmx in ${intervalText(exhausted.low, exhausted.high)}: OutOfMemoryError${context.series.limitBytes === 'max' ? '' : ', before any OOM kill'}`;
  return {
    cause: 'heap',
    headline: `The Java heap's floor after GC rises ${rateText(share.bytesPerHour)}${end}.${end === '' ? noLimitText(context) : ''}`,
    etas: [],
    finding: {
      rule: 'heap-floor',
      severity: isImminent(exhausted?.seconds ?? oom?.seconds ?? null) ? 'critical' : 'warn',
      title: 'What survives garbage collection grows: a Java heap leak',
      evidence: {
        bytesPerHour: share.bytesPerHour,
        heapUsedBytes: newestValue(context, 'heap_used'),
        heapMaxBytes: heapMax,
        collections: context.jvm?.gcCount ?? null,
        fullCollections: context.jvm?.fullGcCount ?? null,
        collector: context.jvm?.collector ?? null,
      },
      advice: `Find what holds it: take two class histograms some time apart (\`memhound explain --histogram --attach\`, or jcmd PID GC.class_histogram) and compare, or dump the heap before ${
        typeof heapMax === 'number' ? bytesText(heapMax) : '-Xmx'
      } is reached. A larger -Xmx only moves the day.`,
    },
  };
}

/** Within a day a person should look now. */
export const isImminent = (seconds: number | null): boolean => seconds !== null && seconds < 86400;
