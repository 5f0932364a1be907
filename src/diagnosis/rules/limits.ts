import { bytesText } from '../../format.ts';
import { findingOnly, newestValue, type RuleContext, type RuleResult } from '../rule-context.ts';

/** anon + shmem + kernel memory that stays: what the OOM killer is left with when reclaim has done its work. */
function unreclaimable(context: RuleContext): number | null {
  const anon = newestValue(context, 'anon');
  if (anon === null) return null;
  const kernel = newestValue(context, 'kernel') ?? 0;
  return anon + (newestValue(context, 'shmem') ?? 0) + Math.max(0, kernel - (newestValue(context, 'slab_reclaimable') ?? 0));
}

/** True when memory that cannot be reclaimed stands above nine tenths of the limit. */
export function nearLimit(context: RuleContext): RuleResult | null {
  const limit = context.series.limitBytes;
  const unreclaimableNow = unreclaimable(context);
  if (typeof limit !== 'number' || unreclaimableNow === null || unreclaimableNow < 0.9 * limit) return null;
  return findingOnly({
    rule: 'near-limit',
    severity: 'critical',
    title: `${bytesText(unreclaimableNow)} of the ${bytesText(limit)} limit cannot be reclaimed`,
    evidence: { unreclaimableBytes: unreclaimableNow, limitBytes: limit },
    advice:
      'A burst may get the container OOM-killed. Raise the limit or lower -Xmx: heap, metaspace, stacks and native memory must fit together.',
  });
}

/** True when usage stands at the limit while a tenth or more of it is cache: reclaim at work, not danger. */
export function pinnedByCache(context: RuleContext): RuleResult | null {
  const limit = context.series.limitBytes;
  const usage = newestValue(context, 'usage');
  const unreclaimableNow = unreclaimable(context);
  if (
    typeof limit !== 'number' ||
    usage === null ||
    unreclaimableNow === null ||
    usage < 0.97 * limit ||
    unreclaimableNow > 0.9 * limit
  )
    return null;
  return findingOnly({
    rule: 'pinned-by-cache',
    severity: 'info',
    title: `Usage stands at the limit because page cache fills what is left (${bytesText(usage - unreclaimableNow)} of it can be taken back)`,
    evidence: {
      usageBytes: usage,
      limitBytes: limit,
      unreclaimableBytes: unreclaimableNow,
      limitHits: newestValue(context, 'limit_hits'),
    },
    advice: 'No OOM kill comes of this: the kernel reclaims cache first. Watch the unreclaimable part instead of usage.',
  });
}

/** True when the working set stands above the memory request: first in line when the node runs short. */
export function aboveRequest(context: RuleContext): RuleResult | null {
  const request = context.pod.memoryRequestBytes;
  const workingSet = newestValue(context, 'working_set');
  if (request === null || workingSet === null || workingSet <= request) return null;
  return findingOnly({
    rule: 'above-request',
    severity: 'warn',
    title: `The working set (${bytesText(workingSet)}) is above the memory request (${bytesText(request)})`,
    evidence: { workingSetBytes: workingSet, memoryRequestBytes: request },
    advice:
      'Under node memory pressure the kubelet evicts pods above their request first; when that happens cannot be seen from inside a pod. Raise the request to what the app needs.',
  });
}
