import { rate, safeName, span } from '../../format.ts';
import { noLimitWords } from '../eta-text.ts';
import { type Answer, endOf, now, type Scene } from '../rule-context.ts';
import { soon } from './heap-floor.ts';

/** True when tmpfs or shared memory grows: shown as cache by most tools, yet not reclaimable without swap. */
export function shmemGrowth(scene: Scene): Answer | null {
  const share = scene.judgement.causes.find((c) => c.cause === 'shmem');
  if (!share) return null;
  const oom = endOf(scene, 'oom-kill');
  const name = share.what === null ? 'Shared memory (tmpfs, /dev/shm)' : safeName(share.what);
  const end = oom ? `: OOM kill in ${span(oom.low, oom.high)}` : '';
  const zHeap = /^Z|ZGC/i.test(scene.jvm?.collector ?? '');
  return {
    cause: 'shmem',
    headline: `${name} grows ${rate(share.bytesPerHour)}. It counts as cache on most dashboards, but the kernel cannot take it back${end}.${oom ? '' : noLimitWords(scene)}`,
    etas: [],
    finding: {
      rule: 'shmem-growth',
      severity: soon(oom?.seconds ?? null) ? 'critical' : 'warn',
      title: 'tmpfs or shared memory grows',
      evidence: {
        bytesPerHour: share.bytesPerHour,
        shmemBytes: now(scene, 'shmem'),
        path: share.what,
        collector: scene.jvm?.collector ?? null,
      },
      advice: zHeap
        ? 'ZGC keeps the Java heap in shared memory: compare with heap_committed before looking for files.'
        : 'Delete or bound the files in /dev/shm or the emptyDir with medium: Memory; with a sizeLimit on the volume Kubernetes evicts this pod once it is met.',
    },
  };
}
