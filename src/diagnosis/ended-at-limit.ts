import { type FieldReader, unreclaimableWithSwap } from '../memory-facts.ts';
import { limitNow, type RuleContext } from './rule-context.ts';

/** How far a run is extrapolated beyond its last sample, in sampling intervals. The run ended at some time before the next sample. */
const MAX_EXTRAPOLATION = 1.5;
/** The kernel kills when reclaim fails. That happens slightly below the limit, because charges come in batches of 32 pages per CPU. */
const AT_LIMIT_SHARE = 0.97;

/**
 * True if unreclaimable memory was at the limit when the container ended, or would have reached it before the next sample. The kernel's own
 * count (memory.events, memory.oom_control) is removed with the container's cgroup, often before it can be read.
 */
export function endedAtLimit(context: RuleContext): boolean {
  const limit = limitNow(context);
  const { t } = context.series;
  const known = unreclaimableColumn(context)
    .flatMap((bytes, i) => (Number.isFinite(bytes) ? [{ t: t[i]!, bytes }] : []))
    .slice(-2);
  const last = known.at(-1);
  if (typeof limit !== 'number' || last === undefined) return false;
  const before = known.length === 2 ? known[0]! : last;
  const rate = last.t > before.t ? Math.max(0, (last.bytes - before.bytes) / (last.t - before.t)) : 0;
  return last.bytes + rate * MAX_EXTRAPOLATION * context.series.intervalS >= AT_LIMIT_SHARE * limit;
}

/** Bytes that the kernel cannot reclaim, in memory and in swap, by sample; NaN: not known. */
function unreclaimableColumn({ series, target }: RuleContext): number[] {
  return Array.from(series.t, (_, i) => {
    const read: FieldReader = (field) => {
      const value = series.fields.get(field)?.[i];
      return value !== undefined && Number.isFinite(value) ? value : null;
    };
    return unreclaimableWithSwap(read, target.cgroup.version) ?? Number.NaN;
  });
}
