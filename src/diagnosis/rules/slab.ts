import { rate } from '../../format.ts';
import { noLimitWords, whenReclaimed } from '../eta-text.ts';
import { type Answer, now, type Scene } from '../rule-context.ts';

/** True when kernel memory grows by itself, not in step with page cache or threads. */
export function slabGrowth(scene: Scene): Answer | null {
  const share = scene.judgement.causes.find((c) => c.cause === 'slab');
  if (!share) return null;
  const v1 = scene.target.cgroup.version === 1;
  const fate = v1
    ? 'cgroup v1 does not tell how much of it can be taken back; dentries and inodes can'
    : share.reclaimable
      ? `dentries and inodes of the many files it touches: the kernel takes them back ${whenReclaimed(scene)}`
      : 'kernel objects that stay: the kernel cannot take them back';
  return {
    cause: 'slab',
    headline: `Kernel memory grows ${rate(share.bytesPerHour)} by itself: ${fate}.${share.reclaimable ? '' : noLimitWords(scene)}`,
    etas: [],
    finding: {
      rule: 'slab-growth',
      severity: share.reclaimable ? 'info' : 'warn',
      title: share.reclaimable ? 'Reclaimable slab grows: many files are looked up or made' : 'Kernel memory grows',
      evidence: {
        bytesPerHour: share.bytesPerHour,
        kernelBytes: now(scene, 'kernel'),
        slabReclaimableBytes: now(scene, 'slab_reclaimable'),
        slabUnreclaimableBytes: now(scene, 'slab_unreclaimable'),
      },
      advice:
        'Look for code that looks up names that do not exist (negative dentries) or makes and deletes many small files. It counts in the working set, so it can bring an eviction before any reclaim.',
    },
  };
}
