import type { Aged, JvmReading } from '../types.ts';
import type { Collector } from './collectors.ts';
import type { G1CycleCounter } from './g1-cycles.ts';
import { type HeapInfo, parseHeapInfo, parseMetaspace } from './jcmd-output.ts';
import { memoryFlags } from './jvm-flags.ts';

/** The answers of a JVM. `events` and `metaspace` are empty if it does not know the command. */
export interface JcmdTexts {
  readonly heapInfo: string;
  readonly events: string;
  readonly metaspace: string;
  readonly version: string;
  /** Its options, from its command line and environment. */
  readonly args: readonly string[];
}

/**
 * The values of a JVM without hsperfdata, in bytes, from its answers to GC.heap_info, VM.metaspace and VM.events. All values are current.
 * Threads, classes and times of collections are missing; counts of collections exist only if the JVM keeps a history of them. null: the
 * answer contains no known heap.
 */
export function toAskedReading(texts: JcmdTexts, atMs: number, g1Cycles: G1CycleCounter): JvmReading | null {
  const info = parseHeapInfo(texts.heapInfo);
  const spaces = info.areas.filter((a) => !/metaspace|class space/i.test(a.name));
  const collector = collectorOf(spaces);
  if (collector === null) return null;
  const now = (value: number): Aged<number> => ({ value, atMs });
  const used = spaces.reduce((sum, a) => sum + a.usedBytes, 0);
  const committed = spaces.reduce((sum, a) => sum + (a.committedBytes ?? a.usedBytes), 0);
  const generations = generationsOf(info, spaces);
  const old = generations.length > 1 ? generations[1]! : null;
  const counts = collectionsIn(texts.events);
  const flags = memoryFlags(texts.args.join(' '));
  const metaspace = spacesOf(info, texts.metaspace);
  return {
    source: 'attach',
    nspid: 0,
    vendor: null,
    version: /^JDK (\S+)/m.exec(texts.version)?.[1]?.replace(/^8\.0_/, '1.8.0_') ?? null,
    collector,
    generations,
    heapUsed: now(used),
    heapCommitted: now(committed),
    heapMax: info.range === null ? info.maxBytes : info.range.end - info.range.start,
    oldUsed: old === null ? null : now(old.spaces[0]!.usedBytes),
    metaspace: metaspace === null ? null : { used: now(metaspace.all.used), committed: metaspace.all.committed, maxBytes: null },
    compressedClass:
      metaspace?.class == null ? null : { used: now(metaspace.class.used), committed: metaspace.class.committed, maxBytes: null },
    classes: null,
    threads: null,
    collectors: [],
    gcCount: counts?.all ?? null,
    gcUpdates: null,
    fullGcCount: fullCount({ collector, counts, generations, flags, g1Cycles }),
    gcSeconds: 0,
    uptimeSeconds: null,
    flags,
  };
}

/**
 * What only a collection updates in the counters is taken from the answer if that is newer, and the number of collections if they lack it.
 * The old generation stays that of the counters, because its minimum right after a collection is the live set.
 */
export function withNewerAnswer(counters: JvmReading, answer: JvmReading): JvmReading {
  const gcCount = counters.gcCount ?? answer.gcCount;
  if (answer.heapUsed.atMs <= counters.heapUsed.atMs) return { ...counters, gcCount };
  const { heapUsed, heapCommitted } = answer;
  const space = <T extends { readonly used: Aged<number>; readonly committed: number }>(
    of: T | null,
    asked: T | null,
  ): T | null =>
    of === null || asked === null || asked.used.atMs <= of.used.atMs
      ? of
      : { ...of, used: asked.used, committed: asked.committed };
  return {
    ...counters,
    heapUsed,
    heapCommitted: counters.heapCommitted.atMs >= heapCommitted.atMs ? counters.heapCommitted : heapCommitted,
    metaspace: space(counters.metaspace, answer.metaspace),
    compressedClass: space(counters.compressedClass, answer.compressedClass),
    gcCount,
  };
}

