import { loadersByClass, parseHistogram } from '../sources/jvm/class-histogram.ts';
import { isOfJdk } from './frames.ts';
import { grownGroups } from './grown-groups.ts';
import { LEAST_SHARE } from './shares.ts';
import { parseThreadDump, type ThreadGroup } from './thread-dump.ts';
import type { LoaderKeepers, Registry } from './types.ts';

/** What is kept of a histogram of the classes and of a thread dump. */
export interface Beside {
  /** How many loaders have a class of a name that is not the JDK's, with live objects. */
  readonly loaders: ReadonlyMap<string, number>;
  readonly threads: readonly ThreadGroup[];
  /** Objects of the JDK's registries. */
  readonly registered: Readonly<Record<Registry, number>>;
}

/** The container may invent as many names as an answer has room for. */
const MAX_NAMES = 10_000;
const MOST_CLASSES = 3;
/** What the JDK has an object of for each thing that is registered with it, and keeps until it is taken out. */
const REGISTRIES: Readonly<Record<Registry, string>> = {
  drivers: 'java.sql.DriverInfo',
  threadLocals: 'java.lang.ThreadLocal$ThreadLocalMap$Entry',
  mbeans: 'com.sun.jmx.mbeanserver.NamedObject',
};

/** Two of them are kept until the last look. Pure. */
export function besideOf(histogram: string, threads: string): Beside {
  const counts = new Map(parseHistogram(histogram).map(({ name, instances }) => [name, instances]));
  const classes = [...loadersByClass(histogram)].filter(([name]) => !isOfJdk(name) && !/^\[|\//.test(name));
  return {
    loaders: new Map(classes.slice(0, MAX_NAMES)),
    threads: parseThreadDump(threads).slice(0, MAX_NAMES),
    registered: mapValues(REGISTRIES, (type) => counts.get(type) ?? 0),
  };
}

/** What became more together with the loaders: classes of the application with live objects in each, threads, drivers of JDBC. Pure. */
export function loaderKeepers(before: Beside, after: Beside, moreLoaders: number): LoaderKeepers {
  const least = Math.max(2, LEAST_SHARE * moreLoaders);
  const registered = mapValues(REGISTRIES, (_, name) => after.registered[name] - before.registered[name] >= least);
  const count = (all: Beside['threads']): number => all.reduce((sum, { threads }) => sum + threads, 0);
  return {
    classes: classesOf(before.loaders, after.loaders, least),
    threads: threadsOf(before.threads, after.threads, least),
    ...registered,
    // Each new thread has some of its own.
    threadLocals: registered.threadLocals && count(after.threads) - count(before.threads) < least,
  };
}

const mapValues = <K extends string, V, R>(all: Readonly<Record<K, V>>, of: (value: V, key: K) => R): Record<K, R> =>
  Object.fromEntries(Object.entries<V>(all).map(([key, value]) => [key, of(value, key as K)])) as Record<K, R>;

function classesOf(before: Beside['loaders'], after: Beside['loaders'], least: number): string[] {
  return [...after]
    .map(([name, loaders]) => ({ name, more: loaders - (before.get(name) ?? 0) }))
    .filter(({ more }) => more >= least)
    .sort((a, b) => b.more - a.more || a.name.localeCompare(b.name))
    .slice(0, MOST_CLASSES)
    .map(({ name }) => name);
}

/** Threads that stand in a frame of the JDK alone may be anybody's. */
function threadsOf(before: Beside['threads'], after: Beside['threads'], least: number): LoaderKeepers['threads'] {
  const grown = grownGroups(before, after, ({ threads }) => threads);
  const own = grown.find(({ grew, after: { stand } }) => grew >= least && stand !== null && !isOfJdk(stand.frame));
  return own === undefined ? null : { name: own.name, more: own.grew, frame: own.after.stand!.frame };
}
