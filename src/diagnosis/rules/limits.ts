import { level } from '../../format.ts';
import { type Answer, note, now, type Scene } from '../rule-context.ts';

/** anon + shmem + kernel memory that stays: what the OOM killer is left with when reclaim has done its work. */
function unreclaimable(scene: Scene): number | null {
  const anon = now(scene, 'anon');
  if (anon === null) return null;
  const kernel = now(scene, 'kernel') ?? 0;
  return anon + (now(scene, 'shmem') ?? 0) + Math.max(0, kernel - (now(scene, 'slab_reclaimable') ?? 0));
}

/** True when memory that cannot be reclaimed stands above nine tenths of the limit. */
export function nearLimit(scene: Scene): Answer | null {
  const limit = scene.series.limitBytes;
  const solid = unreclaimable(scene);
  if (typeof limit !== 'number' || solid === null || solid < 0.9 * limit) return null;
  return note({
    rule: 'near-limit',
    severity: 'critical',
    title: `${level(solid)} of the ${level(limit)} limit cannot be reclaimed`,
    evidence: { unreclaimableBytes: solid, limitBytes: limit },
    advice:
      'A burst may get the container OOM-killed. Raise the limit or lower -Xmx: heap, metaspace, stacks and native memory must fit together.',
  });
}

/** True when usage stands at the limit while a tenth or more of it is cache: reclaim at work, not danger. */
export function pinnedByCache(scene: Scene): Answer | null {
  const limit = scene.series.limitBytes;
  const usage = now(scene, 'usage');
  const solid = unreclaimable(scene);
  if (typeof limit !== 'number' || usage === null || solid === null || usage < 0.97 * limit || solid > 0.9 * limit) return null;
  return note({
    rule: 'pinned-by-cache',
    severity: 'info',
    title: `Usage stands at the limit because page cache fills what is left (${level(usage - solid)} of it can be taken back)`,
    evidence: { usageBytes: usage, limitBytes: limit, unreclaimableBytes: solid, limitHits: now(scene, 'limit_hits') },
    advice: 'No OOM kill comes of this: the kernel reclaims cache first. Watch the unreclaimable part instead of usage.',
  });
}

/** True when the working set stands above the memory request: first in line when the node runs short. */
export function aboveRequest(scene: Scene): Answer | null {
  const request = scene.pod.memoryRequestBytes;
  const workingSet = now(scene, 'working_set');
  if (request === null || workingSet === null || workingSet <= request) return null;
  return note({
    rule: 'above-request',
    severity: 'warn',
    title: `The working set (${level(workingSet)}) is above the memory request (${level(request)})`,
    evidence: { workingSetBytes: workingSet, memoryRequestBytes: request },
    advice:
      'Under node memory pressure the kubelet evicts pods above their request first; when that happens cannot be seen from inside a pod. Raise the request to what the app needs.',
  });
}
