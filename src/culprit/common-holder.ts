import { isOfJdk } from './frames.ts';
import { LEAST_SHARE } from './shares.ts';
import { threadPattern } from './thread-pattern.ts';

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
  /** Its name, if it is a thread. */
  readonly thread?: string;
}

/** What keeps objects alive: a static field, a field of an object, an object by its class alone, or a collection of which no owner was found. */
export interface Holder {
  readonly kind: 'static-field' | 'field' | 'object' | 'collection';
  /** "com.acme.OrderCache.BY_ID"; a collection by its class and that of its elements: "java.util.HashMap of com.acme.Order". */
  readonly name: string;
  /** The thread that has it in its thread locals or on its stack, with N for each number; null: no thread, or it is not known. */
  readonly thread: string | null;
  /** The id of the object that has it. Two fields of one name are two objects'. */
  readonly at: string;
}

/**
 * What holds at least half of some objects. They gather at the object nearest to them that is on the paths of so many, and the first field
 * from there on that is not the JDK's tells whose it is. What lies further out (the server that holds the application that holds the
 * sessions) holds everything, and says less. null: they have no such object in common. Pure.
 */
export function commonHolder(paths: readonly (readonly Step[])[]): (Holder & { readonly objects: number }) | null {
  const counts = pathCounts(paths);
  const nearest = new Map<string, { readonly path: readonly Step[]; readonly at: number; objects: number }>();
  for (const path of paths) {
    const at = path.findIndex(({ id }) => counts.get(id)! >= LEAST_SHARE * paths.length);
    if (at < 0) continue;
    const { id } = path[at]!;
    const known = nearest.get(id) ?? { path, at, objects: 0 };
    known.objects++;
    nearest.set(id, known);
  }
  const [most] = [...nearest].sort(([, a], [, b]) => b.objects - a.objects);
  const ofThreads = threadsOf(paths);
  if (most === undefined) return ofThreads;
  const [id, { path, at }] = most;
  // What lies beyond what a thread has is the thread's pool, or the JDK's list of threads.
  const end = ofThreads === null ? -1 : path.findIndex(isOfThread);
  if (ofThreads !== null && end >= 0 && end < at) return ofThreads;
  const steps = path.slice(at, end < 0 ? undefined : end);
  const own = fieldOf(steps, nodeClasses(paths));
  if (own === null && ofThreads !== null) return ofThreads;
  const holder = own ?? collectionOf(steps, path.slice(0, at));
  if (holder === null) return null;
  // A variable of some thread often leads to a field. That says who it is only of what belongs to the thread.
  return { ...holder, thread: own !== null && end < 0 ? null : threadOf(path), objects: counts.get(id)! };
}

/** What each thread has for itself: its thread locals, and of a virtual one its stack. */
const OF_THREADS = ['java.lang.ThreadLocal$ThreadLocalMap', 'java.lang.VirtualThread'];
const isOfThread = ({ className }: Step): boolean => className !== null && OF_THREADS.includes(className);

/** The thread that a path ends in; null: it ends elsewhere, or the thread has no name. */
function threadOf(path: readonly Step[]): string | null {
  // Beyond a static field comes the loader of its class, which many threads have.
  if (path.some(({ className }) => className === 'java.lang.Class')) return null;
  const name = path.find(({ thread }) => thread !== undefined)?.thread ?? '';
  return name === '' ? null : threadPattern(name);
}

function threadsOf(paths: readonly (readonly Step[])[]): (Holder & { readonly objects: number }) | null {
  for (const name of OF_THREADS) {
    const own = paths.filter((path) => path.find(isOfThread)?.className === name);
    if (own.length === 0 || own.length < LEAST_SHARE * paths.length) continue;
    const names = new Set(own.map(threadOf));
    return { kind: 'object', name, thread: names.size === 1 ? [...names][0]! : null, at: name, objects: own.length };
  }
  return null;
}

/** Caches and collections: whose field refers to one says more than its own. */
const COLLECTIONS =
  /^(?:com\.github\.benmanes\.caffeine|com\.google\.common|com\.googlecode\.concurrentlinkedhashmap|org\.(?:eclipse|apache\.commons)\.collections\d?|org\.(?:ehcache|cache2k|jctools)|net\.sf\.ehcache|it\.unimi\.dsi\.fastutil|com\.carrotsearch\.hppc|gnu\.trove|kotlin\.collections|scala\.collection|clojure\.lang|io\.vavr\.collection)\./;

const LAMBDA = /\$\$Lambda.*$/;
const withoutNumber = (className: string): string => className.replace(LAMBDA, '$$$$Lambda');
/** Queues of the executors are classes within them. */
const COLLECTION = /^java\.util\.(?:[\w.]+|[\w.$]+Queue)$/;

/** The first field of a static, or of a class that is neither the JDK's nor that of a list's nodes; if there is a choice, nor that of a library's collection. */
function fieldOf(steps: readonly Step[], nodes: ReadonlySet<string>): Omit<Holder, 'thread'> | null {
  const own = steps.flatMap(({ link, id }) =>
    link !== null && !isOfJdk(link.owner) && (link.isStatic || !nodes.has(link.owner)) ? [{ link, id }] : [],
  );
  const found = own.find(({ link: { owner } }) => !COLLECTIONS.test(owner) && !LAMBDA.test(owner)) ?? own[0];
  if (found === undefined) return null;
  const { link, id: at } = found;
  // The field of a lambda is a variable that it has captured, and its number is another in each run.
  if (LAMBDA.test(link.owner)) return { kind: 'object', name: withoutNumber(link.owner), at };
  if (link.field === null) return { kind: 'object', name: link.owner, at };
  return { kind: link.isStatic ? 'static-field' : 'field', name: `${link.owner}.${link.field}`, at };
}

/** Classes whose objects refer to each other, as the nodes of a list or a tree do. */
function nodeClasses(paths: readonly (readonly Step[])[]): Set<string> {
  const nodes = new Set<string>();
  for (const { link, refersTo } of paths.flat()) if (link !== null && link.owner === refersTo) nodes.add(link.owner);
  return nodes;
}

/** The first collection itself, not its nodes or arrays; with the class of its elements that is not the JDK's. */
function collectionOf(steps: readonly Step[], below: readonly Step[]): Omit<Holder, 'thread'> | null {
  const found = steps.find(({ className }) => className !== null && COLLECTION.test(className));
  if (found === undefined) return null;
  const own = below.findLast(({ className }) => className !== null && !isOfJdk(className) && !className.endsWith('[]'));
  return {
    kind: 'collection',
    at: found.id,
    name: `${found.className} of ${withoutNumber(own?.className ?? [...below, ...steps][0]!.refersTo ?? '')}`,
  };
}

/** On how many of the paths each object is. */
export function pathCounts(paths: readonly (readonly Step[])[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const path of paths) for (const id of new Set(path.map((step) => step.id))) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}
