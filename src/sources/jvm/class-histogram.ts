import { plausible } from '../../plausible.ts';

/** One row of `GC.class_histogram`. The JVM pauses, runs a full collection, walks the heap and counts by class. The container chooses the names. */
export interface ClassCount {
  readonly name: string;
  readonly instances: number;
  readonly bytes: number;
}

/** The largest classes come first. A large application has some 25,000. */
const MAX_CLASSES = 40_000;
const MAX_NAME_LENGTH = 512;

/** Parses lines such as `   1:  123  4567  java.lang.String (java.base@17)`. Classes of one name from several loaders are added. Pure. */
export function parseHistogram(text: string): ClassCount[] {
  const sums = new Map<string, { instances: number; bytes: number }>();
  for (const { name, instances, bytes } of rowsOf(text)) {
    const sum = sums.get(name) ?? { instances: 0, bytes: 0 };
    sums.set(name, { instances: sum.instances + instances, bytes: sum.bytes + bytes });
  }
  return [...sums].map(([name, sum]) => ({ name, ...sum })).sort((a, b) => b.bytes - a.bytes);
}

/** How many loaders have a class of each name that has live objects: a histogram has a row for each of them. Pure. */
export function loadersByClass(text: string): Map<string, number> {
  const loaders = new Map<string, number>();
  for (const { name } of rowsOf(text)) loaders.set(name, (loaders.get(name) ?? 0) + 1);
  return loaders;
}

function* rowsOf(text: string): Generator<ClassCount> {
  let seen = 0;
  for (const m of text.matchAll(/^ *\d+: +(\d+) +(\d+) +(\S+)/gm)) {
    if (++seen > MAX_CLASSES) break;
    const [instances, bytes] = [plausible(Number(m[1])), plausible(Number(m[2]))];
    if (instances !== null && bytes !== null) yield { name: m[3]!.slice(0, MAX_NAME_LENGTH), instances, bytes };
  }
}
