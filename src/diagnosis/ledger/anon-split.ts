import type { Collector } from '../../sources/jvm/collectors.ts';
import type { Mapping } from '../../sources/mappings/smaps-format.ts';
import type { JvmReading } from '../../sources/types.ts';
import { GIB, KIB, MIB } from '../../units.ts';
import { type HeapRange, heapRange, isArchive } from './heap-range.ts';
import type { LedgerPartId } from './part-table.ts';

/** Anonymous bytes of one process that are of one kind. `low` and `high`: what it may be where the mappings leave it open. */
export interface AnonPart {
  readonly id: AnonPartId;
  readonly bytes: number;
  readonly low: number;
  readonly high: number;
  /** How many there are of it: stacks, arenas, mappings. */
  readonly count: number;
  /** What the JVM reports about it, where it was asked. */
  readonly reportedByJvm?: string;
}

/** The parts of the ledger that are anonymous memory of a JVM's process. */
export type AnonPartId = Extract<
  LedgerPartId,
  | 'java-heap'
  | 'metaspace'
  | 'class-space'
  | 'class-archive'
  | 'code-cache'
  | 'thread-stacks'
  | 'malloc-heap'
  | 'malloc-arenas'
  | 'libraries'
  | 'vm-structures'
  | 'direct-buffers'
>;

/** All the anonymous memory of a process; the parts' bytes add up to `anonBytes`. */
export interface AnonSplit {
  readonly anonBytes: number;
  readonly parts: readonly AnonPart[];
  /** A heap in shared memory (ZGC): shmem of the cgroup, not anon. Pages that are mapped three times count once. */
  readonly sharedHeap: { readonly bytes: number } | null;
  /** Resident pages of mapped files that are not anonymous: page cache, which other processes may share. */
  readonly mappedFiles: { readonly bytes: number; readonly libraries: number; readonly jars: number; readonly other: number };
  readonly heap: HeapRange | null;
}

/** glibc's HEAP_MAX_SIZE on 64 bits: an arena's heap is aligned to it and reserves all of it (malloc/arena.c). */
const ARENA_BYTES = 64 * MIB;
/** A JVM commits metaspace in granules of this size since JDK 16 (JEP 387); malloc grows by pages, so the two can be distinguished. */
const METASPACE_GRANULE = 64 * KIB;
/** glibc guards one page, HotSpot's yellow, red and reserved zones take four to some twenty. */
const MAX_GUARD_BYTES = 256 * KIB;

/** Every anonymous byte of a JVM under a name, from its mappings and, where there is one, its hsperfdata. Pure. */
export function splitAnon(mappings: readonly Mapping[], jvm: JvmReading | null): AnonSplit {
  const heap = mappings.some(isSharedHeap) ? null : heapRange(mappings, jvm);
  const classSpaces = classSpaceRanges(mappings, heap, jvm);
  const tally = new Map<AnonPartId, { bytes: number; count: number }>();
  const add = (id: AnonPartId, mapping: Mapping): void => {
    const sum = tally.get(id) ?? { bytes: 0, count: 0 };
    sum.bytes += mapping.anonBytes;
    sum.count += 1;
    tally.set(id, sum);
  };
  let sharedHeap = 0;
  const files = { bytes: 0, libraries: 0, jars: 0, other: 0 };
  let rest = 0;
  const reserves = reservations(mappings, heap, jvm);
  const reserveOf = (m: Mapping) => reserves.find((r) => m.start >= r.start && m.start < r.end);
  for (const [i, mapping] of mappings.entries()) {
    const before = mappings[i - 1];
    if (isSharedHeap(mapping)) {
      sharedHeap += mapping.pssBytes;
      continue;
    }
    const fileBytes = Math.max(0, mapping.rssBytes - mapping.anonBytes);
    if (mapping.path.startsWith('/') && fileBytes > 0) addFile(files, mapping.path, fileBytes);
    if (mapping.anonBytes === 0 && mapping.perms.startsWith('---')) continue;
    if (heap !== null && mapping.start >= heap.start && mapping.start < heap.end) add('java-heap', mapping);
    else if (isArchive(mapping)) add('class-archive', mapping);
    else if (mapping.path === '[heap]') add('malloc-heap', mapping);
    else if (mapping.path.startsWith('[stack')) add('thread-stacks', mapping);
    else if (mapping.path.startsWith('/')) add('libraries', mapping);
    else if (mapping.perms[2] === 'x') add('code-cache', mapping);
    else if (classSpaces.some((r) => mapping.start >= r.start && mapping.start < r.end)) add('class-space', mapping);
    else if (reserveOf(mapping) !== undefined) add(reserveOf(mapping)!.metaspace ? 'metaspace' : 'malloc-arenas', mapping);
    else if (isStack(mapping, before)) add('thread-stacks', mapping);
    else if (before !== undefined && isBss(mapping, before)) add('libraries', mapping);
    else rest += mapping.anonBytes;
  }
  const parts = [...tally].map(([id, { bytes, count }]) => exact(id, bytes, count));
  const anonBytes = parts.reduce((sum, p) => sum + p.bytes, rest);
  return {
    anonBytes,
    parts: [...widenByReservations(parts, jvm, reserves), ...divideRest(rest, jvm)].sort((a, b) => b.bytes - a.bytes),
    sharedHeap: sharedHeap > 0 ? { bytes: sharedHeap } : null,
    mappedFiles: files,
    heap,
  };
}

