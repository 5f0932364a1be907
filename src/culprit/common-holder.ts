import { isOfJdk } from './frames.ts';
import { LEAST_SHARE } from './shares.ts';

/** A field that refers to an object. */
export interface Link {
  readonly owner: string;
  /** null: it has a name that is not known. */
  readonly field: string | null;
  readonly isStatic: boolean;
}

/** One step of the path of references from an object to what keeps it alive: an object that refers to the one before it. */
export interface Step {
  /** Equal for the same object. */
  readonly id: string;
  readonly className: string | null;
  /** The class of the object before it. */
  readonly refersTo: string | null;
  /** null: by an element of an array. */
  readonly link: Link | null;
}

/** What keeps objects alive: a static field, a field of an object, an object by its class alone, or a collection of which no owner was found. */
export interface Holder {
  readonly kind: 'static-field' | 'field' | 'object' | 'collection';
  /** "com.acme.OrderCache.BY_ID"; a collection by its class and that of its elements: "java.util.HashMap of com.acme.Order". */
  readonly name: string;
}

/**
 * What holds at least half of some objects. They gather at the object nearest to them that is on the paths of so many, and the first field
 * from there on that is not the JDK's tells whose it is. What lies further out (the server that holds the application that holds the
 * sessions) holds everything, and says less. null: they have no such object in common. Pure.
 */
export function commonHolder(paths: readonly (readonly Step[])[]): (Holder & { readonly objects: number }) | null {
  const counts = pathCounts(paths);
  const nearest = new Map<string, { readonly steps: readonly Step[]; readonly below: readonly Step[]; objects: number }>();
  for (const path of paths) {
    const at = path.findIndex(({ id }) => counts.get(id)! >= LEAST_SHARE * paths.length);
    if (at < 0) continue;
    const { id } = path[at]!;
    const known = nearest.get(id) ?? { steps: path.slice(at), below: path.slice(0, at), objects: 0 };
    known.objects++;
    nearest.set(id, known);
  }
  const [most] = [...nearest].sort(([, a], [, b]) => b.objects - a.objects);
  if (most === undefined) return threadLocalsOf(paths);
  const [id, { steps, below }] = most;
  const holder = fieldOf(steps, nodeClasses(paths)) ?? collectionOf(steps, below);
  return holder === null ? null : { ...holder, objects: counts.get(id)! };
}

/** There is one for each thread. */
const THREAD_LOCALS = 'java.lang.ThreadLocal$ThreadLocalMap';

function threadLocalsOf(paths: readonly (readonly Step[])[]): (Holder & { readonly objects: number }) | null {
  const objects = paths.filter((path) => path.some(({ className }) => className === THREAD_LOCALS)).length;
  return objects > 0 && objects >= LEAST_SHARE * paths.length ? { kind: 'object', name: THREAD_LOCALS, objects } : null;
}

/** Caches and collections: whose field refers to one says more than its own. */
const COLLECTIONS =
  /^(?:com\.github\.benmanes\.caffeine|com\.google\.common|com\.googlecode\.concurrentlinkedhashmap|org\.(?:eclipse|apache\.commons)\.collections\d?|org\.(?:ehcache|cache2k|jctools)|net\.sf\.ehcache|it\.unimi\.dsi\.fastutil|com\.carrotsearch\.hppc|gnu\.trove|kotlin\.collections|scala\.collection|clojure\.lang|io\.vavr\.collection)\./;

const LAMBDA = /\$\$Lambda.*$/;

/** The first field of a static, or of a class that is neither the JDK's nor that of a list's nodes; if there is a choice, nor that of a library's collection. */
function fieldOf(steps: readonly Step[], nodes: ReadonlySet<string>): Holder | null {
  const own = steps.flatMap(({ link }) =>
    link !== null && !isOfJdk(link.owner) && (link.isStatic || !nodes.has(link.owner)) ? [link] : [],
  );
  const link = own.find(({ owner }) => !COLLECTIONS.test(owner) && !LAMBDA.test(owner)) ?? own[0];
  if (link === undefined) return null;
  // The field of a lambda is a variable that it has captured, and its number is another in each run.
  if (LAMBDA.test(link.owner)) return { kind: 'object', name: link.owner.replace(LAMBDA, '$$$$Lambda') };
  if (link.field === null) return { kind: 'object', name: link.owner };
  return { kind: link.isStatic ? 'static-field' : 'field', name: `${link.owner}.${link.field}` };
}

/** Classes whose objects refer to each other, as the nodes of a list or a tree do. */
function nodeClasses(paths: readonly (readonly Step[])[]): Set<string> {
  const nodes = new Set<string>();
  for (const { link, refersTo } of paths.flat()) if (link !== null && link.owner === refersTo) nodes.add(link.owner);
  return nodes;
}

/** The first collection itself, not its nodes or arrays; with the class of its elements that is not the JDK's. */
function collectionOf(steps: readonly Step[], below: readonly Step[]): Holder | null {
  const found = steps.find(({ className }) => className !== null && /^java\.util\.[\w.]+$/.test(className));
  if (found === undefined) return null;
  const own = below.findLast(({ className }) => className !== null && !isOfJdk(className) && !className.endsWith('[]'));
  return { kind: 'collection', name: `${found.className} of ${own?.className ?? [...below, ...steps][0]!.refersTo}` };
}

/** On how many of the paths each object is. */
export function pathCounts(paths: readonly (readonly Step[])[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const path of paths) for (const id of new Set(path.map((step) => step.id))) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}
