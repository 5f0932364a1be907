import { bounded, plausible } from '../../plausible.ts';
import { SECOND_MS } from '../../units.ts';
import type { Aged, JvmReading, Limit } from '../types.ts';
import type { Collector } from './collectors.ts';
import type { G1CycleCounter } from './g1-cycles.ts';
import type { Counters } from './hsperf-format.ts';
import { memoryFlags } from './jvm-flags.ts';

/**
 * Converts hsperfdata counters to a reading, in bytes and seconds. `previous` is the reading before; it gives the age of values that only a
 * collection updates. `g1Cycles` is kept by a caller that reads the same JVM repeatedly. Pure except for that.
 */
export function toJvmReading(
  counters: Counters,
  {
    atMs,
    previous,
    g1Cycles,
  }: { readonly atMs: number; readonly previous: JvmReading | null; readonly g1Cycles?: G1CycleCounter },
): JvmReading {
  const number = (name: string): number | null => {
    const value = counters.get(name);
    return typeof value === 'number' ? plausible(value) : null;
  };
  const text = (name: string): string | null => {
    const value = counters.get(name);
    if (typeof value !== 'string' || value === '') return null;
    return name === 'java.rt.vmArgs' ? value : bounded(value);
  };
  const hz = number('sun.os.hrt.frequency');
  /** A time in seconds. The counter is in ticks, and after 53 days its number of ticks is larger than any size or count. */
  const seconds = (name: string): number => {
    const ticks = counters.get(name);
    return typeof ticks === 'number' && ticks > 0 && hz !== null && hz > 0 ? ticks / hz : 0;
  };

  const generations = [0, 1].flatMap((g) => generation(g, number, text));
  const collectors = [0, 1, 2, 3, 4].flatMap((i) => {
    const count = number(`sun.gc.collector.${i}.invocations`);
    return count === null
      ? []
      : [
          {
            name: text(`sun.gc.collector.${i}.name`) ?? `collector ${i}`,
            count,
            seconds: seconds(`sun.gc.collector.${i}.time`),
          },
        ];
  });
  const flags = memoryFlags(text('java.rt.vmArgs') ?? '');
  const collector = collectorName({ policy: text('sun.gc.policy.name'), collectors, generations, flags });
  // ZGC of JDK 11 has no counter of its collections.
  const gcCount = collector === 'ZGC' && collectors.length === 0 ? null : collectors.reduce((sum, c) => sum + c.count, 0);
  const version = text('java.property.java.version') ?? text('java.property.java.vm.version');
  const release = majorOf(version ?? text('java.property.java.vm.specification.version'));

  const now = (value: number): Aged<number> => ({ value, atMs });
  const begun = number('sun.rt.createVmBeginTime');
  const lastExit = Math.max(0, ...[0, 1, 2, 3, 4].map((i) => seconds(`sun.gc.collector.${i}.lastExitTime`)));
  const lastCollectionMs = begun === null || collectors.length === 0 ? null : Math.min(atMs, begun + lastExit * SECOND_MS);
  /**
   * A value that is updated only when a collection ends, or, before the first collection, at the start. If the JVM does not say when, its time
   * is that of the first reading that had it.
   */
  const atCollection = (value: number, before: Aged<number> | null | undefined): Aged<number> => {
    const unchanged = previous !== null && before != null && before.value === value && previous.gcCount === gcCount;
    if (unchanged) return { value, atMs: before.atMs };
    const isRenewed = previous === null || previous.gcCount !== gcCount;
    if (lastCollectionMs !== null) return { value, atMs: isRenewed ? lastCollectionMs : atMs };
    // ZGC of JDK 11 does not say when it collected. The first value that is read may be as old as the JVM.
    return { value, atMs: previous === null ? (begun ?? atMs) : atMs };
  };

  // ZGC updates heap used only in its pauses. Since JDK 25 (JDK-8241678 removed the sampler), Serial and Parallel update it only at a collection.
  const heapAtGc =
    collector === 'ZGC' || (release !== null && release >= 25 && (collector === 'Serial' || collector === 'Parallel'));
  const used = generations.reduce((sum, g) => sum + g.spaces.reduce((s, x) => s + x.usedBytes, 0), 0);
  const committed = generations.reduce((sum, g) => sum + g.capacityBytes, 0);
  const old = generations[generations.length - 1];
  const oldUsedBytes =
    generations.length > 1 && old !== undefined && old.spaces.length > 0 ? old.spaces.reduce((s, x) => s + x.usedBytes, 0) : null;
  const aged = (value: number, before: Aged<number> | null | undefined): Aged<number> =>
    heapAtGc ? atCollection(value, before) : now(value);
  const metaUsed = number('sun.gc.metaspace.used');
  const classUsed = number('sun.gc.compressedclassspace.used');
  const loaded = number('java.cls.loadedClasses');
  const live = number('java.threads.live');

  return {
    source: 'hsperfdata',
    nspid: 0,
    vendor: text('java.property.java.vm.vendor'),
    version,
    collector,
    generations,
    heapUsed: aged(used, previous?.heapUsed),
    heapCommitted: collector === 'ZGC' ? atCollection(committed, previous?.heapCommitted) : now(committed),
    heapMax: heapMax(generations, collector),
    oldUsed: oldUsedBytes === null ? null : aged(oldUsedBytes, previous?.oldUsed),
    metaspace:
      metaUsed === null
        ? null
        : {
            used: atCollection(metaUsed, previous?.metaspace?.used),
            committed: number('sun.gc.metaspace.capacity') ?? metaUsed,
            maxBytes: number('sun.gc.metaspace.maxCapacity'),
          },
    compressedClass:
      classUsed === null
        ? null
        : {
            used: atCollection(classUsed, previous?.compressedClass?.used),
            committed: number('sun.gc.compressedclassspace.capacity') ?? classUsed,
            maxBytes: number('sun.gc.compressedclassspace.maxCapacity'),
          },
    classes:
      loaded === null
        ? null
        : {
            loaded: loaded + (number('java.cls.sharedLoadedClasses') ?? 0),
            unloaded: (number('java.cls.unloadedClasses') ?? 0) + (number('java.cls.sharedUnloadedClasses') ?? 0),
          },
    threads:
      live === null
        ? null
        : {
            live,
            daemon: number('java.threads.daemon') ?? 0,
            peak: number('java.threads.livePeak') ?? live,
            started: number('java.threads.started') ?? live,
          },
    collectors,
    gcCount,
    gcUpdates: gcCount === null ? updates(previous, used) : null,
    fullGcCount: oldCollections({ collector, collectors, generations, gcCount, flags, g1Cycles: g1Cycles ?? null }),
    gcSeconds: collectors.reduce((sum, c) => sum + c.seconds, 0),
    uptimeSeconds: begun === null ? null : Math.max(0, (atMs - begun) / SECOND_MS),
    flags,
  };
}

