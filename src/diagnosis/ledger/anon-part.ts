import { bytesText, safeName } from '../../format.ts';
import type { PartObservation } from '../../history/part-readings.ts';
import { residentHeap } from '../../memory-facts.ts';
import { heapCountedIn } from '../../sources/jvm/collectors.ts';
import type { ProcessesByName } from '../../sources/process/other-processes.ts';
import type { FileReading, JvmReading } from '../../sources/types.ts';
import type { LedgerPart } from '../types.ts';
import type { Allocator } from './allocator.ts';
import type { AnonPart, AnonPartId } from './anon-kinds.ts';
import type { AnonSplit } from './anon-split.ts';
import { exactPart, intervalPart, sumOfParts } from './ledger-part.ts';
import { isHeapFile } from './page-cache-part.ts';
import { LEDGER_PARTS } from './part-table.ts';

/** The JVM's mappings, as they were read at `atMs`. */
export interface Mappings {
  readonly split: AnonSplit;
  readonly allocator: Allocator | null;
  readonly atMs: number;
}

export interface AnonInput {
  /** The cgroup's anon, bytes. */
  readonly anonBytes: number;
  readonly atMs: number;
  readonly jvm: JvmReading | null;
  readonly mappings: Mappings | null;
  readonly others: readonly ProcessesByName[];
}

/** Notes beside the bytes of a part. */
const NOTES: Readonly<Partial<Record<AnonPartId, string>>> = {
  'java-heap': 'resident pages in the range of the heap',
  'malloc-arenas':
    'glibc keeps up to 8 arenas of 64 MB per CPU; MALLOC_ARENA_MAX bounds them; direct buffers lie here if they are small, or one of their size was freed',
  'vm-structures': 'the mappings do not distinguish these from large malloc blocks; the bounds follow from the committed heap',
  'unnamed-mappings': 'the process maps no libjvm.so, as a native image: nothing tells its heap from other blocks',
  'direct-buffers': 'blocks past 128 KiB, and what native libraries map, each a mapping of no name',
};

/** anon by name: first the other processes; then the JVM by its mappings, or by hsperfdata if the mappings cannot be read. Pure. */
export function anonParts(input: AnonInput): LedgerPart[] {
  const at = new Date(input.atMs).toISOString();
  const others = otherParts(input, at);
  const rest = input.anonBytes - sumOfParts(others);
  const own = input.mappings === null ? partsFromCounters(input.jvm, rest, at) : partsFromMappings(input.mappings, rest, at);
  return [...own, ...others].filter((p) => p.highBytes > 0 || p.swapBytes !== undefined);
}

/**
 * The same parts for history, with what they have in swap: a leak that the kernel swaps out goes on. Other processes are listed by name,
 * whatever their number, and the rest that no part explains is one part. `swapBytes`: what the JVM's process has in swap.
 */
export function anonObservations(resident: AnonInput, swapBytes: number): PartObservation[] {
  const input = withSwap(resident, swapBytes);
  const others = otherParts(input, '');
  const byName = input.others.map(({ name, processes, pid, parent, pids }, i) => ({
    id: 'other-process',
    name: safeName(name),
    bytes: others[i]!.bytes,
    process: { processes, pid, parent, lives: null },
    pids,
  }));
  const own = anonParts(input).filter(({ id }) => id !== 'other-process');
  const named = [...own.map(({ id, name, bytes }) => ({ id, name, bytes, process: null, pids: null })), ...byName];
  const rest = Math.max(0, input.anonBytes - sumOfParts(named));
  return rest === 0 ? named : [...named, { id: 'anon', name: LEDGER_PARTS.anon.name, bytes: rest, process: null, pids: null }];
}

function withSwap({ anonBytes, mappings, others, ...rest }: AnonInput, swapBytes: number): AnonInput {
  const swapOfOthers = others.reduce((sum, other) => sum + other.swapBytes, 0);
  return {
    ...rest,
    anonBytes: anonBytes + swapBytes + swapOfOthers,
    mappings: mappings === null ? null : { ...mappings, split: heldSplit(mappings.split) },
    others: others.map((other) => ({ ...other, anonBytes: other.anonBytes + other.swapBytes })),
  };
}

