import type { RuleContext } from './rule-context.ts';

/** How far beyond its last sample a life is followed, in sampling intervals: it ended somewhere before the next one. */
const MAX_EXTRAPOLATION = 1.5;
/** The kernel kills when reclaim fails, which it does a little below the limit: charges come in batches of 32 pages a CPU. */
const AT_LIMIT_SHARE = 0.97;

/**
 * True where memory that cannot be taken back stood at the limit when the container ended, or would have come to it before the next sample.
 * The kernel's own count (memory.events, memory.oom_control) goes with the container's cgroup, often before it can be read.
 */
export function endedAtLimit(context: RuleContext): boolean {
  const limit = context.series.limitBytes;
  const { t } = context.series;
  const unreclaimable = unreclaimableColumn(context);
  const known = unreclaimable.flatMap((bytes, i) => (Number.isFinite(bytes) ? [{ t: t[i]!, bytes }] : [])).slice(-2);
  const last = known.at(-1);
  if (typeof limit !== 'number' || last === undefined) return false;
  const before = known.length === 2 ? known[0]! : last;
  const rate = last.t > before.t ? Math.max(0, (last.bytes - before.bytes) / (last.t - before.t)) : 0;
  return last.bytes + rate * MAX_EXTRAPOLATION * context.series.intervalS >= AT_LIMIT_SHARE * limit;
}

/** anon + shmem + kernel memory that stays, of the newest samples. */
function unreclaimableColumn(context: RuleContext): number[] {
  const at = (field: string, i: number): number => context.series.fields.get(field)?.[i] ?? Number.NaN;
  const or0 = (bytes: number): number => (Number.isFinite(bytes) ? bytes : 0);
  return Array.from(
    context.series.t,
    (_, i) => at('anon', i) + or0(at('shmem', i)) + Math.max(0, or0(at('kernel', i)) - or0(at('slab_reclaimable', i))),
  );
}