const exact = (id: AnonPartId, bytes: number, count: number): AnonPart => ({ id, bytes, low: bytes, high: bytes, count });

/** ZGC backs its heap with a memfd, or with a file in a tmpfs where the kernel has none. */
const isSharedHeap = (m: Mapping): boolean =>
  m.perms[3] === 's' && /(?:^\/memfd:|\/)java_heap(?:\.\w+)?(?: \(deleted\))?$/.test(m.path);

function addFile(files: { bytes: number; libraries: number; jars: number; other: number }, path: string, bytes: number): void {
  files.bytes += bytes;
  if (/\.so(?:\.[\d.]+)?(?: \(deleted\))?$/.test(path)) files.libraries += bytes;
  else if (/\.(?:jar|jmod|jsa|war|zip)$|\/lib\/modules$/.test(path)) files.jars += bytes;
  else files.other += bytes;
}

/** Class space is reserved right behind the class data archive: committed granules, and reserved memory to its end. */
function classSpaceRanges(mappings: readonly Mapping[], heap: HeapRange | null, jvm: JvmReading | null): HeapRange[] {
  const size = sizeFlag(jvm, 'CompressedClassSpaceSize') ?? GIB;
  const ranges: HeapRange[] = [];
  for (const [i, archive] of mappings.entries()) {
    if (!isArchive(archive) || (heap !== null && archive.start >= heap.start && archive.start < heap.end)) continue;
    let end = archive.end;
    let most = Number.POSITIVE_INFINITY;
    for (let k = i + 1; k < mappings.length && end < most; k++) {
      const next = mappings[k]!;
      if (next.start !== end || next.path !== '' || next.perms[2] === 'x' || next.end > archive.end + size + 32 * MIB) break;
      // Past the archive's padding it begins with committed memory. Where the kernel places mappings upwards, others follow at its end.
      if (most === Number.POSITIVE_INFINITY && next.perms.startsWith('rw')) most = next.start + size;
      end = Math.min(next.end, most);
    }
    if (end - archive.end >= ARENA_BYTES / 4) ranges.push({ start: archive.end, end });
  }
  return ranges;
}

/** A -XX flag that is a size, in bytes; null where it is not given. */
function sizeFlag(jvm: JvmReading | null, name: string): number | null {
  const text = jvm?.flags.findLast((f) => f.startsWith(`-XX:${name}=`))?.split('=')[1] ?? '';
  const [, number, unit] = /^(\d+)([kmg]?)$/i.exec(text) ?? [];
  return number === undefined
    ? null
    : Number(number) * { '': 1, k: KIB, m: MIB, g: GIB }[unit!.toLowerCase() as '' | 'k' | 'm' | 'g'];
}

/** If mapping `i` begins a reservation of 64 MiB (an arena of glibc, a node of metaspace): where that ends. */
function reservationEnd(mappings: readonly Mapping[], i: number): number | null {
  const first = mappings[i]!;
  if (first.path !== '' || !first.perms.startsWith('rw-p') || first.start % (4 * MIB) !== 0) return null;
  const end = first.start + ARENA_BYTES;
  let at = first.end;
  let granular = (first.end - first.start) % METASPACE_GRANULE === 0;
  let pieces = 1;
  for (let k = i + 1; at < end; k++) {
    const next = mappings[k];
    if (next === undefined || next.start !== at || next.path !== '' || next.perms[3] !== 'p') return null;
    at = next.end;
    granular &&= (Math.min(at, end) - next.start) % METASPACE_GRANULE === 0;
    pieces++;
  }
  // An arena is one piece and its reserve, metaspace is whole granules; stacks side by side with their guard pages are neither.
  if (!granular && !(pieces === 2 && mappings[i + 1]!.perms.startsWith('---')))
    return first.end >= end ? isWholeArena(mappings, i) : null;
  // The last reserved piece may be one with the next reservation's.
  if (at >= end && first.end < end) return end;
  return isWholeArena(mappings, i);
}

/** Where the first arena of a mapping of full ones ends; null: it is none. */
function isWholeArena(mappings: readonly Mapping[], i: number): number | null {
  const { start, end } = mappings[i]!;
  return start % ARENA_BYTES === 0 && end >= start + ARENA_BYTES && endsAsArena(mappings, i) ? start + ARENA_BYTES : null;
}

/** Full arenas side by side are one mapping to the kernel, of whole arenas or with the last one's reserve behind it; large blocks are not. */
function endsAsArena(mappings: readonly Mapping[], i: number): boolean {
  const { end } = mappings[i]!;
  const next = mappings[i + 1];
  return (
    end % ARENA_BYTES === 0 ||
    (next !== undefined &&
      next.start === end &&
      next.perms.startsWith('---') &&
      next.end >= Math.ceil(end / ARENA_BYTES) * ARENA_BYTES)
  );
}

