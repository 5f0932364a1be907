import { bytesText, rateText, safeName } from '../../format.ts';
import { etaText } from '../eta-text.ts';
import type { PartGrowth } from '../growth/anon-growth.ts';
import type { CauseRule } from '../rule.ts';
import { newestValue, type OtherJvm, oomSeverity, type RuleContext } from '../rule-context.ts';
import { sentence } from '../sentence.ts';

const ADVICE =
  'Flags of the JVM do not help: this memory belongs to another process of the container. Find out why it does not end or shrink. End it when its work is done, give it a limit of its own (`ulimit -v`, its own memory option), and limit how many of them run at the same time.';

/** A process of the container that is not the JVM grows: a browser, a converter, a shell tool. */
export const processGrowth: CauseRule = {
  id: 'process-growth',
  cause: 'process',
  explain(context, share) {
    const part = context.anonGrowth?.parts.find(({ id, name }) => id === 'other-process' && name === share.what) ?? null;
    const name = safeName(share.what ?? 'another process');
    const other = context.otherJvms.find(({ pid }) => pid === part?.process?.pid) ?? null;
    return {
      headline: sentence`${share.what === null ? 'Another process' : name}${whoText(context, part)} grows ${rateText(share.bytesPerHour)}${sizeText(part)}.${otherHeapText(context, other)}${jvmText(context)}${etaText(context)}`,
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
        jvmRssBytes: context.target.jvm === null ? null : newestValue(context, 'rss'),
      },
      advice:
        other === null
          ? ADVICE
          : `This memory belongs to another JVM of the container, with a heap of its own: read its verdict at ${other.address}.`,
    };
  },
};

/** The known facts about the heap of another JVM; empty: it is not a JVM, or its heap was not read. */
function otherHeapText({ steady }: RuleContext, other: OtherJvm | null): string {
  if (other === null) return '';
  const rises = steady.keep(`heap of ${other.pid} rises`, other.heapRises, { atOnce: (before) => before === null });
  if (rises === null) return '';
  return rises
    ? ' It is a JVM, and the floor of its Java heap after GC rises: a heap leak of that JVM.'
    : ' It is a JVM, and its Java heap does not grow.';
}

/** ", which the JVM started (pid 12)," */
function whoText({ target }: RuleContext, part: PartGrowth | null): string {
  if (part === null || part.process === null) return '';
  const { processes, pid, parent } = part.process;
  const many = processes > 1 ? `${processes} processes, the largest is pid ${pid}` : `pid ${pid}`;
  if (parent === null) return ` (${many})`;
  const starter = target.jvm !== null && parent.pid === target.pid ? 'the JVM' : `${safeName(parent.name)}, pid ${parent.pid}`;
  return ` (${many}, started by ${starter})`;
}

const sizeText = (part: PartGrowth | null): string => (part === null ? '' : `, ${bytesText(part.bytes)} now`);

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
