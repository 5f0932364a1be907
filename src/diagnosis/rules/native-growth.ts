import { rateText } from '../../format.ts';
import { etaText } from '../eta-text.ts';
import type { CauseRule } from '../rule.ts';
import { areFlatText, etaOf, flatFieldNames, isImminent, newestValue } from '../rule-context.ts';
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
    return {
      headline: sentence`${what} grows ${rateText(share.bytesPerHour)}${whileFlat}: native memory.${etaText(context)}`,
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
      },
      advice: ADVICE,
    };
  },
};
