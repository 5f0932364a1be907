import type { ClassCount } from '../sources/jvm/class-histogram.ts';

/** A group (a class, a pool of threads) that was larger the second time. */
export interface GrownGroup<T> {
  readonly name: string;
  /** null: it was not there the first time. */
  readonly before: T | null;
  readonly after: T;
  readonly grew: number;
}

/** The groups that grew from the first count to the second, the largest growth first. Names are unique in a count. Pure. */
export function grownGroups<T extends { readonly name: string }>(
  first: readonly T[],
  second: readonly T[],
  sizeOf: (group: T) => number,
): GrownGroup<T>[] {
  const byName = new Map(first.map((group) => [group.name, group]));
  return second
    .map((after) => {
      const before = byName.get(after.name) ?? null;
      return { name: after.name, before, after, grew: sizeOf(after) - (before === null ? 0 : sizeOf(before)) };
    })
    .filter(({ grew }) => grew > 0)
    .sort((a, b) => b.grew - a.grew);
}

export interface ClassGrowth {
  readonly name: string;
  readonly bytesGrown: number;
  readonly instancesGrown: number;
  readonly bytes: number;
}

const TEN = 10;

/** The ten classes with the largest growth, in bytes, from the first histogram to the second. Pure. */
export const grownClasses = (first: readonly ClassCount[], second: readonly ClassCount[]): ClassGrowth[] =>
  grownGroups(first, second, ({ bytes }) => bytes)
    .slice(0, TEN)
    .map(({ name, before, after, grew }) => ({
      name,
      bytesGrown: grew,
      instancesGrown: after.instances - (before?.instances ?? 0),
      bytes: after.bytes,
    }));
