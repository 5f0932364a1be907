import { rate } from '../../format.ts';
import { endWords } from '../eta-text.ts';
import { type Answer, endOf, now, type Scene } from '../rule-context.ts';
import { soon } from './heap-floor.ts';

/** True when metaspace keeps growing: classes are loaded and their loaders are never let go. */
export function metaspaceGrowth(scene: Scene): Answer | null {
  const share = scene.judgement.causes.find((c) => c.cause === 'metaspace');
  if (!share) return null;
  const oom = endOf(scene, 'oom-kill');
  const classes = scene.jvm?.classes ?? null;
  return {
    cause: 'metaspace',
    headline: `Metaspace grows ${rate(share.bytesPerHour)}: classes are loaded and never unloaded.${endWords(scene)}`,
    etas: [],
    finding: {
      rule: 'metaspace-growth',
      severity: soon(oom?.seconds ?? null) ? 'critical' : 'warn',
      title: 'A class loader leak',
      evidence: {
        bytesPerHour: share.bytesPerHour,
        metaspaceBytes: now(scene, 'metaspace'),
        loadedClasses: classes?.loaded ?? null,
        unloadedClasses: classes?.unloaded ?? null,
      },
      advice:
        'Look for proxies, scripts or reflection that define classes per call (jcmd PID VM.classloader_stats). With -XX:MaxMetaspaceSize it ends in an OutOfMemoryError that names it.',
    },
  };
}
