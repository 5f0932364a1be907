import { etaText, reclaimTimeText } from '../eta-text.ts';
import { heldKernelObjects } from '../held-kernel-objects.ts';
import type { CauseRule } from '../rule.ts';
import { newestValue, oomSeverity, type RuleContext } from '../rule-context.ts';
import { sentence } from '../sentence.ts';
import { steadyRateText } from '../steady-rate.ts';

const UNRECLAIMABLE_ADVICE =
  'Find the kernel objects that grow: `slabtop -o -s c` on the node sorts them by size. sock_inode_cache, eventpoll, filp: descriptors that are never closed (`ls /proc/PID/fd | wc -l`). inotify_inode_mark: watches on files (`grep -c inotify /proc/PID/fdinfo/*`). nf_conntrack: connections. task_struct, pid: processes and threads that never end. What a process holds is freed when it ends.';
const RECLAIMABLE_ADVICE =
  'Look for code that looks up names that do not exist (negative dentries), or that creates and deletes many small files. Kernel memory counts in the working set, so it can cause an eviction before the kernel reclaims it.';

const KERNEL_OBJECTS =
  'full pipes, sockets and epoll sets (`ls -l /proc/PID/fd | grep -c -e pipe -e socket`), threads and processes that never end, watches on files.';

/** Slab grows, but not together with page cache or threads. */
export const slabGrowth: CauseRule = {
  id: 'slab-growth',
  cause: 'slab',
  explain(context, share) {
    const held = heldKernelObjects(context);
    const end = share.reclaimable ? '' : etaText(context);
    return {
      headline: sentence`Kernel memory grows ${steadyRateText(context, share.cause, share.bytesPerHour)} on its own: ${reclaimability(context, share.reclaimable, held !== null)}.${end}${held === null ? '' : sentence` ${held.text}`}`,
      severity: share.reclaimable ? (held === null ? 'info' : 'warn') : oomSeverity(context),
      title:
        share.reclaimable && context.target.cgroup.version === 2
          ? sentence`Reclaimable slab grows: many files are looked up or created`
          : sentence`Kernel memory grows`,
      evidence: {
        bytesPerHour: share.bytesPerHour,
        kernelBytes: newestValue(context, 'kernel'),
        slabReclaimableBytes: newestValue(context, 'slab_reclaimable'),
        slabUnreclaimableBytes: newestValue(context, 'slab_unreclaimable'),
      },
      advice: held?.advice ?? adviceFor(context, share.reclaimable),
    };
  },
};

function adviceFor(context: RuleContext, reclaimable: boolean): string {
  if (!reclaimable) return UNRECLAIMABLE_ADVICE;
  return context.target.cgroup.version === 1
    ? `${RECLAIMABLE_ADVICE} If no files explain it: ${KERNEL_OBJECTS}`
    : RECLAIMABLE_ADVICE;
}

function reclaimability(context: RuleContext, reclaimable: boolean, isHeld: boolean): string {
  if (context.target.cgroup.version === 1 && reclaimable)
    return `cgroup v1 does not say how much of it the kernel can take back${isHeld ? '' : '; dentries and inodes can be'}`;
  return reclaimable
    ? `dentries and inodes of many files, and the kernel takes them back ${reclaimTimeText(context)}`
    : 'kernel objects that the kernel cannot take back';
}
