import { grownGroups } from './grown-groups.ts';
import { type Group, QUESTIONS } from './questions.ts';
import type { Culprit, CulpritCause, GroupGrowth } from './types.ts';

/** A name for less than half of what grew would more often be wrong than right. */
const LEAST_SHARE = 0.5;
const TEN = 10;

/** Names the group that explains the growth from the first reading to the second, if one does. Pure. */
export function nameGroup(cause: CulpritCause, first: readonly Group[], second: readonly Group[]): Culprit {
  if (first.length === 0 || second.length === 0) return { state: 'unknown', cause, because: 'not-understood', grown: [] };
  const groups = grownGroups(first, second, ({ size }) => size);
  const allGrown = groups.reduce((sum, { grew }) => sum + grew, 0);
  const grown = groups.slice(0, TEN).map(
    ({ name, before, after, grew }): GroupGrowth => ({
      name,
      before: before?.size ?? 0,
      after: after.size,
      share: grew / allGrown,
    }),
  );
  // What grew in one group may have left another, so the whole must have grown, too.
  const net = total(second) - total(first);
  const [culprit] = grown;
  if (culprit === undefined || net < QUESTIONS[cause].leastGrowth)
    return { state: 'unknown', cause, because: 'no-growth', grown };
  if (culprit.share < LEAST_SHARE) return { state: 'unknown', cause, because: 'no-group-has-half', grown };
  return { state: 'named', cause, culprit, stand: groups[0]!.after.stand, retention: null, grown };
}

const total = (groups: readonly Group[]): number => groups.reduce((sum, { size }) => sum + size, 0);