const updates = (previous: JvmReading | null, used: number): number =>
  previous === null ? 0 : (previous.gcUpdates ?? 0) + (previous.heapUsed.value === used ? 0 : 1);

function generation(
  g: number,
  number: (name: string) => number | null,
  text: (name: string) => string | null,
): JvmReading['generations'] {
  const capacity = number(`sun.gc.generation.${g}.capacity`);
  if (capacity === null) return [];
  const spaces = [0, 1, 2, 3].flatMap((s) => {
    const prefix = `sun.gc.generation.${g}.space.${s}`;
    const used = number(`${prefix}.used`);
    return used === null
      ? []
      : [{ name: text(`${prefix}.name`) ?? `space ${s}`, usedBytes: used, capacityBytes: number(`${prefix}.capacity`) ?? used }];
  });
  return [
    {
      name: text(`sun.gc.generation.${g}.name`) ?? `generation ${g}`,
      capacityBytes: capacity,
      maxBytes: number(`sun.gc.generation.${g}.maxCapacity`),
      spaces,
    },
  ];
}

/** -Xmx. Serial, Parallel and CMS divide the heap among the generations; with the other collectors each generation may use all of it. */
function heapMax(generations: JvmReading['generations'], collector: Collector | null): Limit {
  const maxima = generations.map((g) => g.maxBytes).filter((b): b is number => b !== null && b > 0);
  if (maxima.length === 0) return null;
  return collector === 'Serial' || collector === 'Parallel' || collector === 'CMS'
    ? maxima.reduce((a, b) => a + b, 0)
    : Math.max(...maxima);
}

