import type { Collector } from '../../sources/jvm/collectors.ts';
import type { JcmdReport } from '../../sources/jvm/jcmd-report.ts';
import type { Mapping } from '../../sources/mappings/smaps-format.ts';
import type { JvmReading } from '../../sources/types.ts';
import { MIB } from '../../units.ts';
import { type AddressRange, cutAt, isArchive, isWithin, type MappingPiece } from './address-space.ts';
import { allocatorOf } from './allocator.ts';
import type { AnonPart, AnonPartId } from './anon-kinds.ts';
import { arenaReservations } from './arena-reservations.ts';
import { classSpaceRange } from './class-space-range.ts';
import { fileHeapRange, heapRange } from './heap-range.ts';
import { type JvmFigures, jvmFigures } from './jvm-figures.ts';
import { type MarkStacks, markStacks } from './mark-stacks.ts';
import { withNativeMemory } from './native-memory-split.ts';
import { reconcileParts } from './reconcile-parts.ts';
import { joined, type Reservation, ReservationMap } from './reservation.ts';
import { type SwappedParts, withoutSwap, withSwapCounted } from './swapped-parts.ts';
import { stackRanges } from './thread-stacks.ts';

/** All the anonymous memory of a process; the parts' bytes add up to `anonBytes`. */
export interface AnonSplit {
  readonly anonBytes: number;
  readonly parts: readonly AnonPart[];
  /** What each part has in swap besides. */
  readonly swapped: SwappedParts;
  /** A heap in shared memory (ZGC): shmem of the cgroup, not anon. Pages that are mapped three times count once. */
  readonly sharedHeap: { readonly bytes: number } | null;
  /** Resident pages of mapped files that are not anonymous: page cache, which other processes may share. */
  readonly mappedFiles: { readonly bytes: number; readonly libraries: number; readonly jars: number; readonly other: number };
  readonly heap: AddressRange | null;
  /** Its pages are neither anon nor counted in the cgroup's usage. */
  readonly heapInHugePages: boolean;
  /** -XX:AllocateHeapAt: its pages are those of a file. Only objects of a class data archive are anonymous memory in it. */
  readonly heapInFile: boolean;
}

/**
 * Divides all anonymous bytes of a JVM into named parts. The kind of each mapping follows from its place, permissions and neighbours. The
 * parts are then compared with the JVM's own values in hsperfdata and, with --attach, in its answers. Pure.
 */
export function splitAnon(read: readonly Mapping[], jvm: JvmReading | null, answers: JcmdReport | null = null): AnonSplit {
  const mappings = withSwapCounted(read);
  const figures = jvmFigures(jvm, answers);
  const heapInHugePages = isHeapInHugePages(mappings, figures);
  const heap = heapInHugePages || mappings.some(isSharedHeap) ? null : heapRange(mappings, figures);
  const classSpace = classSpaceRange(mappings, heap, figures);
  const marking = markStacks(mappings, figures);
  const ranges = [heap, classSpace, marking].filter((r) => r !== null);
  // musl has no arenas: what looks like one and is no metaspace is a large block, or a table of the collector.
  const isMusl = allocatorOf(mappings) === 'musl';
  const reserves = arenaReservations(mappings, ranges, figures).filter((r) => r.metaspace || !isMusl);
  const reserved = new ReservationMap(reserves);
  const stacks = stackRanges(mappings);
  const stackStarts = new Set(stacks.map((s) => s.start));
  const tally: Tally = new Map();
  const swapped = new Map<AnonPartId | 'unnamed', number>();
  const committed = new Map<AnonPartId | 'unnamed', number>();
  const files: MappedFiles = { bytes: 0, libraries: 0, jars: 0, other: 0 };
  let sharedHeap = 0;
  // What lies before an arena or a node in one mapping are most often tables of the collector, of which few pages are resident.
  const insideStarts = new Set(reserves.flatMap((r) => (r.startsInside ? r.start : [])));
  const isSparse = (m: AddressRange): boolean =>
    stackStarts.has(m.start) || insideStarts.has(m.end) || (heap !== null && isWithin(m, heap));
  const pieces = cutAt(mappings, [...ranges, ...joined(reserves), ...stacks], isSparse);
  for (const [i, piece] of pieces.entries()) {
    if (isSharedHeap(piece)) {
      sharedHeap += piece.pssBytes;
      continue;
    }
    addFile(files, piece);
    if (piece.anonBytes === 0 && piece.perms.startsWith('---')) continue;
    const isMarking = marking !== null && isWithin(piece, marking);
    const id = isMarking ? 'vm-structures' : idOf(piece, pieces[i - 1], { heap, classSpace, reserved, stackStarts });
    if (piece.swapBytes > 0) swapped.set(id, (swapped.get(id) ?? 0) + piece.swapBytes);
    if (!piece.perms.startsWith('---')) committed.set(id, (committed.get(id) ?? 0) + piece.end - piece.start);
    if (isMarking) continue; // withMarkStacks adds them, after the rest is divided
    addPiece(tally, id, piece);
  }
  const unnamed = tally.get('unnamed') ?? null;
  tally.delete('unnamed');
  const measured = widenByReservations([...tally.values()], heap !== null && figures.heap === null, reserves);
  const { parts, rest } = reconcileParts(
    measured,
    unnamed,
    heapInHugePages ? { ...figures, heap: null } : figures,
    heap?.isConfirmed ?? false,
    committed,
  );
  const heapBytes = parts.find(({ id }) => id === 'java-heap')?.bytes ?? 0;
  const named = withNativeMemory([...parts, ...divideRest(rest, figures, heapBytes)], answers, marking?.committedBytes ?? 0);
  const divided = withMarkStacks(named, marking);
  const resident = withoutSwap(divided, swapped);
  return {
    anonBytes: pieces.reduce((sum, p) => sum + (isSharedHeap(p) ? 0 : p.anonBytes), 0) - sumOf(resident.swapped.values()),
    parts: [...resident.parts].sort((a, b) => b.bytes - a.bytes),
    swapped: resident.swapped,
    sharedHeap: sharedHeap > 0 ? { bytes: sharedHeap } : null,
    mappedFiles: files,
    heap: heap === null ? null : { start: heap.start, end: heap.end },
    heapInHugePages,
    heapInFile: heap !== null && fileHeapRange(mappings, figures) !== null,
  };
}

