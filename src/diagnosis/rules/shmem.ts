import { intervalText, rateText, safeName } from '../../format.ts';
import { noLimitText } from '../eta-text.ts';
import { etaOf, newestValue, type RuleContext, type RuleResult } from '../rule-context.ts';
import { isImminent } from './heap-floor.ts';

/** True when tmpfs or shared memory grows: shown as cache by most tools, yet not reclaimable without swap. */
export function shmemGrowth(context: RuleContext): RuleResult | null {
  const share = context.evaluation.causes.find((c) => c.cause === 'shmem');
  if (!share) return null;
  const oom = etaOf(context, 'oom-kill');
  const name = share.what === null ? 'Shared memory (tmpfs, /dev/shm)' : safeName(share.what);
  const end = oom ? `: OOM kill in ${intervalText(oom.low, oom.high)}` : '';
  const zHeap = /^Z|ZGC/i.test(context.jvm?.collector ?? '');
  return {
    cause: 'shmem',
    headline: `${name} grows ${rateText(share.bytesPerHour)}. It counts as cache on most dashboards, but the kernel cannot take it back${end}.${oom ? '' : noLimitText(context)}`,
    etas: [],
    finding: {
      rule: 'shmem-growth',
      severity: isImminent(oom?.seconds ?? null) ? 'critical' : 'warn',
      title: 'tmpfs or shared memory grows',
      evidence: {
        bytesPerHour: share.bytesPerHour,
        shmemBytes: newestValue(context, 'shmem'),
        path: share.what,
        collector: context.jvm?.collector ?? null,
      },
      advice: zHeap
        ? 'ZGC keeps the Java heap in shared memory: compare with heap_committed before looking for files.'
        : 'Delete or bound the files in /dev/shm or the emptyDir with medium: Memory; with a sizeLimit on the volume Kubernetes evicts this pod once it is met.',
    },
  };
}