function heldSplit(split: AnonSplit): AnonSplit {
  const inSwap = (id: AnonPartId): number => split.swapped.get(id) ?? 0;
  const parts = split.parts.map((p) => ({
    ...p,
    bytes: p.bytes + inSwap(p.id),
    low: p.low + inSwap(p.id),
    high: p.high + inSwap(p.id),
  }));
  return { ...split, anonBytes: split.anonBytes + [...split.swapped.values()].reduce((sum, b) => sum + b, 0), parts };
}

/** Pages that a fork shares with its parent count for both, so the sum may be too high. It is limited to the whole. */
function otherParts({ others, anonBytes, mappings }: AnonInput, at: string): LedgerPart[] {
  const room = Math.max(0, anonBytes - (mappings?.split.anonBytes ?? 0) * 0.5);
  const scale = Math.min(
    1,
    room /
      Math.max(
        1,
        others.reduce((s, o) => s + o.anonBytes, 0),
      ),
  );
  return others
    .map((o) =>
      intervalPart(
        { id: 'other-process', name: `${safeName(o.name)} (${o.processes > 1 ? `${o.processes} processes` : 'process'})` },
        [0, Math.round(o.anonBytes * scale), o.anonBytes],
        {
          how: 'read',
          at,
          note: [swapText(o.swapBytes), 'RssAnon of processes other than the JVM'].filter((x) => x !== null).join('; '),
          ...withSwapBytes(o.swapBytes),
        },
      ),
    )
    .map((p) => (scale === 1 ? { ...p, lowBytes: p.bytes, highBytes: p.bytes } : p));
}

const withSwapBytes = (swapBytes: number): Pick<LedgerPart, 'swapBytes'> => (swapBytes === 0 ? {} : { swapBytes });

const swapText = (swapBytes: number): string | null => (swapBytes === 0 ? null : `${bytesText(swapBytes)} more in swap`);

/** memory.stat lags behind the pages. If it is below the mappings by up to this much, no page was returned (see the ledger's bound). */
const COUNTER_LAG = 0.02;

/** The mappings may be a few minutes old. Memory that was added since is a separate part; memory that was freed since is subtracted from all parts. */
function partsFromMappings({ split, atMs }: Mappings, anonBytes: number, nowAt: string): LedgerPart[] {
  const at = new Date(atMs).toISOString();
  const since = anonBytes - split.anonBytes;
  const shrink = since < -COUNTER_LAG * split.anonBytes ? Math.max(0, anonBytes / split.anonBytes) : 1;
  const parts = split.parts.map((p) => part(p, split.swapped.get(p.id) ?? 0, at, shrink));
  if (since > 0)
    parts.push(
      intervalPart('since-mappings', [0, since, since], {
        how: 'derived',
        at: nowAt,
        note: 'the next reading shows which of the parts above it belongs to; a lag of the counters is in it too',
      }),
    );
  return scaleToWhole(parts, anonBytes);
}

function part(p: AnonPart, swapBytes: number, at: string, shrink: number): LedgerPart {
  const counted = p.id === 'thread-stacks' || p.id === 'malloc-arenas' ? `${p.count} of them` : null;
  const note = [swapText(swapBytes), p.disagreement, counted, p.reportedByJvm, NOTES[p.id]]
    .filter((x) => x != null && x !== '')
    .join('; ');
  const rest = {
    how: p.low === p.high && shrink === 1 ? ('measured' as const) : ('estimated' as const),
    at,
    ...(note === '' ? {} : { note }),
    ...withSwapBytes(swapBytes),
  };
  const bytes = Math.round(p.bytes * shrink);
  return shrink < 1 ? intervalPart(p.id, [0, bytes, p.high], rest) : intervalPart(p.id, [p.low, bytes, p.high], rest);
}

