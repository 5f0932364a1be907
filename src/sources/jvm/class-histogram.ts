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
  let seen = 0;
  for (const m of text.matchAll(/^ *\d+: +(\d+) +(\d+) +(\S+)/gm)) {
    if (++seen > MAX_CLASSES) break;
    const name = m[3]!.slice(0, MAX_NAME_LENGTH);
    const sum = sums.get(name) ?? { instances: 0, bytes: 0 };
    const [instances, bytes] = [plausible(Number(m[1])), plausible(Number(m[2]))];
    if (instances !== null && bytes !== null) sums.set(name, { instances: sum.instances + instances, bytes: sum.bytes + bytes });
  }
  return [...sums].map(([name, sum]) => ({ name, ...sum })).sort((a, b) => b.bytes - a.bytes);
}
