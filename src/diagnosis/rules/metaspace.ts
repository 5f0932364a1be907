import { rateText } from '../../format.ts';
import { etaText } from '../eta-text.ts';
import { etaOf, newestValue, type RuleContext, type RuleResult } from '../rule-context.ts';
import { isImminent } from './heap-floor.ts';

/** True when metaspace keeps growing: classes are loaded and their loaders are never let go. */
export function metaspaceGrowth(context: RuleContext): RuleResult | null {
  const share = context.evaluation.causes.find((c) => c.cause === 'metaspace');
  if (!share) return null;
  const oom = etaOf(context, 'oom-kill');
  const classes = context.jvm?.classes ?? null;
  return {
    cause: 'metaspace',
    headline: `Metaspace grows ${rateText(share.bytesPerHour)}: classes are loaded and never unloaded.${etaText(context)}`,
    etas: [],
    finding: {
      rule: 'metaspace-growth',
      severity: isImminent(oom?.seconds ?? null) ? 'critical' : 'warn',
      title: 'A class loader leak',
      evidence: {
        bytesPerHour: share.bytesPerHour,
        metaspaceBytes: newestValue(context, 'metaspace'),
        loadedClasses: classes?.loaded ?? null,
        unloadedClasses: classes?.unloaded ?? null,
      },
      advice:
        'Look for proxies, scripts or reflection that define classes per call (jcmd PID VM.classloader_stats). With -XX:MaxMetaspaceSize it ends in an OutOfMemoryError that names it.',
    },
  };
}
