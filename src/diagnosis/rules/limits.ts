import { newestValue, type RuleContext } from '../rule-context.ts';

/** anon + shmem + kernel memory that stays: what the OOM killer is left with when reclaim has done its work. */
export function unreclaimable(context: RuleContext): number | null {
  const anon = newestValue(context, 'anon');
  if (anon === null) return null;
  const kernel = newestValue(context, 'kernel') ?? 0;
  return anon + (newestValue(context, 'shmem') ?? 0) + Math.max(0, kernel - (newestValue(context, 'slab_reclaimable') ?? 0));
}
