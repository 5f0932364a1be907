import type { CauseShare } from '../trends/types.ts';
import { etaOf, limitNow, newestValue, type RuleContext, swappedNow, trendOf, unreclaimableWithSwapNow } from './rule-context.ts';
import type { FindingLimit } from './types.ts';

/** Usage against the limit of the cgroup: at the limit, the kernel reclaims. */
export const usageAgainstLimit = (context: RuleContext): FindingLimit => ({
  kind: 'memory',
  bytes: context.series.limitBytes,
  level: 'usage',
  levelBytes: newestValue(context, 'usage'),
});

/** What the kernel cannot take back against the limit of the cgroup, or of the cgroup and its swap: at the limit, the OOM killer ends a process. */
export function unreclaimableAgainstLimit(context: RuleContext): FindingLimit {
  const [kind, level] =
    swappedNow(context) === null
      ? (['memory', 'unreclaimable'] as const)
      : (['memory-and-swap', 'unreclaimable-and-swap'] as const);
  return { kind, bytes: limitNow(context), level, levelBytes: unreclaimableWithSwapNow(context) };
}

/** The working set against the memory request: above it, Kubernetes evicts the pod first. */
export const workingSetAgainstRequest = (context: RuleContext): FindingLimit => ({
  kind: 'memory-request',
  bytes: context.pod.memoryRequestBytes,
  level: 'working-set',
  levelBytes: newestValue(context, 'working_set'),
});

/** The limit at which the growth of this cause ends. */
export function limitOfCause(context: RuleContext, { cause, reclaimable }: CauseShare): FindingLimit {
  if (cause === 'active-cache') return workingSetAgainstRequest(context);
  if (reclaimable) return usageAgainstLimit(context);
  if (cause === 'sock' && context.target.cgroup.version === 1)
    return { kind: 'tcp-memory', bytes: null, level: 'socket-buffers', levelBytes: newestValue(context, 'sock') };
  const [exhausted, oom] = [etaOf(context, 'heap-exhausted'), etaOf(context, 'oom-kill')];
  if (cause === 'heap' && exhausted !== null && (oom === null || exhausted.seconds <= oom.seconds))
    return { kind: 'heap-max', bytes: context.series.heapMaxBytes, level: 'live-set', levelBytes: liveSetNow(context) };
  return unreclaimableAgainstLimit(context);
}

/** The end of the line through the heap's floor; null: none was fitted. */
function liveSetNow(context: RuleContext): number | null {
  const line = trendOf(context, 'heap_used')?.basis.line ?? null;
  return line === null ? null : line.level + line.slopePerSecond * (line.toT - line.fromT);
}
