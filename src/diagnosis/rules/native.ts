import { list, rate } from '../../format.ts';
import { endWords } from '../eta-text.ts';
import { type Answer, endOf, flatOnes, now, type Scene } from '../rule-context.ts';
import { soon } from './heap-floor.ts';

/** True when anonymous memory grows that the heap, metaspace and threads do not account for. */
export function nativeGrowth(scene: Scene): Answer | null {
  const share = scene.judgement.causes.find((c) => c.cause === 'native');
  if (!share) return null;
  const flat = flatOnes(scene, ['heap_used', 'metaspace', 'threads']);
  const oom = endOf(scene, 'oom-kill');
  const where = scene.jvm === null ? 'Anonymous memory' : 'Memory outside the Java heap';
  const flatWords =
    flat.length > 0 ? ` while ${list(flat)} ${flat.length > 1 ? 'are' : 'is'} flat: native memory` : ': native memory';
  return {
    cause: 'native',
    headline: `${where} grows ${rate(share.bytesPerHour)}${flatWords}.${endWords(scene)}`,
    etas: [],
    finding: {
      rule: 'native-growth',
      severity: soon(oom?.seconds ?? null) ? 'critical' : 'warn',
      title: scene.jvm === null ? 'Anonymous memory grows' : 'Native memory grows: direct buffers, JNI or malloc',
      evidence: {
        bytesPerHour: share.bytesPerHour,
        anonBytes: now(scene, 'anon'),
        heapCommittedBytes: now(scene, 'heap_committed'),
        metaspaceBytes: now(scene, 'metaspace'),
        threads: now(scene, 'threads'),
        flat,
      },
      advice:
        'Set -XX:MaxDirectMemorySize to see whether direct buffers are it (then it ends in OutOfMemoryError with a stack); MALLOC_ARENA_MAX=2 if glibc arenas grow; start with -XX:NativeMemoryTracking=summary and compare `jcmd PID VM.native_memory summary.diff`. JNI and libraries stay invisible to it.',
    },
  };
}
