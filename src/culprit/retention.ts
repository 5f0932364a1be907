import { commonHolder, type Holder, pathCounts } from './common-holder.ts';
import { frameText } from './frames.ts';
import type { OldObject } from './old-objects.ts';
import { isReplaced, type MoreOf } from './replaced-objects.ts';
import { LEAST_SHARE } from './shares.ts';

/** What samples of the live set say about the objects of a class that grew. */
export type Retention =
  | {
      readonly state: 'known';
      /** Sampled objects of the class. */
      readonly samples: number;
      /** What holds most of them; null: no holder has half of them. */
      readonly heldBy: Sampled | null;
      /** Where most of them were allocated; null: no place has half of them. */
      readonly allocatedAt: Sampled | null;
    }
  | { readonly state: 'unknown'; readonly reason: string };

export interface Sampled {
  /** "com.acme.OrderCache.BY_ID", "com.acme.OrderService.load:88" */
  readonly name: string;
  readonly kind: 'static-field' | 'field' | 'object' | 'collection' | 'frame';
  /** The thread that has it, with N for each number; null: no thread, or it is not known. */
  readonly thread: string | null;
  readonly samples: number;
}

/** Fewer samples say nothing about thousands of objects. */
const LEAST_SAMPLES = 5;

/** The holder and the place of allocation that at least half of the sampled objects of a class, which did not take the place of others, have in common. Pure. */
export function retentionOf(className: string, objects: readonly OldObject[], moreOf: MoreOf): Retention {
  const sampled = objects.filter((object) => object.className === className);
  // One without a path, where others have one, has been dropped since and waits for a collection.
  const reached = sampled.filter(({ path }) => path.length > 0);
  const all = reached.length > 0 ? reached : sampled;
  const counts = pathCounts(all.map(({ path }) => path));
  const own = all.filter(({ path }) => !isReplaced(path, counts, moreOf(className) ?? 0, moreOf));
  if (own.length < LEAST_SAMPLES) {
    const replaced = all.length - own.length;
    const rest = replaced === 0 ? '' : `, and ${replaced} of them are in places that did not become more`;
    return {
      state: 'unknown',
      reason: `${all.length} of ${objects.length} sampled objects are of this class${rest}; ${LEAST_SAMPLES} are needed, so a longer search may tell`,
    };
  }
  const places = own.map(({ allocatedAt: at }) =>
    at === null ? null : ({ kind: 'frame', name: frameText(at), thread: null } as const),
  );
  const heldBy = reached.length > 0 ? commonHolder(own.map(({ path }) => path)) : unfollowedOf(own.length, className, moreOf);
  return {
    state: 'known',
    samples: own.length,
    heldBy: heldBy === null ? null : { kind: heldBy.kind, name: heldBy.name, thread: heldBy.thread, samples: heldBy.objects },
    allocatedAt: mostCommon(places),
  };
}

/** References that the recorder does not follow. Objects that wait for their finalizer, or that only a soft reference keeps, have no path. */
const UNFOLLOWED = ['java.lang.ref.Finalizer', 'java.lang.ref.SoftReference'];

/** There are as many more of the references as of the objects. */
function unfollowedOf(objects: number, className: string, moreOf: MoreOf): (Holder & { readonly objects: number }) | null {
  const least = LEAST_SHARE * (moreOf(className) ?? Number.POSITIVE_INFINITY);
  const name = UNFOLLOWED.find((one) => (moreOf(one) ?? 0) >= least);
  return name === undefined ? null : { kind: 'object', name, thread: null, objects };
}

function mostCommon(all: readonly (Omit<Sampled, 'samples'> | null)[]): Sampled | null {
  const counts = new Map<string, Sampled>();
  for (const one of all) {
    if (one === null) continue;
    const key = `${one.kind} ${one.name}`;
    counts.set(key, { ...one, samples: (counts.get(key)?.samples ?? 0) + 1 });
  }
  const [first] = [...counts.values()].sort((a, b) => b.samples - a.samples);
  return first === undefined || first.samples < LEAST_SHARE * all.length ? null : first;
}
