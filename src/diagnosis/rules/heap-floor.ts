import { bytesText, shareOfBytesText } from '../../format.ts';
import type { CauseShare } from '../../trends/types.ts';
import { etaDueText, noLimitText } from '../eta-text.ts';
import { gainedBytes } from '../growth/anon-growth.ts';
import { isHeapFileAlone } from '../growth/shared-heap.ts';
import { FILLING_HEAP } from '../heap-that-fills.ts';
import type { CauseRule } from '../rule.ts';
import { etaOf, isHeapCounted, isImminent, newestValue, type RuleContext } from '../rule-context.ts';
import { sentence } from '../sentence.ts';
import { steadyRateText } from '../steady-rate.ts';

/** HEAP_MAX is replaced by the size of -Xmx if that is known. */
const ADVICE =
  'Take two class histograms some time apart and compare them (`memhound explain --histogram --attach`, or `jcmd PID GC.class_histogram`), or dump the heap before HEAP_MAX is reached. A larger -Xmx only delays it.';

/**
 * The heap floor rises: the live set after GC grows. A sawtooth over a level floor is healthy. A heap with `what` `filling` touches new pages beside
 * another cause, and no collection has told yet what of it is live.
 */
export const heapFloor: CauseRule = {
  id: 'heap-floor',
  cause: 'heap',
  explain(context, share) {
    if (!isHeapCounted(context)) return withoutCounters(context, share);
    if (share.what === FILLING_HEAP) return filling(context, share);
    const { heapMaxBytes } = context.series;
    const end = endText(context);
    const ends = etaOf(context, 'heap-exhausted') ?? etaOf(context, 'oom-kill');
    return {
      headline: sentence`The Java heap's floor after GC rises ${steadyRateText(context, share.cause, share.bytesPerHour)}${end}.${end === '' ? noLimitText(context) : ''}`,
      severity: isImminent(ends?.seconds ?? null) ? 'critical' : 'warn',
      title: sentence`What survives garbage collection grows: a Java heap leak${mayStop(context) ? ', or soft references that fill it' : ''}`,
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

const FILLING_ADVICE =
  'Nothing has to be done yet. A collection of the old generation tells what of it is live: wait for one, or ask for it (`memhound explain --release`, or `jcmd PID GC.run`).';

/** A heap that fills beside another cause: what survives is known after its old generation has been collected. */
function filling(context: RuleContext, share: CauseShare): ReturnType<CauseRule['explain']> {
  return {
    headline: sentence`The Java heap fills, ${steadyRateText(context, share.cause, share.bytesPerHour)}: whether that is a leak is known after its old generation has been collected.`,
    severity: 'info',
    title: sentence`The Java heap fills, and what a collection leaves of it is not known yet`,
    evidence: {
      bytesPerHour: share.bytesPerHour,
      heapUsedBytes: newestValue(context, 'heap_used'),
      heapMaxBytes: context.series.heapMaxBytes,
      fullCollections: context.jvm?.fullGcCount ?? null,
    },
    advice: FILLING_ADVICE,
  };
}

const UNCOUNTED_ADVICE =
  'Give the JVM its counters back: remove -XX:+PerfDisableSharedMem or -XX:-UsePerfData, and let its user have a name in /etc/passwd. Or start memhound with --attach, so that it may ask the JVM.';

/** For a JVM without counters: its mappings show that its heap fills, but not the live set after a collection. */
function withoutCounters(context: RuleContext, share: CauseShare): ReturnType<CauseRule['explain']> {
  const part = context.anonGrowth?.parts.find(({ id }) => id === 'java-heap') ?? null;
  const all = gainedBytes(context.anonGrowth?.parts ?? []);
  const where =
    part === null
      ? 'in the range of the Java heap'
      : `${shareOfBytesText(part.grewBytes, all)} of it in the range of the Java heap by its mappings`;
  const growth = isHeapFileAlone(context.grown)
    ? `The Java heap, which this JVM holds in shared memory, grows ${steadyRateText(context, share.cause, share.bytesPerHour)}`
    : `Anonymous memory grows ${steadyRateText(context, share.cause, share.bytesPerHour)}, ${where}`;
  return {
    headline: sentence`${growth}. The JVM publishes no counters, so it is not known whether this survives garbage collection.`,
    severity: 'warn',
    title: sentence`The Java heap fills, and the JVM does not say what its collections leave`,
    evidence: {
      bytesPerHour: share.bytesPerHour,
      heapResidentBytes: part?.bytes ?? null,
      grewBytes: part === null ? null : Math.round(part.grewBytes),
    },
    advice: UNCOUNTED_ADVICE,
  };
}

/** The container's limit or -Xmx: the one that the heap reaches first. */
function endText(context: RuleContext): string {
  const exhausted = etaOf(context, 'heap-exhausted');
  const oom = etaOf(context, 'oom-kill');
  const isOomFirst = context.steady.keep(
    'the limit comes before -Xmx',
    oom !== null && (exhausted === null || oom.seconds < exhausted.seconds),
  );
  if (oom !== null && (isOomFirst || exhausted === null))
    return ` and${ifItGoesOn(context)} reaches the container's limit ${etaDueText(context, oom)}: OOM kill`;
  if (exhausted === null) return '';
  const { limitBytes, heapMaxBytes } = context.series;
  // At the limit the time to an OOM kill may not be known, and -Xmx is out of reach.
  if (oom === null && typeof limitBytes === 'number' && typeof heapMaxBytes === 'number' && heapMaxBytes >= limitBytes)
    return ` and${ifItGoesOn(context)} reaches the container's limit before -Xmx: OOM kill`;
  const beforeOom = limitBytes === 'max' ? '' : ', before any OOM kill';
  return ` and${ifItGoesOn(context)} reaches -Xmx ${etaDueText(context, exhausted)}: OutOfMemoryError${beforeOom}`;
}

const ifItGoesOn = (context: RuleContext): string => (mayStop(context) ? ', if it goes on,' : '');

/** Soft references fill a heap as a leak does, and are freed before -Xmx: neither leak nor end is stated as a fact before they are excluded. */
const mayStop = ({ evaluation: { leak, causeBasis }, steady }: RuleContext): boolean =>
  steady.keep(
    'soft references may hold the heap',
    leak === null && causeBasis.some(({ cause, cappedBy }) => cause === 'heap' && cappedBy === 'soft-references'),
    { atOnce: () => leak === true },
  );