/** By the names that the collectors print. */
const AREAS: readonly (readonly [RegExp, Collector])[] = [
  [/^garbage-first heap/i, 'G1'],
  [/^def new generation|^DefNew/i, 'Serial'],
  [/^PSYoungGen/, 'Parallel'],
  [/^par new generation/i, 'CMS'],
  [/^ZHeap|^ZGeneration/i, 'ZGC'],
  [/^Shenandoah/i, 'Shenandoah'],
  [/^Epsilon/i, 'Epsilon'],
];

function collectorOf(spaces: HeapInfo['areas']): Collector | null {
  for (const [pattern, collector] of AREAS) if (spaces.some((a) => pattern.test(a.name))) return collector;
  return null;
}

/** The young and the old generation, if both are printed. G1 prints the total and its young part. */
function generationsOf(info: HeapInfo, spaces: HeapInfo['areas']): JvmReading['generations'] {
  const generation = (name: string, usedBytes: number, capacityBytes: number): JvmReading['generations'][number] => ({
    name,
    capacityBytes,
    maxBytes: null,
    spaces: [{ name, usedBytes, capacityBytes }],
  });
  if (spaces.length === 2)
    return spaces.map((a, i) => generation(i === 0 ? 'young' : 'old', a.usedBytes, a.committedBytes ?? a.usedBytes));
  const [whole] = spaces;
  if (whole === undefined) return [];
  const committed = whole.committedBytes ?? whole.usedBytes;
  if (info.youngBytes === null) return [generation('heap', whole.usedBytes, committed)];
  const young = Math.min(info.youngBytes, whole.usedBytes);
  return [generation('young', young, young), generation('old', whole.usedBytes - young, committed - young)];
}

/** The newest entry of the JVM's history of collections. null: it keeps none, or has not collected. */
function collectionsIn(events: string): { readonly all: number; readonly full: number } | null {
  const found = [...events.slice(-MAX_EVENTS).matchAll(/\bheap after GC invocations=(\d{1,12}) \(full (\d{1,12})\)/gi)];
  const last = found.reduce<{ all: number; full: number } | null>((newest, m) => {
    const one = { all: Number(m[1]), full: Number(m[2]) };
    return newest === null || one.all >= newest.all ? one : newest;
  }, null);
  return last;
}
const MAX_EVENTS = 1 << 20;

function fullCount({
  collector,
  counts,
  generations,
  flags,
  g1Cycles,
}: Pick<JvmReading, 'collector' | 'generations' | 'flags'> & {
  readonly counts: { readonly all: number; readonly full: number } | null;
  readonly g1Cycles: G1CycleCounter;
}): number | null {
  if (counts === null || collector === 'ZGC' || collector === 'Shenandoah' || collector === 'Epsilon') return null;
  return collector === 'G1' ? counts.full + g1Cycles.count({ collections: counts.all, generations, flags }) : counts.full;
}

interface Sizes {
  readonly used: number;
  readonly committed: number;
}

/** VM.metaspace since JDK 16. Before that, GC.heap_info prints both spaces together. */
function spacesOf(info: HeapInfo, text: string): { readonly all: Sizes; readonly class: Sizes | null } | null {
  const sizes = (space: { readonly usedBytes: number; readonly committedBytes: number | null }): Sizes => ({
    used: space.usedBytes,
    committed: space.committedBytes ?? space.usedBytes,
  });
  const parsed = parseMetaspace(text);
  if (parsed !== null) {
    const [nonClass, own] = [sizes(parsed.nonClass), parsed.class === null ? null : sizes(parsed.class)];
    return {
      all: { used: nonClass.used + (own?.used ?? 0), committed: nonClass.committed + (own?.committed ?? 0) },
      class: own,
    };
  }
  const both = info.areas.find((a) => /^metaspace$/i.test(a.name));
  const own = info.areas.find((a) => /^class space$/i.test(a.name));
  return both === undefined ? null : { all: sizes(both), class: own === undefined ? null : sizes(own) };
}
