import type { CauseShare } from '../types.ts';
import type { Limits } from './cause-confidence.ts';
import type { Growth } from './growth-causes.ts';

/**
 * Whether the heap alone grows, and the limit has room for all of it: then -Xmx comes first. A heap touches pages faster than its floor rises, so at
 * that rate the limit may seem to be nearer. `peakBytes`: unreclaimable memory at its peaks.
 */
export function fitsWhenFull(
  { fields, native }: Growth,
  causes: readonly CauseShare[],
  { limit, heapMax }: Limits,
  peakBytes: number,
): boolean {
  const isHeapAlone = causes.every(({ cause, reclaimable }) => cause === 'heap' || reclaimable);
  const [anon, floor] = [fields.get('anon')?.levelNow, fields.get('heap_used')?.levelNow];
  if (!isHeapAlone || typeof heapMax !== 'number' || typeof limit !== 'number' || anon === undefined || floor === undefined)
    return false;
  const beside = native?.levelNow ?? Number.NaN;
  const resident = Math.max(floor, Number.isFinite(beside) ? anon - beside : 0);
  return peakBytes + Math.max(0, heapMax - resident) < limit;
}
