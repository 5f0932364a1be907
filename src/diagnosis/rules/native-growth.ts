import { rateText, shareOfBytesText } from '../../format.ts';
import type { CauseShare } from '../../trends/types.ts';
import { etaText } from '../eta-text.ts';
import { causeOfPart, type PartGrowth } from '../growth/anon-growth.ts';
import type { CauseRule } from '../rule.ts';
import { areFlatText, etaOf, flatFieldNames, isImminent, newestValue, type RuleContext } from '../rule-context.ts';
import { sentence } from '../sentence.ts';

const ADVICE =
  'Set -XX:MaxDirectMemorySize to test for direct buffers: if they leak, the JVM throws an OutOfMemoryError with a stack. Set MALLOC_ARENA_MAX=2 to test for glibc arenas. Start with -XX:NativeMemoryTracking=summary and compare `jcmd PID VM.native_memory summary.diff`; it does not see JNI code and libraries.';

/** Anonymous memory grows that the heap, metaspace and threads do not account for. */
export const nativeGrowth: CauseRule = {
  id: 'native-growth',
  cause: 'native',
  explain(context, share) {
    const flat = flatFieldNames(context, ['heap_used', 'threads', 'metaspace']);
    const what = context.jvm === null ? 'Anonymous memory' : 'Memory outside the Java heap';
    const whileFlat = flat.length > 0 ? ` while ${areFlatText(flat)}` : '';
    const where = whereText(context, share);
    return {
      headline: sentence`${what} grows ${rateText(share.bytesPerHour)}${where}${where !== '' && whileFlat !== '' ? ',' : ''}${whileFlat}: native memory.${etaText(context)}`,
      severity: isImminent(etaOf(context, 'oom-kill')?.seconds ?? null) ? 'critical' : 'warn',
      title:
        context.jvm === null ? sentence`Anonymous memory grows` : sentence`Native memory grows: direct buffers, JNI or malloc`,
      evidence: {
        bytesPerHour: share.bytesPerHour,
        anonBytes: newestValue(context, 'anon'),
        heapCommittedBytes: newestValue(context, 'heap_committed'),
        metaspaceBytes: newestValue(context, 'metaspace'),
        threads: newestValue(context, 'threads'),
        flat,
        ...(context.anonGrowth === null ? {} : { grewBytesByPart: grewBytesByPart(context) }),
      },
      advice: ADVICE,
    };
  },
};

const nativeParts = ({ anonGrowth }: RuleContext): readonly PartGrowth[] =>
  (anonGrowth?.parts ?? []).filter(({ id, grewBytes }) => causeOfPart(id) === 'native' && grewBytes > 0);

const grewBytesByPart = (context: RuleContext): Record<string, number> =>
  Object.fromEntries(nativeParts(context).map(({ name, grewBytes }) => [name, Math.round(grewBytes)]));

/** ", 87 of 88 MiB of it in malloc arenas" */
function whereText(context: RuleContext, { what }: CauseShare): string {
  const parts = nativeParts(context);
  const main = parts.find(({ name }) => name === what);
  if (main === undefined) return '';
  const all = parts.reduce((sum, { grewBytes }) => sum + grewBytes, 0);
  return `, ${shareOfBytesText(main.grewBytes, all)} of it in ${main.name}`;
}
