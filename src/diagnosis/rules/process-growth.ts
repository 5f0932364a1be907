import { bytesText, durationText, joinWithAnd, safeName } from '../../format.ts';
import type { CauseShare } from '../../trends/types.ts';
import { SECOND_MS } from '../../units.ts';
import { etaDueText, etaText } from '../eta-text.ts';
import { gainedBytes, MIN_GROWTH_BYTES, type PartGrowth } from '../growth/anon-growth.ts';
import { SEVERAL_PROCESSES } from '../growth/attribute.ts';
import { otherJvmOf, processPart } from '../other-jvm.ts';
import type { CauseRule } from '../rule.ts';
import { etaOf, newestValue, type OtherJvm, oomSeverity, type RuleContext } from '../rule-context.ts';
import { sentence } from '../sentence.ts';
import { steadyRateText } from '../steady-rate.ts';

const ADVICE =
  'Flags of the JVM do not help: this memory belongs to another process of the container. Find out why it does not end or shrink. End it when its work is done, give it a limit of its own (`ulimit -v`, its own memory option), and limit how many of them run at the same time.';

/** A process of the container that is not the JVM grows: a browser, a converter, a shell tool. */
export const processGrowth: CauseRule = {
  id: 'process-growth',
  cause: 'process',
  explain(context, share) {
    if (share.what === SEVERAL_PROCESSES) return severalFound(context, share);
    const part = processPart(context.anonGrowth, share.what);
    const name = safeName(share.what ?? 'another process');
    const other = otherJvmOf(context, share);
    return {
      headline: sentence`${share.what === null ? 'Another process' : name}${whoText(context, part)} grows ${steadyRateText(context, share.cause, share.bytesPerHour)}${sizeText(context, part, share)}.${earlierText(context, part)}${otherHeapText(context, other)}${jvmText(context)}${endText(context, other)}`,
      severity: oomSeverity(context),
      title: sentence`Another ${other === null ? 'process' : 'JVM'} of the container grows: ${name}`,
      evidence: {
        bytesPerHour: share.bytesPerHour,
        process: share.what,
        processes: part?.process?.processes ?? null,
        pid: part?.process?.pid ?? null,
        parent: part?.process?.parent ?? null,
        processBytes: part?.bytes ?? null,
        grewBytes: part === null ? null : Math.round(part.grewBytes),
        endedBefore: part?.process?.lives?.earlier?.lives ?? null,
        jvmRssBytes: context.target.jvm === null ? null : newestValue(context, 'rss'),
      },
      advice:
        other === null
          ? ADVICE
          : `This memory belongs to another JVM of the container, with a heap of its own: read its verdict at ${other.address}.`,
    };
  },
};

const MAX_NAMES = 3;

/** Many processes of different names grow together: the shell tools of a pipeline, the workers of a server. */
function severalFound(context: RuleContext, share: CauseShare): ReturnType<CauseRule['explain']> {
  const apart = new Set(context.evaluation.causes.map(({ what }) => what));
  const parts = (context.anonGrowth?.parts ?? []).filter(
    ({ id, name, grewBytes }) => id === 'other-process' && grewBytes > 0 && !apart.has(name),
  );
  const now = parts.map(({ name }) => name).slice(0, MAX_NAMES);
  // Which of them grew most changes all the time.
  const names = context.steady.keep('names of several processes', now, {
    isSilent: (published) => published.every((name) => context.anonGrowth?.parts.some((part) => part.name === name)),
  });
  const more = parts.length > names.length ? [`${parts.length - names.length} more`] : [];
  const listed = joinWithAnd([...names.map((name) => safeName(name)), ...more]);
  const bytes = parts.reduce((sum, part) => sum + part.bytes, 0);
  return {
    headline: sentence`Processes of ${parts.length} names (${listed}) grow ${steadyRateText(context, share.cause, share.bytesPerHour)} together, ${bytesText(bytes)} now.${jvmText(context)}${etaText(context)}`,
    severity: oomSeverity(context),
    title: sentence`Other processes of the container grow: ${listed}`,
    evidence: {
      bytesPerHour: share.bytesPerHour,
      process: share.what,
      processes: parts.reduce((sum, part) => sum + (part.process?.processes ?? 1), 0),
      pid: null,
      parent: null,
      processBytes: bytes,
      grewBytes: Math.round(gainedBytes(parts)),
      jvmRssBytes: context.target.jvm === null ? null : newestValue(context, 'rss'),
    },
    advice: ADVICE,
  };
}

