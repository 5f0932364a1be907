import { loadersByClass, parseHistogram } from '../sources/jvm/class-histogram.ts';
import { isOfJdk } from './frames.ts';
import { grownGroups } from './grown-groups.ts';
import { LEAST_SHARE } from './shares.ts';
import { parseThreadDump } from './thread-dump.ts';
import type { LoaderKeepers } from './types.ts';

/** A histogram of the classes, and a thread dump. */
export interface Beside {
  readonly histogram: string;
  readonly threads: string;
}

const MOST_CLASSES = 3;
const DRIVER = 'java.sql.DriverInfo';

/** What became more together with the loaders: classes of the application with live objects in each, threads, drivers of JDBC. Pure. */
export function loaderKeepers(before: Beside, after: Beside, moreLoaders: number): LoaderKeepers {
  const least = Math.max(2, LEAST_SHARE * moreLoaders);
  return {
    classes: classesOf(before.histogram, after.histogram, least),
    threads: threadsOf(before.threads, after.threads, least),
    drivers: driversIn(after.histogram) - driversIn(before.histogram) >= least,
  };
}

function classesOf(before: string, after: string, least: number): string[] {
  const [first, last] = [loadersByClass(before), loadersByClass(after)];
  return [...last]
    .map(([name, loaders]) => ({ name, more: loaders - (first.get(name) ?? 0) }))
    .filter(({ name, more }) => more >= least && !isOfJdk(name) && !name.startsWith('[') && !name.includes('/'))
    .sort((a, b) => b.more - a.more || a.name.localeCompare(b.name))
    .slice(0, MOST_CLASSES)
    .map(({ name }) => name);
}

/** Threads that stand in a frame of the JDK alone may be anybody's. */
function threadsOf(before: string, after: string, least: number): LoaderKeepers['threads'] {
  const grown = grownGroups(parseThreadDump(before), parseThreadDump(after), ({ threads }) => threads);
  const own = grown.find(({ grew, after: { stand } }) => grew >= least && stand !== null && !isOfJdk(stand.frame));
  return own === undefined ? null : { name: own.name, more: own.grew, frame: own.after.stand!.frame };
}

const driversIn = (histogram: string): number => parseHistogram(histogram).find(({ name }) => name === DRIVER)?.instances ?? 0;
