import { joinWithAnd } from '../../format.ts';
import { etaText } from '../eta-text.ts';
import { heldKernelObjects } from '../held-kernel-objects.ts';
import type { CauseRule } from '../rule.ts';
import { growthOf, newestValue, oomSeverity, type RuleContext } from '../rule-context.ts';
import { sentence } from '../sentence.ts';
import { steadyRateText } from '../steady-rate.ts';

const ADVICE =
  'Look for kernel objects that a process makes and does not give back: full pipes and io_uring rings (`ls -l /proc/PID/fd | grep -c -e pipe -e io_uring`), bpf maps (`bpftool map` on the node), network namespaces and containers that are made again and again (`lsns`). Kernel memory that a process holds is freed when it ends.';

/** Kernel memory other than slab, page tables and thread stacks grows. */
export const kernelGrowth: CauseRule = {
  id: 'kernel-growth',
  cause: 'kernel',
  explain(context, share) {
    const held = heldKernelObjects(context);
    return {
      headline: sentence`${whatText(context)} ${steadyRateText(context, share.cause, share.bytesPerHour)}, and the kernel cannot take it back.${etaText(context)}${held === null ? '' : sentence` ${held.text}`}`,
      severity: oomSeverity(context),
      title: sentence`Kernel memory other than slab grows`,
      evidence: {
        bytesPerHour: share.bytesPerHour,
        kernelBytes: newestValue(context, 'kernel'),
        percpuBytes: newestValue(context, 'percpu'),
        vmallocBytes: newestValue(context, 'vmalloc'),
      },
      advice: held?.advice ?? ADVICE,
    };
  },
};

const KINDS = [
  ['percpu', 'per-CPU data'],
  ['vmalloc', 'vmalloc'],
] as const;

/** "Kernel memory (per-CPU data) grows"; the name is missing if the kernel does not count that memory separately. */
function whatText(context: RuleContext): string {
  const kinds = KINDS.flatMap(([id, name]) => (growthOf(context, id) > 0 ? [name] : []));
  return kinds.length === 0
    ? 'Kernel memory (pipes, io_uring, bpf and the like) grows'
    : `Kernel memory (${joinWithAnd(kinds)}) grows`;
}