/** Rounding may leave a few bytes. They are added to the largest part, so that the parts add up to the whole. */
function scaleToWhole(parts: LedgerPart[], whole: number): LedgerPart[] {
  const off = whole - sumOfParts(parts);
  const largest = parts.reduce((best, p, i) => (p.bytes > (parts[best]?.bytes ?? -1) ? i : best), 0);
  return off === 0 || parts.length === 0
    ? parts
    : parts.map((p, i) =>
        i === largest
          ? {
              ...p,
              bytes: p.bytes + off,
              lowBytes: Math.min(p.lowBytes, p.bytes + off),
              highBytes: Math.max(p.highBytes, p.bytes + off),
            }
          : p,
      );
}

/** The parts without the mappings: heap and metaspace are between used and committed; the remainder is one part. */
function partsFromCounters(jvm: JvmReading | null, anonBytes: number, at: string): LedgerPart[] {
  if (jvm === null || anonBytes <= 0) return [];
  const inShmem = heapCountedIn(jvm.collector) === 'shmem'; // then no part of it is anon
  const estimated = { how: 'estimated' as const, at };
  const meta = spaceOf(jvm, anonBytes);
  const heapHigh = inShmem ? 0 : Math.min(anonBytes, jvm.heapCommitted.value);
  const heapLow = Math.min(heapHigh, jvm.heapUsed.value);
  const heap = Math.round(residentHeap(anonBytes, meta.low, { used: heapLow, committed: heapHigh }));
  const metaspace = Math.min(meta.low, anonBytes - heap);
  const native = anonBytes - heap - metaspace;
  const parts = [
    intervalPart('java-heap', [heapLow, heap, heapHigh], {
      ...estimated,
      note: 'between used and committed: committed pages that were never touched are not resident',
    }),
    intervalPart('metaspace', [metaspace, metaspace, meta.high], { ...estimated, note: 'between used and committed' }),
    intervalPart('native', [Math.max(0, anonBytes - heapHigh - meta.high), native, anonBytes - heapLow - metaspace], {
      ...estimated,
      how: 'derived',
      note: 'the mappings, which would divide it, were not read',
    }),
  ];
  return parts;
}

function spaceOf({ metaspace, compressedClass }: JvmReading, most: number): { readonly low: number; readonly high: number } {
  if (metaspace === null) return { low: 0, high: 0 };
  // metaspace in hsperfdata includes the compressed class space (sun.gc.metaspace counts both).
  const low = Math.min(most, metaspace.used.value);
  return { low, high: Math.min(most, Math.max(low, metaspace.committed, compressedClass?.committed ?? 0)) };
}

/** ZGC has the Java heap in shared memory. Most tools call it cache, but it is not reclaimable. */
export function sharedHeap(
  input: Pick<AnonInput, 'jvm' | 'mappings' | 'atMs'> & { readonly files: readonly FileReading[] },
  shmemBytes: number,
): LedgerPart[] {
  const { jvm, mappings, files } = input;
  const measured = mappings?.split.sharedHeap ?? null;
  if (shmemBytes === 0) return [];
  // Committed pages belong to the file and are charged before a view of the heap maps them. So the file's residency is preferred if it is known.
  const residentBytes = files.filter(isHeapFile).reduce((sum, f) => sum + (f.residentBytes ?? 0), 0);
  if (residentBytes > (measured?.bytes ?? 0))
    return [
      exactPart('java-heap', Math.min(shmemBytes, residentBytes), {
        how: 'measured',
        at: new Date(input.atMs).toISOString(),
        note: 'ZGC maps its heap as shared memory; by the file that holds it',
      }),
    ];
  if (measured !== null) {
    const bytes = Math.min(shmemBytes, measured.bytes);
    return [
      exactPart('java-heap', bytes, {
        how: 'measured',
        at: new Date(mappings!.atMs).toISOString(),
        note: 'ZGC maps its heap as shared memory, three times over: each page counts once here',
      }),
    ];
  }
  if (jvm === null || heapCountedIn(jvm.collector) !== 'shmem') return [];
  const bytes = Math.min(shmemBytes, jvm.heapCommitted.value);
  return [
    intervalPart('java-heap', [Math.min(bytes, jvm.heapUsed.value), bytes, bytes], {
      how: 'estimated',
      at: new Date(input.atMs).toISOString(),
      note: 'ZGC maps its heap as shared memory',
    }),
  ];
}
