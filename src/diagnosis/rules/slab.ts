import { rateText } from '../../format.ts';
import { noLimitText, reclaimTimeText } from '../eta-text.ts';
import { newestValue, type RuleContext, type RuleResult } from '../rule-context.ts';

/** True when kernel memory grows by itself, not in step with page cache or threads. */
export function slabGrowth(context: RuleContext): RuleResult | null {
  const share = context.evaluation.causes.find((c) => c.cause === 'slab');
  if (!share) return null;
  const v1 = context.target.cgroup.version === 1;
  const fate = v1
    ? 'cgroup v1 does not tell how much of it can be taken back; dentries and inodes can'
    : share.reclaimable
      ? `dentries and inodes of the many files it touches: the kernel takes them back ${reclaimTimeText(context)}`
      : 'kernel objects that stay: the kernel cannot take them back';
  return {
    cause: 'slab',
    headline: `Kernel memory grows ${rateText(share.bytesPerHour)} by itself: ${fate}.${share.reclaimable ? '' : noLimitText(context)}`,
    etas: [],
    finding: {
      rule: 'slab-growth',
      severity: share.reclaimable ? 'info' : 'warn',
      title: share.reclaimable ? 'Reclaimable slab grows: many files are looked up or made' : 'Kernel memory grows',
      evidence: {
        bytesPerHour: share.bytesPerHour,
        kernelBytes: newestValue(context, 'kernel'),
        slabReclaimableBytes: newestValue(context, 'slab_reclaimable'),
        slabUnreclaimableBytes: newestValue(context, 'slab_unreclaimable'),
      },
      advice:
        'Look for code that looks up names that do not exist (negative dentries) or makes and deletes many small files. It counts in the working set, so it can bring an eviction before any reclaim.',
    },
  };
}