const sumOf = (bytes: Iterable<number>): number => [...bytes].reduce((sum, b) => sum + b, 0);

interface Places {
  readonly heap: AddressRange | null;
  readonly classSpace: AddressRange | null;
  readonly reserved: ReservationMap;
  readonly stackStarts: ReadonlySet<number>;
}

export function idOf(
  m: Mapping,
  before: Mapping | undefined,
  { heap, classSpace, reserved, stackStarts }: Places,
): AnonPartId | 'unnamed' {
  if (heap !== null && isWithin(m, heap)) return 'java-heap';
  if (isArchive(m)) return 'class-archive';
  if (m.path === '[heap]') return 'malloc-heap';
  if (m.path.startsWith('[stack')) return 'thread-stacks';
  if (m.path.startsWith('/')) return 'libraries';
  if (m.perms[2] === 'x') return 'code-cache';
  if (classSpace !== null && isWithin(m, classSpace)) return 'class-space';
  const reserve = reserved.at(m.start);
  if (reserve !== null) return reserve.metaspace ? 'metaspace' : 'malloc-arenas';
  if (stackStarts.has(m.start)) return 'thread-stacks';
  return before !== undefined && isBss(m, before) ? 'libraries' : 'unnamed';
}

/** ZGC backs its heap with a memfd, or with a file in a tmpfs if the kernel has no memfd. */
const isSharedHeap = (m: Mapping): boolean =>
  m.perms[3] === 's' && /(?:^\/memfd:|\/)java_heap(?:\.\w+)?(?: \(deleted\))?$/.test(m.path);

/** With -XX:+UseLargePages the heap is one mapping of the kernel's reserved huge pages (hugetlb). */
const isHeapInHugePages = (mappings: readonly Mapping[], { heap }: JvmFigures): boolean =>
  heap !== null &&
  mappings.some((m) => m.path.startsWith('/anon_hugepage') && m.perms[2] !== 'x' && m.end - m.start >= heap.committedBytes);

type MappedFiles = { -readonly [Kind in keyof AnonSplit['mappedFiles']]: number };

/** Adds the pages of a mapped file that are not anonymous. */
export function addFile(files: MappedFiles, { path, rssBytes, anonBytes }: Mapping): void {
  const bytes = Math.max(0, rssBytes - anonBytes);
  if (!path.startsWith('/') || bytes === 0) return;
  files.bytes += bytes;
  files[kindOfFile(path)] += bytes;
}

/** The parts by the kind of their mappings. */
type Tally = Map<AnonPartId | 'unnamed', AnonPart>;

