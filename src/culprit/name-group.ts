import { type GrownGroup, grownGroups } from './grown-groups.ts';
import { type Group, QUESTIONS } from './questions.ts';
import { LEAST_SHARE, LEAST_TOLD, MOST_TOLD } from './shares.ts';
import { COUNTED, type Counts, type Culprit, type GroupGrowth, type LookCause } from './types.ts';

/**
 * Growth from one look to the next that is less than this part of an even growth counts as none: what stopped, or breathes. Five looks at what
 * goes up and down at random show so much growth at each step in one case of three hundred, seven in one of three thousand.
 */
const LEAST_STEP = 0.25;
/** One step of so many may show no growth, but may not be a fall by as much: what leaks in bursts may pause. */
const STEPS_WITH_A_PAUSE = 6;

export type Named = Extract<Culprit, { state: 'named' | 'unknown' }>;

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
  const groups = all.filter((group) => !isWarmUp(group));
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
  const warmUp = all.filter(isWarmUp).reduce((sum, { grew }) => sum + grew, 0);
  const net = total(last) - total(first) - warmUp;
  const [culprit] = grown;
  if (culprit === undefined || net < leastGrowth) return unknown('no-growth', grown);
  if (culprit.share < LEAST_SHARE) return unknown('no-group-has-half', grown);
  if (!isSteady(culprit.sizes)) return unknown('not-steady', grown);
  const { stand, parent } = groups[0]!.after;
  return { state: 'named', cause, culprit, stand, parent, keepers: null, retention: null, native: null, grown };
}

/** Whether it grew from look to look. A pool that breathes shrinks at times, and a cache that is full stops. */
function isSteady(sizes: readonly number[]): boolean {
  const steps = sizes.slice(1).map((size, n) => size - sizes[n]!);
  const even = (sizes.at(-1)! - sizes[0]!) / steps.length;
  const pauses = steps.filter((step) => step < LEAST_STEP * even);
  return pauses.length <= Math.floor(steps.length / STEPS_WITH_A_PAUSE) && pauses.every((step) => step > -LEAST_STEP * even);
}

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
