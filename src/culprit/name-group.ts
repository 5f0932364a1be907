import type { ClassCount } from '../sources/jvm/class-histogram.ts';
import { MIB } from '../units.ts';
import type { ThreadGroup } from './thread-dump.ts';
import type { CommonFrame, Culprit, CulpritCause, GroupGrowth } from './types.ts';

/** Less than this is noise of a running program, which loads classes and starts a few threads. */
const LEAST_GROWTH: Readonly<Record<CulpritCause, number>> = { heap: MIB, threads: 5 };
/** A name for less than half of what grew would more often be wrong than right. */
const LEAST_SHARE = 0.5;
const TEN = 10;

export const culpritOfHeap = (first: readonly ClassCount[], second: readonly ClassCount[]): Culprit =>
  culpritOf(
    'heap',
    sizes(first, (c) => c.bytes),
    sizes(second, (c) => c.bytes),
    () => null,
  );

export function culpritOfThreads(first: readonly ThreadGroup[], second: readonly ThreadGroup[]): Culprit {
  const stands = new Map(second.map((g) => [g.name, g.stand]));
  return culpritOf(
    'threads',
    sizes(first, (g) => g.threads),
    sizes(second, (g) => g.threads),
    (name) => stands.get(name) ?? null,
  );
}

const sizes = <T extends { readonly name: string }>(all: readonly T[], size: (one: T) => number): Map<string, number> =>
  new Map(all.map((one) => [one.name, size(one)]));

function culpritOf(
  cause: CulpritCause,
  first: ReadonlyMap<string, number>,
  second: ReadonlyMap<string, number>,
  standOf: (name: string) => CommonFrame | null,
): Culprit {
  if (first.size === 0 || second.size === 0) return { state: 'unknown', cause, because: 'not-understood', grown: [] };
  const pairs = [...second].map(([name, after]) => ({ name, before: first.get(name) ?? 0, after }));
  const grew = pairs.filter((p) => p.after > p.before);
  const allGrown = grew.reduce((sum, p) => sum + p.after - p.before, 0);
  const grown: GroupGrowth[] = grew
    .map((p) => ({ ...p, share: (p.after - p.before) / allGrown }))
    .sort((a, b) => b.share - a.share)
    .slice(0, TEN);
  // What grew in one group may have left another, so the whole must have grown, too.
  const net = total(second) - total(first);
  const [culprit] = grown;
  if (culprit === undefined || net < LEAST_GROWTH[cause]) return { state: 'unknown', cause, because: 'no-growth', grown };
  if (culprit.share < LEAST_SHARE) return { state: 'unknown', cause, because: 'no-group-has-half', grown };
  return { state: 'named', cause, culprit, stand: standOf(culprit.name), grown };
}

const total = (all: ReadonlyMap<string, number>): number => [...all.values()].reduce((sum, n) => sum + n, 0);
