import { type Series, valueIn } from '../history/series.ts';
import { type CountedObjects, kernelObjects } from '../sources/process/kernel-objects.ts';
import type { Evaluation } from '../trends/types.ts';
import { MIB, SECOND_MS } from '../units.ts';

/** In a run that is too young for a trend, kernel memory may grow if it rose by so much, and by this share of all that came. */
const MIN_RISE_BYTES = 4 * MIB;
const MIN_SHARE_OF_RISE = 1 / 4;

const OF_OBJECTS: readonly string[] = ['slab', 'kernel', 'sock'];

/** Whether kernel memory grows, or may: then its objects are counted, so that the first verdict knows already how many came. */
export function mayKernelGrow(
  { trend, causes }: Pick<Evaluation, 'trend' | 'causes'>,
  { t, fields }: Pick<Series, 't' | 'fields'>,
): boolean {
  if (causes.some(({ cause }) => OF_OBJECTS.includes(cause))) return true;
  if (trend !== 'not-enough-data') return false;
  const rise = (id: 'usage' | 'kernel'): number => (valueIn(fields, id, t.length - 1) ?? 0) - (valueIn(fields, id, 0) ?? 0);
  return rise('kernel') >= Math.max(MIN_RISE_BYTES, MIN_SHARE_OF_RISE * rise('usage'));
}

interface FirstCount {
  readonly count: number;
  readonly atMs: number;
}

/** Counts kernel objects at each look, and keeps what was counted first: many that stay as many explain no growth. */
export class KernelObjectCounts {
  #first = new Map<string, FirstCount>();

  look(nowMs: number, procRoot: string, pids: readonly number[], mainPid: number | null): readonly CountedObjects[] {
    const before = this.#first;
    this.#first = new Map();
    return kernelObjects(procRoot, pids, mainPid).map((objects) => {
      const key = `${objects.kind} ${'pid' in objects ? objects.pid : objects.path}`;
      const first = before.get(key) ?? { count: objects.count, atMs: nowMs };
      this.#first.set(key, first);
      return { ...objects, grew: objects.count - first.count, seconds: Math.max(0, nowMs - first.atMs) / SECOND_MS };
    });
  }
}
