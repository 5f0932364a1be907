import { plausible } from '../../plausible.ts';

/** One row of `GC.class_histogram`. The JVM pauses, runs a full collection, walks the heap and counts by class. The container chooses the names. */
export interface ClassCount {
  readonly name: string;
  readonly instances: number;
  readonly bytes: number;
}

const MAX_CLASSES = 100_000;
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

export interface ClassGrowth {
  readonly name: string;
  readonly bytesGrown: number;
  readonly instancesGrown: number;
  readonly bytes: number;
}

/** The ten classes with the largest growth, in bytes, from the first histogram to the second. Pure. */
export function diffHistograms(first: readonly ClassCount[], second: readonly ClassCount[]): ClassGrowth[] {
  const before = new Map(first.map((c) => [c.name, c]));
  return second
    .map((c) => ({
      name: c.name,
      bytesGrown: c.bytes - (before.get(c.name)?.bytes ?? 0),
      instancesGrown: c.instances - (before.get(c.name)?.instances ?? 0),
      bytes: c.bytes,
    }))
    .filter((c) => c.bytesGrown > 0)
    .sort((a, b) => b.bytesGrown - a.bytesGrown)
    .slice(0, 10);
}
