import { joinWithAnd } from '../format.ts';
import { type GrownGroup, grownGroups } from './grown-groups.ts';
import type { HeldTogether } from './held-together.ts';
import { type Group, QUESTIONS } from './questions.ts';
import { LEAST_SHARE, LEAST_TOLD, MOST_TOLD } from './shares.ts';
import { isSteady } from './steady-growth.ts';
import { COUNTED, type Counts, type Culprit, type GroupGrowth, type LookCause } from './types.ts';

export type Named = Extract<Culprit, { state: 'named' | 'unknown' }>;

/** Names a group; where none explains the growth, one of the wider groups, if each look has them. Pure. */
export function nameGroupOrWider(
  cause: LookCause,
  looks: readonly { readonly groups: readonly Group[]; readonly wider: readonly Group[] | null }[],
): Named {
  const found = nameGroup(
    cause,
    looks.map(({ groups }) => groups),
  );
  if (found.state === 'named' || found.because !== 'no-group-has-half') return found;
  const wider = nameGroup(
    cause,
    looks.map(({ wider: of }) => of ?? []),
  );
  return wider.state === 'named' ? wider : found;
}

/** Names the group that explains the growth from the first look to the last, if one does and grew from each look to the next. Pure. */
export function nameGroup(
  cause: LookCause,
  looks: readonly (readonly Group[])[],
  leastGrowth = QUESTIONS[cause].leastGrowth,
): Named {
  const unknown = (because: Extract<Culprit, { state: 'unknown' }>['because'], found: readonly GroupGrowth[] = []): Named => ({
    state: 'unknown',
    cause,
    because,
    native: null,
    grown: found,
  });
  const [first, last] = [looks[0], looks.at(-1)];
  if (first === undefined || last === undefined || looks.length < 2 || looks.some((groups) => groups.length === 0))
    return unknown('not-understood');
  const { isWarmUp } = QUESTIONS[cause];
  const all = grownGroups(first, last, ({ size }) => size);
  const warm = new Set(all.filter((group) => isWarmUp(group, () => sizesOf(looks, group.name))));
  const groups = all.filter((group) => !warm.has(group));
  const allGrown = groups.reduce((sum, { grew }) => sum + grew, 0);
  const told = groups.slice(0, MOST_TOLD).filter(({ grew }) => grew >= LEAST_TOLD * allGrown);
  const sizes = sizesByName(
    looks,
    told.map(({ name }) => name),
  );
  const grown = told.map(
    (group): GroupGrowth => ({
      name: group.name,
      before: group.before?.size ?? 0,
      after: group.after.size,
      share: group.grew / allGrown,
      sizes: sizes.get(group.name) ?? [],
      more: moreOf(group),
    }),
  );
  // What grew in one group may have left another, so the whole must have grown, too.
  const warmUp = [...warm].reduce((sum, { grew }) => sum + grew, 0);
  const net = total(last) - total(first) - warmUp;
  const [culprit] = grown;
  if (culprit === undefined || net < leastGrowth) return unknown('no-growth', grown);
  if (culprit.share < LEAST_SHARE) return unknown('no-group-has-half', grown);
  if (!isSteady(culprit.sizes)) return unknown('not-steady', grown);
  const { stand, parent } = groups[0]!.after;
  return { state: 'named', cause, culprit, stand, parent, keepers: null, retention: null, native: null, usedBy: null, grown };
}

/**
 * Names the classes that one holder has together, where no class has half of the growth: as one group, of which the sum grew from each look to the
 * next. null: none. Pure.
 */
export function nameTogether({ classes, share, retention }: HeldTogether, grown: readonly GroupGrowth[]): Named | null {
  const sizes = (classes[0]?.sizes ?? []).map((_, n) => classes.reduce((sum, one) => sum + (one.sizes[n] ?? 0), 0));
  if (!isSteady(sizes)) return null;
  const sum = (of: (one: GroupGrowth) => number): number => classes.reduce((all, one) => all + of(one), 0);
  const culprit: GroupGrowth = {
    name: joinWithAnd(classes.map(({ name }) => name)),
    before: sum(({ before }) => before),
    after: sum(({ after }) => after),
    share,
    sizes,
    more: { instances: sum(({ more }) => more.instances ?? 0) },
  };
  return {
    state: 'named',
    cause: 'heap',
    culprit,
    stand: null,
    parent: null,
    keepers: null,
    retention,
    native: null,
    usedBy: null,
    grown,
  };
}

const sizesOf = (looks: readonly (readonly Group[])[], name: string): number[] => sizesByName(looks, [name]).get(name) ?? [];

function sizesByName(looks: readonly (readonly Group[])[], names: readonly string[]): Map<string, number[]> {
  const sizes = new Map(names.map((name) => [name, looks.map(() => 0)]));
  looks.forEach((groups, n) => {
    for (const { name, size } of groups) {
      const own = sizes.get(name);
      if (own !== undefined) own[n] = size;
    }
  });
  return sizes;
}

function moreOf({ before, after }: GrownGroup<Group>): Counts {
  const more: Partial<Record<keyof Counts, number>> = {};
  for (const what of COUNTED) {
    const now = after.counts[what];
    if (now !== undefined) more[what] = now - (before?.counts[what] ?? 0);
  }
  return more;
}

const total = (groups: readonly Group[]): number => groups.reduce((sum, { size }) => sum + size, 0);
