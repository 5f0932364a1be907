import { bytesText } from '../../format.ts';
import { etaText } from '../eta-text.ts';
import type { CauseRule } from '../rule.ts';
import { newestValue, oomSeverity, type RuleContext } from '../rule-context.ts';
import { sentence } from '../sentence.ts';
import { fitsLimit, sizeFlag } from '../size-flag.ts';
import { steadyRateText } from '../steady-rate.ts';

const ADVICE =
  'Look for proxies, scripts or reflection that define classes for each call (`jcmd PID VM.classloader_stats`). With -XX:MaxMetaspaceSize it ends in an OutOfMemoryError that names metaspace.';

/** Metaspace grows: classes are loaded and their loaders are never unloaded. */
export const metaspaceGrowth: CauseRule = {
  id: 'metaspace-growth',
  cause: 'metaspace',
  explain(context, share) {
    const classes = context.jvm?.classes ?? null;
    return {
      headline: sentence`Metaspace grows ${steadyRateText(context, share.cause, share.bytesPerHour)}: ${classesText(context)}.${boundText(context) ?? etaText(context)}`,
      severity: oomSeverity(context),
      title: context.evaluation.leak === null ? sentence`Metaspace grows` : sentence`Classes are loaded and never unloaded`,
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

/** Its end by -XX:MaxMetaspaceSize, if the limit has room for that; null: it has not, or nothing bounds it. */
function boundText(context: RuleContext): string | null {
  const most = sizeFlag(context.jvm, 'MaxMetaspaceSize');
  const bytes = metaspaceBytes(context);
  if (most === null || bytes === null || !fitsLimit(context, most.bytes - bytes)) return null;
  return ` It ends at ${bytesText(most.bytes)} (${most.flag}), which the limit has room for: OutOfMemoryError, ${bytesText(bytes)} now.`;
}

/** Metaspace and class space, which the flag bounds together, by the mappings; else by the JVM, whose figure may lag. */
function metaspaceBytes(context: RuleContext): number | null {
  const parts = (context.anonGrowth?.parts ?? []).filter(({ id }) => id === 'metaspace' || id === 'class-space');
  return parts.length > 0 ? parts.reduce((sum, { bytes }) => sum + bytes, 0) : newestValue(context, 'metaspace');
}

/** Only a collection can unload classes. Until one has shown that they stay, the rule claims nothing. */
function classesText({ evaluation, jvm, steady }: RuleContext): string {
  const [collections, unloaded] = [jvm?.fullGcCount ?? 0, jvm?.classes?.unloaded ?? null];
  const stay =
    evaluation.leak === true || (collections > 0 && unloaded !== null && unloaded < MAX_UNLOADED * (jvm?.classes?.loaded ?? 0));
  // Growth that is published as a leak is not said to be of unknown kind beside that.
  return steady.keep('classes stay', stay, { atOnce: (_, now) => now })
    ? 'classes are loaded and never unloaded'
    : 'classes are loaded, and it is not known yet whether collections unload them';
}

/** A JVM unloads a few classes of its own at a collection. */
const MAX_UNLOADED = 0.05;
