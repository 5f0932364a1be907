import { joinWithAnd, rateText } from '../../format.ts';
import { etaText } from '../eta-text.ts';
import { etaOf, flatFieldNames, newestValue, type RuleContext, type RuleResult } from '../rule-context.ts';
import { isImminent } from './heap-floor.ts';

/** True when anonymous memory grows that the heap, metaspace and threads do not account for. */
export function nativeGrowth(context: RuleContext): RuleResult | null {
  const share = context.evaluation.causes.find((c) => c.cause === 'native');
  if (!share) return null;
  const flat = flatFieldNames(context, ['heap_used', 'metaspace', 'threads']);
  const oom = etaOf(context, 'oom-kill');
  const where = context.jvm === null ? 'Anonymous memory' : 'Memory outside the Java heap';
  const flatWords =
    flat.length > 0 ? ` while ${joinWithAnd(flat)} ${flat.length > 1 ? 'are' : 'is'} flat: native memory` : ': native memory';
  return {
    cause: 'native',
    headline: `${where} grows ${rateText(share.bytesPerHour)}${flatWords}.${etaText(context)}`,
    etas: [],
    finding: {
      rule: 'native-growth',
      severity: isImminent(oom?.seconds ?? null) ? 'critical' : 'warn',
      title: context.jvm === null ? 'Anonymous memory grows' : 'Native memory grows: direct buffers, JNI or malloc',
      evidence: {
        bytesPerHour: share.bytesPerHour,
        anonBytes: newestValue(context, 'anon'),
        heapCommittedBytes: newestValue(context, 'heap_committed'),
        metaspaceBytes: newestValue(context, 'metaspace'),
        threads: newestValue(context, 'threads'),
        flat,
      },
      advice:
        'Set -XX:MaxDirectMemorySize to see whether direct buffers are it (then it ends in OutOfMemoryError with a stack); MALLOC_ARENA_MAX=2 if glibc arenas grow; start with -XX:NativeMemoryTracking=summary and compare `jcmd PID VM.native_memory summary.diff`. JNI and libraries stay invisible to it.',
    },
  };
}
