import { rateText } from '../../format.ts';
import { etaText } from '../eta-text.ts';
import type { CauseRule } from '../rule.ts';
import { newestValue, oomSeverity, type RuleContext } from '../rule-context.ts';
import { sentence } from '../sentence.ts';

const ADVICE =
  'Look for proxies, scripts or reflection that define classes for each call (`jcmd PID VM.classloader_stats`). With -XX:MaxMetaspaceSize it ends in an OutOfMemoryError that names metaspace.';

/** Metaspace grows: classes are loaded and their loaders are never unloaded. */
export const metaspaceGrowth: CauseRule = {
  id: 'metaspace-growth',
  cause: 'metaspace',
  explain(context, share) {
    const classes = context.jvm?.classes ?? null;
    return {
      headline: sentence`Metaspace grows ${rateText(share.bytesPerHour)}: ${classesText(context)}.${etaText(context)}`,
      severity: oomSeverity(context),
      title: context.evaluation.leak === null ? sentence`Metaspace grows` : sentence`Class loaders leak`,
      evidence: {
        bytesPerHour: share.bytesPerHour,
        metaspaceBytes: newestValue(context, 'metaspace'),
        loadedClasses: classes?.loaded ?? null,
        unloadedClasses: classes?.unloaded ?? null,
      },
      advice: ADVICE,
    };
  },
};

/** Only a collection can unload classes. Until one has shown that they stay, the rule claims nothing. */
function classesText({ evaluation, jvm, steady }: RuleContext): string {
  const [collections, unloaded] = [jvm?.fullGcCount ?? 0, jvm?.classes?.unloaded ?? null];
  const stay =
    evaluation.leak === true || (collections > 0 && unloaded !== null && unloaded < MAX_UNLOADED * (jvm?.classes?.loaded ?? 0));
  return steady.keep('classes stay', stay)
    ? 'classes are loaded and never unloaded'
    : 'classes are loaded, and it is not known yet whether collections unload them';
}

/** A JVM unloads a few classes of its own at a collection. */
const MAX_UNLOADED = 0.05;