/** How often it was started before, and how large it was; empty: never, or it was small. */
function earlierText({ atMs }: RuleContext, part: PartGrowth | null): string {
  const earlier = part?.process?.lives?.earlier ?? null;
  if (earlier === null || earlier.mostPeakBytes < MIN_GROWTH_BYTES) return '';
  const [least, most] = [bytesText(earlier.leastPeakBytes), bytesText(earlier.mostPeakBytes)];
  const size = earlier.lives > 1 && least !== most ? `${least} to ${most}` : most;
  const times = earlier.lives === 1 ? 'once' : `${earlier.lives} times`;
  const before = earlier.lives === 1 ? 'the one' : 'those';
  return ` It was started again ${times} in ${durationText(atMs / SECOND_MS - earlier.firstS)}: ${before} before reached ${size}.`;
}

/** The known facts about the heap of another JVM; empty: it is not a JVM, or its heap was not read. */
function otherHeapText({ steady, evaluation }: RuleContext, other: OtherJvm | null): string {
  if (other === null) return '';
  const rises = steady.keep(`heap of ${other.pid} rises`, other.heapRises, { atOnce: (before) => before === null });
  if (rises === null) return '';
  if (!rises) return ' It is a JVM, and its Java heap does not grow.';
  const leak = evaluation.leak === true ? ': a heap leak of that JVM' : '';
  return ` It is a JVM, and the floor of its Java heap after GC rises${leak}.`;
}

/** The end of the growth: the kill, or the -Xmx of the other JVM if that comes first. */
function endText(context: RuleContext, other: OtherJvm | null): string {
  const [exhausted, oom] = [etaOf(context, 'heap-exhausted'), etaOf(context, 'oom-kill')];
  if (other === null || exhausted === null || (oom !== null && oom.seconds < exhausted.seconds)) return etaText(context);
  return ` Its heap reaches its -Xmx ${etaDueText(context, exhausted)}: OutOfMemoryError.`;
}

/** " (pid 12, started by the JVM)" */
function whoText({ target }: RuleContext, part: PartGrowth | null): string {
  if (part === null || part.process === null) return '';
  const { processes, pid, parent } = part.process;
  const many = processes > 1 ? `${processes} processes, the largest is pid ${pid}` : `pid ${pid}`;
  if (parent === null) return ` (${many})`;
  const starter = target.jvm !== null && parent.pid === target.pid ? 'the JVM' : `${safeName(parent.name)}, pid ${parent.pid}`;
  return ` (${many}, started by ${starter})`;
}

/** ", 27.9 MiB now"; where the kernel has more for the processes than they have themselves, that is most of the growth. */
function sizeText({ steady }: RuleContext, part: PartGrowth | null, { bytesPerHour, what }: CauseShare): string {
  if (part === null || part.bytes === 0) return '';
  return steady.keep(`most of ${what} is kernel memory`, bytesPerHour > 2 * part.bytesPerHour)
    ? `, most of it kernel memory for so many processes; they hold ${bytesText(part.bytes)} themselves now`
    : `, ${bytesText(part.bytes)} now`;
}

/** The JVM's own parts, if they do not grow. */
function jvmText({ anonGrowth, target, steady }: RuleContext): string {
  if (anonGrowth === null || target.jvm === null) return '';
  const own = anonGrowth.parts.filter(({ id }) => id !== 'other-process');
  const grew = own.reduce((sum, part) => sum + part.grewBytes, 0);
  const bytes = own.reduce((sum, part) => sum + part.bytes, 0);
  return steady.keep('the JVM itself stands', grew < 0.1 * anonGrowth.grewBytes)
    ? ` The JVM itself stands at ${bytesText(bytes)}.`
    : '';
}
