import type { ClassCount } from '../sources/jvm/class-histogram.ts';
import { MIB } from '../units.ts';
import { grownGroups } from './grown-groups.ts';
import type { ThreadGroup } from './thread-dump.ts';
import type { CommonFrame, Culprit, CulpritCause, GroupGrowth } from './types.ts';

/** Less than this is noise of a running program, which loads classes and starts a few threads. */
const LEAST_GROWTH: Readonly<Record<CulpritCause, number>> = { heap: MIB, threads: 5 };
/** A name for less than half of what grew would more often be wrong than right. */
const LEAST_SHARE = 0.5;
const TEN = 10;

export const culpritOfHeap = (first: readonly ClassCount[], second: readonly ClassCount[]): Culprit =>
  culpritOf('heap', first, second, { sizeOf: ({ bytes }) => bytes, standOf: () => null });

export const culpritOfThreads = (first: readonly ThreadGroup[], second: readonly ThreadGroup[]): Culprit =>
  culpritOf('threads', first, second, { sizeOf: ({ threads }) => threads, standOf: ({ stand }) => stand });

function culpritOf<T extends { readonly name: string }>(
  cause: CulpritCause,
  first: readonly T[],
  second: readonly T[],
  { sizeOf, standOf }: { readonly sizeOf: (group: T) => number; readonly standOf: (group: T) => CommonFrame | null },
): Culprit {
  if (first.length === 0 || second.length === 0) return { state: 'unknown', cause, because: 'not-understood', grown: [] };
  const groups = grownGroups(first, second, sizeOf);
  const allGrown = groups.reduce((sum, { grew }) => sum + grew, 0);
  const grown = groups.slice(0, TEN).map(
    ({ name, before, after, grew }): GroupGrowth => ({
      name,
      before: before === null ? 0 : sizeOf(before),
      after: sizeOf(after),
      share: grew / allGrown,
    }),
  );
  // What grew in one group may have left another, so the whole must have grown, too.
  const net = total(second, sizeOf) - total(first, sizeOf);
  const [culprit] = grown;
  if (culprit === undefined || net < LEAST_GROWTH[cause]) return { state: 'unknown', cause, because: 'no-growth', grown };
  if (culprit.share < LEAST_SHARE) return { state: 'unknown', cause, because: 'no-group-has-half', grown };
  return { state: 'named', cause, culprit, stand: standOf(groups[0]!.after), grown };
}

const total = <T>(groups: readonly T[], sizeOf: (group: T) => number): number =>
  groups.reduce((sum, group) => sum + sizeOf(group), 0);
