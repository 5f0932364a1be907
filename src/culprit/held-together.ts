import { commonHolder, type Holder } from './common-holder.ts';
import type { OldObject } from './old-objects.ts';
import type { MoreOf } from './replaced-objects.ts';
import { allocatorOf, LEAST_SAMPLES, ownOf, type Retention, sampledOf } from './retention.ts';
import { LEAST_SHARE } from './shares.ts';
import type { GroupGrowth } from './types.ts';

/** Classes whose objects have one holder, as the keys, values and entries of one map. */
export interface HeldTogether {
  /** Those of which there are samples enough. */
  readonly classes: readonly GroupGrowth[];
  /** Of all that grew: of each class the part of its growth that its samples say has this holder. */
  readonly share: number;
  readonly retention: Extract<Retention, { state: 'known' }>;
}

/**
 * The classes that one holder has, if it explains at least half of what grew. The objects of each gather at it, so what happens to hold several
 * leaks, such as the list of all modules, is none. null: there is none. Pure.
 */
export function heldTogether(grown: readonly GroupGrowth[], objects: readonly OldObject[], moreOf: MoreOf): HeldTogether | null {
  const byHolder = new Map<string, { holder: Holder; held: { of: GroupGrowth; own: readonly OldObject[]; objects: number }[] }>();
  const names = new Set(grown.map(({ name }) => name));
  for (const of of grown) {
    const { own, isReached } = ownOf(of.name, objects, moreOf, names);
    const holder = isReached && own.length >= LEAST_SAMPLES ? commonHolder(own.map(({ path }) => path)) : null;
    if (holder === null) continue;
    const key = `${holder.kind} ${holder.name} ${holder.at}`;
    const one = byHolder.get(key) ?? { holder, held: [] };
    one.held.push({ of, own, objects: holder.objects });
    byHolder.set(key, one);
  }
  const all = [...byHolder.values()].map(({ holder, held }) => ({
    holder,
    held,
    share: held.reduce((sum, { of, own, objects: had }) => sum + (of.share * had) / own.length, 0),
  }));
  const [most] = all.sort((a, b) => b.share - a.share);
  if (most === undefined || most.share < LEAST_SHARE) return null;
  const { holder, held, share } = most;
  const own = held.flatMap((one) => one.own);
  const heldBy = sampledOf(
    holder,
    held.reduce((sum, one) => sum + one.objects, 0),
  );
  return {
    classes: held.map(({ of }) => of),
    share,
    retention: { state: 'known', samples: own.length, heldBy, allocatedAt: allocatorOf(own) },
  };
}