export function addPiece(tally: Tally, id: AnonPartId | 'unnamed', piece: MappingPiece): void {
  const sum = tally.get(id);
  tally.set(id, {
    id: id === 'unnamed' ? 'direct-buffers' : id,
    bytes: (sum?.bytes ?? 0) + piece.anonBytes,
    low: (sum?.low ?? 0) + piece.anonLow,
    high: (sum?.high ?? 0) + piece.anonHigh,
    count: (sum?.count ?? 0) + 1,
  });
}

/** What a mapped file is, by its name. */
export function kindOfFile(path: string): 'libraries' | 'jars' | 'other' {
  if (/\.so(?:\.[\d.]+)?(?: \(deleted\))?$/.test(path)) return 'libraries';
  return /\.(?:jar|jmod|jsa|war|zip)$|\/lib\/modules$/.test(path) ? 'jars' : 'other';
}

/** The zeroed data of a library is anonymous memory directly after it. A larger mapping belongs to the VM, not to a library. */
const isBss = (m: Mapping, before: Mapping): boolean =>
  before.end === m.start && before.path.includes('.so') && m.end - m.start <= 1 * MIB;

/** A reservation that may be either kind widens both intervals. Without the JVM's values, it is not known which part of the low memory is heap. */
function widenByReservations(parts: readonly AnonPart[], heapIsOpen: boolean, reserves: readonly Reservation[]): AnonPart[] {
  const open = (metaspace: boolean): number =>
    reserves.reduce((sum, r) => sum + (r.undecided && r.metaspace === metaspace ? r.anonBytes : 0), 0);
  return parts.map((part) => {
    if (part.id === 'java-heap' && heapIsOpen) return { ...part, low: 0 };
    if (part.id === 'metaspace') return { ...part, low: Math.max(0, part.low - open(true)), high: part.high + open(false) };
    if (part.id === 'malloc-arenas')
      return {
        ...part,
        count: reserves.filter((r) => !r.metaspace).length,
        low: Math.max(0, part.low - open(false)),
        high: part.high + open(true),
      };
    return part;
  });
}

/** The stacks of ZGC's marking threads are a known part of the collector's memory. */
function withMarkStacks(parts: readonly AnonPart[], marking: MarkStacks | null): AnonPart[] {
  if (marking === null) return [...parts];
  const { anonBytes } = marking;
  const vm = parts.find((p) => p.id === 'vm-structures') ?? { id: 'vm-structures', bytes: 0, low: 0, high: 0, count: 0 };
  const all = { ...vm, bytes: vm.bytes + anonBytes, low: vm.low + anonBytes, high: vm.high + anonBytes, count: vm.count + 1 };
  return [...parts.filter((p) => p.id !== 'vm-structures'), all];
}

/**
 * The remainder: the collector's tables, the VM's own mappings, direct buffers, and blocks of malloc above 128 KiB, each an unnamed mapping.
 * The maximum of the tables follows from the committed heap; memory above that does not belong to the collector.
 */
function divideRest(
  { bytes: rest, low, high }: Pick<AnonPart, 'bytes' | 'low' | 'high'>,
  { heap, collector, markStackBytes }: JvmFigures,
  heapBytes: number,
): AnonPart[] {
  if (high === 0) return [];
  // Without the JVM's values, what is resident in the likely range of the heap stands for the committed heap.
  const tables = (heap?.committedBytes ?? heapBytes) * tableShare(collector) + markStackBytes;
  const most = heap === null ? rest : Math.min(rest, tables + 16 * MIB);
  const whole = Math.round(Math.min(rest, tables + 2 * MIB));
  return [
    { id: 'vm-structures', bytes: whole, low: 0, high: Math.round(most), count: 1 },
    { id: 'direct-buffers', bytes: rest - whole, low: Math.max(0, Math.round(low - most)), high, count: 1 },
  ];
}

/**
 * Side tables by committed heap. Serial: card table and offsets, 1/512 each. Parallel: those and two mark bitmaps of 1/64 (one bit a
 * word). G1: cards, offsets and card counts of 1/512, mark bitmaps of 1/64, two before JDK 20, and remembered sets. Shenandoah: one
 * bitmap of 1/64 and a collection set. ZGC: forwarding tables and page tables.
 */
function tableShare(collector: Collector | null): number {
  switch (collector) {
    case 'Serial':
      return 2 / 512;
    case 'Parallel':
      return 2 / 512 + 2 / 64;
    case 'G1':
      return 3 / 512 + 2 / 64 + 1 / 100;
    case 'Shenandoah':
      return 2 / 64;
    default:
      return 1 / 32;
  }
}
