import type { Scene } from './rule-context.ts';

/** How far beyond its last sample a life is followed, in sampling intervals: it ended somewhere before the next one. */
const AHEAD = 1.5;
/** The kernel kills when reclaim fails, which it does a little below the limit: charges come in batches of 32 pages a CPU. */
const FULL = 0.97;

/**
 * True where memory that cannot be taken back stood at the limit when the container ended, or would have come to it before the next sample.
 * The kernel's own count (memory.events, memory.oom_control) goes with the container's cgroup, often before it can be read.
 */
export function endedAtLimit(scene: Scene): boolean {
  const limit = scene.series.limitBytes;
  const { t } = scene.series;
  const solid = solidColumn(scene);
  const known = solid.flatMap((bytes, i) => (Number.isFinite(bytes) ? [{ t: t[i]!, bytes }] : [])).slice(-2);
  const last = known.at(-1);
  if (typeof limit !== 'number' || last === undefined) return false;
  const before = known.length === 2 ? known[0]! : last;
  const rate = last.t > before.t ? Math.max(0, (last.bytes - before.bytes) / (last.t - before.t)) : 0;
  return last.bytes + rate * AHEAD * scene.series.intervalS >= FULL * limit;
}

/** anon + shmem + kernel memory that stays, of the newest samples. */
function solidColumn(scene: Scene): number[] {
  const at = (field: string, i: number): number => scene.series.fields.get(field)?.[i] ?? Number.NaN;
  const or0 = (bytes: number): number => (Number.isFinite(bytes) ? bytes : 0);
  return Array.from(
    scene.series.t,
    (_, i) => at('anon', i) + or0(at('shmem', i)) + Math.max(0, or0(at('kernel', i)) - or0(at('slab_reclaimable', i))),
  );
}
