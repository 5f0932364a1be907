import { commonHolder, type Holder, pathCounts, type Step } from './common-holder.ts';
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
  /** Of a place of allocation one of the stacks that lead there, from the top; else empty. */
  readonly stack: readonly string[];
}

/** Fewer samples say nothing about thousands of objects. */
export const LEAST_SAMPLES = 5;

/** The objects of a class that hold sampled ones of others, each once: an entry of a map holds its key, and is sampled with it. */
function holdersOf(className: string, objects: readonly OldObject[]): OldObject[] {
  const found = new Map<string, OldObject>();
  for (const { className: of, path } of objects) {
    const at = of === className ? -1 : path.findIndex((step) => step.className === className);
    if (at >= 0) found.set(path[at]!.id, { className, path: path.slice(at + 1), allocatedAt: null, stack: [] });
  }
  return [...found.values()].filter(({ path }) => path.length > 0);
}

/** The sampled objects of a class that something refers to, without those that took the place of others. `grown`: classes that grew. */
export function ownOf(
  className: string,
  objects: readonly OldObject[],
  moreOf: MoreOf,
  grown: ReadonlySet<string>,
): { readonly own: readonly OldObject[]; readonly all: readonly OldObject[]; readonly isReached: boolean } {
  const sampled = objects.filter((object) => object.className === className);
  // One without a path, where others have one, has been dropped since and waits for a collection.
  const reached = sampled.filter(({ path }) => path.length > 0);
  const all = reached.length > 0 ? reached : sampled;
  const counts = pathCounts(all.map(({ path }) => path));
  const own = all.filter(({ path }) => !isReplaced(path, counts, moreOf(className) ?? 0, moreOf));
  if (own.length >= LEAST_SAMPLES) return { own, all, isReached: reached.length > 0 };
  const holding = holdersOf(
    className,
    objects.filter((object) => grown.has(object.className)),
  );
  return { own: [...own, ...holding], all: [...all, ...holding], isReached: reached.length + holding.length > 0 };
}

/** The holder and the place of allocation that at least half of the sampled objects of a class, which did not take the place of others, have in common. Pure. */
export function retentionOf(
  className: string,
  objects: readonly OldObject[],
  moreOf: MoreOf,
  grown: ReadonlySet<string> = new Set(),
): Retention {
  const { own, all, isReached } = ownOf(className, objects, moreOf, grown);
  if (own.length < LEAST_SAMPLES) {
    const replaced = all.length - own.length;
    const rest = replaced === 0 ? '' : `, and ${replaced} of them are in places that did not become more`;
    return {
      state: 'unknown',
      reason: `${all.length} of ${objects.length} sampled objects are of this class${rest}; ${LEAST_SAMPLES} are needed, so a longer search may tell`,
    };
  }
  const heldBy = isReached ? commonHolder(own.map(({ path }) => path)) : unfollowedOf(own.length, className, moreOf);
  return {
    state: 'known',
    samples: own.length,
    heldBy: heldBy === null ? null : sampledOf(heldBy, heldBy.objects),
    allocatedAt: allocatorOf(own),
  };
}

export const sampledOf = ({ kind, name, thread }: Holder, samples: number): Sampled => ({
  kind,
  name,
  thread,
  samples,
  stack: [],
});

export const allocatorOf = (own: readonly OldObject[]): Sampled | null =>
  mostCommon(
    own.map(({ allocatedAt: at, stack }) =>
      at === null ? null : ({ kind: 'frame', name: frameText(at), thread: null, stack } as const),
    ),
  );

/**
 * What keeps class loaders that became more, by sampled objects of what they loaded: `inside` are the classes of the loaders and of what lives in
 * them. What is told is the holder of the outermost of these objects on each path, of `loaders` that became more. Pure.
 */
export function loaderRetention(objects: readonly OldObject[], inside: ReadonlySet<string>, loaders: number): Retention {
  const outermost = new Map<string, readonly Step[]>();
  for (const [n, { className, path }] of objects.entries()) {
    const at = path.findLastIndex((step) => step.className !== null && inside.has(step.className));
    const rest = path.slice(at + 1);
    if (rest.length > 0 && (at >= 0 || inside.has(className))) outermost.set(path[at]?.id ?? `sample ${n}`, rest);
  }
  const paths = [...outermost.values()];
  const least = Math.min(LEAST_SAMPLES, Math.max(2, LEAST_SHARE * loaders));
  if (paths.length < least)
    return {
      state: 'unknown',
      reason: `${paths.length} of ${objects.length} sampled objects ${paths.length === 1 ? 'is' : 'are'} theirs; ${Math.ceil(least)} are needed, so a longer search may tell`,
    };
  const holder = commonHolder(paths);
  return {
    state: 'known',
    samples: paths.length,
    heldBy: holder === null ? null : sampledOf(holder, holder.objects),
    allocatedAt: null,
  };
}

/** References that the recorder does not follow. Objects that wait for their finalizer, or that only a soft reference keeps, have no path. */
const UNFOLLOWED = ['java.lang.ref.Finalizer', 'java.lang.ref.SoftReference'];

/** There are as many more of the references as of the objects. */
function unfollowedOf(objects: number, className: string, moreOf: MoreOf): (Holder & { readonly objects: number }) | null {
  const least = LEAST_SHARE * (moreOf(className) ?? Number.POSITIVE_INFINITY);
  const name = UNFOLLOWED.find((one) => (moreOf(one) ?? 0) >= least);
  return name === undefined ? null : { kind: 'object', name, thread: null, at: name, objects };
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
