import type { TargetInfo } from '../../src/diagnosis/types.ts';
import type { History } from '../../src/history/history.ts';
import type { FileReading, JvmReading } from '../../src/sources/types.ts';
import { Random } from '../../synthetic/random.ts';
import { jvmReading } from './jvm-reading.ts';
import { type PodShape, podHistory, podValues } from './pod-history.ts';
import { newestRow, type ReplayTarget } from './replay.ts';

/** A container with the memory of `shape`, before and after now. */
export function syntheticPod(info: TargetInfo, shape: PodShape, rest: Partial<ReplayTarget> = {}): ReplayTarget {
  const random = new Random(3);
  let endS = 0;
  return {
    info,
    history: (nowS) => {
      endS = nowS;
      return podHistory(shape, nowS);
    },
    valuesAt: (t) => podValues(shape, shape.hours + (t - endS) / 3600, random),
    files: fileReadings(shape),
    jvm: (history) => reading(history, shape, info),
    ...rest,
  };
}

const fileReadings = (shape: PodShape): FileReading[] =>
  (shape.files?.(shape.hours) ?? []).map((f) => ({
    ...f,
    allocatedBytes: f.sizeBytes,
    mtimeMs: null,
    dirtyBytes: 0,
  }));

/** A JVM's figures for the newest row, as hsperfdata would have them. */
function reading(history: History, shape: PodShape, info: TargetInfo): JvmReading | null {
  const v = newestRow(history);
  if (v.heap_used === undefined || info.jvm === null) return null;
  const atMs = (history.lastS ?? 0) * 1000;
  const young = v.heap_used - v.old_used!;
  return jvmReading({
    vendor: 'Eclipse Adoptium',
    version: info.jvm.version,
    collector: info.jvm.collector,
    generations: [
      {
        name: 'new',
        capacityBytes: v.heap_committed! - v.old_used! * 1.1,
        maxBytes: shape.heapMaxBytes,
        spaces: [
          { name: 'eden', usedBytes: young * 0.94, capacityBytes: young * 1.2 },
          { name: 'survivor', usedBytes: young * 0.06, capacityBytes: young * 0.1 },
        ],
      },
      {
        name: 'old',
        capacityBytes: v.old_used! * 1.1,
        maxBytes: shape.heapMaxBytes,
        spaces: [{ name: 'old', usedBytes: v.old_used!, capacityBytes: v.old_used! * 1.1 }],
      },
    ],
    heapUsed: { value: v.heap_used, atMs: atMs - 1000 },
    heapCommitted: { value: v.heap_committed!, atMs: atMs - 1000 },
    heapMax: shape.heapMaxBytes,
    oldUsed: { value: v.old_used!, atMs: atMs - 1000 },
    metaspace: { used: { value: v.metaspace!, atMs: atMs - 95_000 }, committed: v.metaspace! * 1.03, maxBytes: null },
    compressedClass: {
      used: { value: v.metaspace! * 0.12, atMs: atMs - 95_000 },
      committed: v.metaspace! * 0.13,
      maxBytes: null,
    },
    classes: { loaded: v.classes! + 14, unloaded: 14 },
    threads: { live: v.threads!, daemon: 31, peak: 52, started: 1204 },
    collectors: [
      { name: 'G1 young', count: v.gc_count!, seconds: v.gc_seconds! },
      { name: 'G1 full', count: v.full_gc_count!, seconds: 0.4 },
    ],
    gcCount: v.gc_count!,
    fullGcCount: v.full_gc_count!,
    gcSeconds: v.gc_seconds!,
    uptimeSeconds: shape.hours * 3600,
    flags: ['-Xmx512m', '-XX:+UseG1GC'],
  });
}
