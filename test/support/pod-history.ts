import { History } from '../../src/history/history.ts';
import type { HistoryEvent } from '../../src/sample/types.ts';
import type { FileObservation, Limit } from '../../src/sources/types.ts';
import { MIB } from '../../src/units.ts';
import { Random } from '../../synthetic/random.ts';

/** A synthetic pod: the bytes of each part `h` hours after the begin of the history. Absent parts are constant. */
export interface PodShape {
  readonly hours: number;
  readonly limitBytes: Limit;
  readonly heapMaxBytes: number | null;
  /** The floor of the heap after GC. */
  readonly heapFloor?: (h: number) => number;
  readonly native?: (h: number) => number;
  readonly cache?: (h: number) => number;
  readonly shmem?: (h: number) => number;
  /** Hours after the beginning in which nothing was sampled. */
  readonly gaps?: readonly (readonly [number, number])[];
  readonly events?: readonly { readonly h: number; readonly type: Exclude<HistoryEvent['type'], 'process_oom_kill'> }[];
  readonly files?: (h: number) => readonly FileObservation[];
}

/** Seconds between rows at an age, as history keeps them. */
const stepAt = (ageS: number): number => (ageS > 2 * 86400 ? 900 : ageS > 7200 ? 60 : 10);

/** The history of a made pod that ends at `nowS`, with rows as dense as a real one has after so many hours. */
export function podHistory(shape: PodShape, nowS: number): History {
  const history = new History();
  const random = new Random(7);
  const startS = nowS - shape.hours * 3600;
  const runStarts = (shape.events ?? []).filter((e) => e.type === 'restart').map((e) => startS + e.h * 3600);
  history.resume('made', runStarts[runStarts.length - 1] ?? startS);
  history.limitBytes = shape.limitBytes;
  history.heapMaxBytes = shape.heapMaxBytes;
  for (let t = startS; t <= nowS; t += stepAt(nowS - t)) {
    const h = (t - startS) / 3600;
    if (!(shape.gaps ?? []).some(([from, to]) => h > from && h < to)) history.row(t, podValues(shape, h, random));
  }
  for (const e of shape.events ?? []) history.recordEvent({ t: startS + e.h * 3600, type: e.type });
  const since = Math.max(0, shape.hours - 24 * 7);
  for (let i = 0; shape.files !== undefined && i <= 200; i++) {
    const h = since + ((shape.hours - since) * i) / 200;
    history.recordFiles((startS + h * 3600) * 1000, shape.files(h));
  }
  return history;
}

export function podValues(shape: PodShape, h: number, random: Random): Record<string, number> {
  const page = (bytes: number): number => Math.max(0, Math.round(bytes / 4096) * 4096);
  const noise = (bytes: number): number => bytes * random.normal();
  const cache = page((shape.cache?.(h) ?? 140 * MIB) + noise(0.05 * MIB));
  const shmem = page(shape.shmem?.(h) ?? 0);
  const active = Math.min(cache, 24 * MIB);
  const native = (shape.native?.(h) ?? 96 * MIB) + noise(0.3 * MIB);
  const kernel = page(13 * MIB + 0.03 * cache + noise(0.05 * MIB));
  const slabReclaimable = Math.max(0, kernel - 11 * MIB);
  const jvm = shape.heapMaxBytes === null ? null : heap(shape, h, random);
  const anon = page(native + (jvm === null ? 0 : jvm.heap_committed * 0.9 + jvm.metaspace));
  const usage = anon + cache + shmem + kernel;
  return {
    usage,
    working_set: usage - (cache - active),
    anon,
    file: cache + shmem,
    active_file: active,
    inactive_file: cache - active,
    shmem,
    file_mapped: 18 * MIB,
    file_dirty: page(Math.abs(noise(0.2 * MIB))),
    kernel,
    slab: kernel - 4 * MIB,
    slab_reclaimable: slabReclaimable,
    slab_unreclaimable: kernel - 4 * MIB - slabReclaimable,
    kernel_stack: 720 * 1024,
    pagetables: page(2.1 * MIB),
    sock: 0,
    oom_kill: (shape.events ?? []).filter((e) => e.type === 'oom_kill' && e.h <= h).length,
    limit_hits: 0,
    ...jvm,
    ...(jvm === null ? {} : { rss: anon + 18 * MIB, threads: 43 + Math.round(noise(0.7)) }),
  };
}

function heap(shape: PodShape, h: number, random: Random) {
  const max = shape.heapMaxBytes!;
  const floor = Math.min(max * 0.97, shape.heapFloor?.(h) ?? 0.35 * max);
  // -Xms as -Xmx, as is usual in pods.
  const committed = max;
  // Collections come irregularly, so that rows of any step see the whole saw; every third of an hour the old generation is collected.
  const fill = (h * 41.7 + random.next() * 0.2) % 1;
  const promoted = 24 * MIB * ((h * 3) % 1);
  const old = Math.min(committed * 0.97, floor + promoted);
  return {
    heap_used: Math.round(old + (committed - old) * 0.8 * fill),
    heap_committed: Math.round(committed),
    old_used: Math.round(old),
    metaspace: Math.round(68 * MIB * (1 - 0.12 * Math.exp(-h * 2))),
    classes: 11_240 + Math.round(60 * (1 - Math.exp(-h))),
    gc_count: Math.floor(h * 41.7),
    full_gc_count: Math.floor(h * 3),
    gc_seconds: Math.round(h * 41.7 * 18) / 1000,
  };
}