/**
 * Number of collections that include the old generation. Serial, Parallel, CMS: those of the second collector. G1: full collections, and the
 * pauses of concurrent cycles, after which mixed collections clean the old regions; JDK 8 counts no such pauses, see `G1CycleCounter`.
 * Shenandoah: every cycle. null: ZGC without generations updates its counters only in its pauses, before it has freed anything, so its live
 * set is never known; and Epsilon frees nothing.
 */
function oldCollections({ collector, collectors, generations, gcCount, flags, g1Cycles }: CollectionFigures): number | null {
  const counts = collectors.map((c) => c.count);
  // Generational ZGC: each generation has a separate space. Minor collections come first and do not touch the old generation.
  if (collector === 'ZGC')
    return generations.length > 1 && generations.every((g) => g.spaces.length > 0) ? (counts[1] ?? 0) : null;
  if (collector === 'Epsilon') return null;
  if (collector === 'Shenandoah') return counts.reduce((a, b) => a + b, 0);
  if (collector === 'G1') {
    const full = counts[1] ?? 0;
    if (counts[2] !== undefined) return full + counts[2];
    return full + (g1Cycles?.count({ collections: gcCount ?? 0, generations, flags }) ?? 0);
  }
  return counts[1] ?? 0;
}

interface CollectionFigures extends Pick<JvmReading, 'collector' | 'collectors' | 'generations' | 'gcCount' | 'flags'> {
  readonly g1Cycles: G1CycleCounter | null;
}

function collectorName({
  policy,
  collectors,
  generations,
  flags,
}: Pick<JvmReading, 'collectors' | 'generations' | 'flags'> & { readonly policy: string | null }): Collector | null {
  const names = `${policy ?? ''} ${collectors.map((c) => c.name).join(' ')} ${generations.map((g) => g.name).join(' ')}`;
  for (const [pattern, name] of COLLECTORS) if (pattern.test(names)) return name;
  // ZGC of JDK 11 and Epsilon write their names nowhere. The flag that chose them is the only evidence.
  const chosen = flags.findLast((f) => /^-XX:\+Use\w+GC$/.test(f));
  for (const [flag, name] of CHOSEN_BY) if (chosen === flag) return name;
  return generations.length === 1 && generations[0]!.name === 'Heap' ? 'Epsilon' : null;
}

const CHOSEN_BY: readonly (readonly [string, Collector])[] = [
  ['-XX:+UseZGC', 'ZGC'],
  ['-XX:+UseEpsilonGC', 'Epsilon'],
  ['-XX:+UseShenandoahGC', 'Shenandoah'],
  ['-XX:+UseG1GC', 'G1'],
  ['-XX:+UseParallelGC', 'Parallel'],
  ['-XX:+UseSerialGC', 'Serial'],
  ['-XX:+UseConcMarkSweepGC', 'CMS'],
];

/** Collectors by the names that they write into policy.name, collector.N.name and generation.N.name. */
const COLLECTORS: readonly (readonly [RegExp, Collector])[] = [
  [/Shenandoah/i, 'Shenandoah'],
  [/\bZ(GC)?\b|ZGC/, 'ZGC'],
  [/G1/, 'G1'],
  [/ParScav|PSParallelCompact|PSScavenge|ParallelCompact/, 'Parallel'],
  [/ParNew|CMS/, 'CMS'],
  [/Copy:MSC|MSC|\bCopy\b|Serial/, 'Serial'],
  [/Epsilon/i, 'Epsilon'],
];

/** Major version: "1.8.0_292" is 8, "17.0.15" is 17. */
function majorOf(version: string | null): number | null {
  const match = /^(?:1\.)?(\d+)/.exec(version ?? '');
  return match === null ? null : Number(match[1]);
}