interface Reservation extends HeapRange {
  readonly metaspace: boolean;
  /** Whole granules, but at an arena's place and in its shape: one in sixteen arenas is so by chance. */
  readonly open: boolean;
  readonly anonBytes: number;
}

/** All reservations of 64 MiB, distinguished by granules, alignment and shape, and in doubt by what hsperfdata says is committed. */
function reservations(mappings: readonly Mapping[], heap: HeapRange | null, jvm: JvmReading | null): Reservation[] {
  const found: Reservation[] = [];
  const sizes: number[] = [];
  for (let i = 0; i < mappings.length; i++) {
    const { start } = mappings[i]!;
    if (heap !== null && start >= heap.start && start < heap.end) continue;
    const end = start < (found[found.length - 1]?.end ?? 0) ? null : reservationEnd(mappings, i);
    if (end === null) continue;
    const pieces = mappings.slice(i, i + 4096).filter((m) => m.start < end && m.perms.startsWith('rw'));
    const granular = pieces.every((m) => (m.end - m.start) % METASPACE_GRANULE === 0);
    // glibc grows an arena from its start in one piece; metaspace may have gaps, and is aligned to 4 MiB only.
    const arenaShaped = start % ARENA_BYTES === 0 && pieces.length === 1;
    found.push({
      start,
      end,
      metaspace: granular && !arenaShaped,
      open: granular && arenaShaped,
      anonBytes: pieces.reduce((sum, m) => sum + m.anonBytes, 0),
    });
    sizes.push(pieces.reduce((sum, m) => sum + m.end - m.start, 0));
  }
  const said = nonClassCommitted(jvm);
  let missing = said - found.reduce((sum, r, k) => sum + (r.metaspace ? sizes[k]! : 0), 0);
  const none = !found.some((r) => r.metaspace);
  return found.map((r, k) => {
    const metaspace = r.metaspace || (r.open && (said > 0 ? missing >= sizes[k]! : none));
    if (r.open && metaspace) missing -= sizes[k]!;
    return { ...r, metaspace };
  });
}

const nonClassCommitted = (jvm: JvmReading | null): number =>
  jvm === null || jvm.metaspace === null ? 0 : Math.max(0, jvm.metaspace.committed - (jvm.compressedClass?.committed ?? 0));

/** A thread's stack stands right above its guard pages. */
const isStack = (m: Mapping, before: Mapping | undefined): boolean =>
  before !== undefined &&
  before.end === m.start &&
  before.path === '' &&
  before.perms.startsWith('---') &&
  before.end - before.start <= MAX_GUARD_BYTES &&
  m.perms.startsWith('rw-p') &&
  m.end - m.start >= 64 * KIB &&
  m.end - m.start <= GIB;

/** The zeroed data of a library is anonymous memory right behind it. Larger ones are the VM's, not a library's. */
const isBss = (m: Mapping, before: Mapping): boolean =>
  before.end === m.start && before.path.includes('.so') && m.end - m.start <= MIB;

/** Reservations that may be either widen both; without hsperfdata nothing says what of the low memory is heap. */
function widenByReservations(parts: readonly AnonPart[], jvm: JvmReading | null, reserves: readonly Reservation[]): AnonPart[] {
  const open = (metaspace: boolean): number =>
    reserves.reduce((sum, r) => sum + (r.open && r.metaspace === metaspace ? r.anonBytes : 0), 0);
  return parts.map((part) => {
    if (part.id === 'java-heap' && jvm === null) return { ...part, low: 0 };
    if (part.id === 'metaspace') return { ...part, low: part.bytes - open(true), high: part.bytes + open(false) };
    if (part.id === 'malloc-arenas')
      return {
        ...part,
        count: reserves.filter((r) => !r.metaspace).length,
        low: part.bytes - open(false),
        high: part.bytes + open(true),
      };
    return part;
  });
}

/**
 * What is left: the collector's tables, the VM's own mappings, direct buffers, and blocks of malloc past 128 KiB, each a mapping of
 * no name. The tables' most follows from the committed heap; more than that is not the collector's.
 */
function divideRest(rest: number, jvm: JvmReading | null): AnonPart[] {
  if (rest === 0) return [];
  const most = jvm === null ? rest : Math.min(rest, jvm.heapCommitted.value * tableShare(jvm.collector) + 16 * MIB);
  const gc = jvm === null ? rest / 2 : Math.min(rest, jvm.heapCommitted.value * tableShare(jvm.collector) + 2 * MIB);
  const whole = Math.round(gc);
  return [
    { id: 'vm-structures', bytes: whole, low: 0, high: Math.round(most), count: 1 },
    { id: 'direct-buffers', bytes: rest - whole, low: Math.round(rest - most), high: rest, count: 1 },
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
