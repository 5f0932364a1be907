import type { Mapping } from '../../sources/mappings/smaps-format.ts';
import { GIB, MIB } from '../../units.ts';
import { type AddressRange, type Chain, chainsOf, isArchive, isWithin } from './address-space.ts';
import { DEFAULT_CLASS_SPACE_BYTES } from './class-space-range.ts';
import type { JvmFigures } from './jvm-figures.ts';

/** Compressed oops keep the heap below address 32 GiB. A JVM of less than 32 GiB has no other memory so low. */
const LOW = 32 * GIB;
/** The limit in hsperfdata may not include a survivor space or a part of a region. */
const LENGTH_SLACK = 2 * MIB;
/** Tolerance, because the heap may grow or shrink between the readings of its counters and of the mappings. */
const COMMITTED_SLACK = 8 * MIB;
/** A range whose committed share is outside these limits is not the heap, unless it is where the JVM tries first. */
const COMMITTED_SHARE = 0.25;

export interface HeapRange extends AddressRange {
  /** Length and committed size agree with the JVM's values, or the JVM has reported the address of its heap. */
  readonly isConfirmed: boolean;
}

interface Candidate extends AddressRange {
  readonly rank: 0 | 1 | 2;
  /** Its length is the heap's limit. */
  readonly exact: boolean;
  /** How many of the mappings are in it that an archive has in a heap. */
  readonly archived: number;
  /** It begins or ends where a mapping does, not at the whole MiB beside that. */
  readonly atBoundary: boolean;
  /** Difference between its committed memory and the committed memory that the JVM reports. */
  readonly off: number;
  readonly resident: number;
}

/**
 * The heap is reserved as one range of the maximum's size. Of all such ranges, it is the one whose committed memory agrees with the JVM's
 * value. It may begin or end inside a mapping, because the kernel merges adjacent memory: the class space after it (JDK 8 and 11), the
 * collector's tables before it. null: there is none (the heap of ZGC is shared memory).
 */
export function heapRange(mappings: readonly Mapping[], figures: JvmFigures): HeapRange | null {
  if (figures.heapRange !== null) return { ...figures.heapRange, isConfirmed: true };
  const { heap } = figures;
  const inFile = fileHeapRange(mappings, figures);
  if (inFile !== null) return inFile;
  if (heap === null || heap.reservedBytes === null) return longestLowChain(mappings);
  let best: Candidate | null = null;
  for (const chain of chainsOf(mappings)) {
    if (chain.end - chain.start < heap.reservedBytes - LENGTH_SLACK) continue;
    const pieces = archivedPieces(chain);
    for (const range of candidatesIn(chain, heap.reservedBytes)) {
      const resident = chain.residentWithin(range);
      const off = Math.abs(chain.committedWithin(range) - heap.committedBytes);
      const isFar = off > Math.max(COMMITTED_SLACK, heap.committedBytes * COMMITTED_SHARE);
      const place = rankOf(range, figures.classSpace?.reservedBytes ?? DEFAULT_CLASS_SPACE_BYTES);
      if (resident > heap.committedBytes + COMMITTED_SLACK || (place < 2 && isFar)) continue;
      // Any range that agrees is better than one of another size at the usual place.
      const rank = isFar ? 0 : place;
      const exact = range.end - range.start === heap.reservedBytes;
      const atBoundary = chain.boundaryNear(range.start, 0) !== null || chain.boundaryNear(range.end, 0) !== null;
      const archived = pieces.filter((m) => isWithin(m, range)).length;
      const found: Candidate = { ...range, rank, exact, archived, atBoundary, off, resident };
      if (best === null || isBetter(found, best)) best = found;
    }
  }
  return best === null
    ? null
    : { start: best.start, end: best.end, isConfirmed: best.exact && best.off <= Math.max(MIB, heap.committedBytes * 0.02) };
}

/**
 * Objects of an archive are mapped into G1's last regions, which are committed as a whole: what follows them is in the heap too. After the
 * archive's classes there is reserve.
 */
function archivedPieces({ mappings }: Chain): Mapping[] {
  const found: Mapping[] = [];
  for (let i = 0; i < mappings.length; i++) {
    const first = i;
    while (i < mappings.length && isArchive(mappings[i]!)) i++;
    if (i > first && mappings[i]?.perms.startsWith('---') !== true) found.push(...mappings.slice(first, i + 1));
  }
  return found;
}

/** Ranges of that length that begin on a MiB, as heaps do. They are next to a start or an end of a mapping, or where the JVM tries first. */
function* candidatesIn(chain: Chain, length: number): Generator<AddressRange> {
  const starts = new Set<number>();
  for (const at of [...chain.mappings.map((m) => m.start), chain.end])
    for (const start of [at, at - length]) starts.add(Math.ceil(start / MIB) * MIB).add(Math.floor(start / MIB) * MIB);
  for (const end of [4 * GIB, LOW]) starts.add(Math.floor((end - length) / MIB) * MIB);
  for (const start of starts) {
    const end = start + length;
    if (start < chain.start || end - LENGTH_SLACK > chain.end) continue;
    const near = chain.boundaryNear(end, LENGTH_SLACK);
    yield { start, end: near === null || end % GIB === 0 ? Math.min(chain.end, end) : near };
  }
}

/**
 * With compressed oops the JVM first tries to end the heap at 4 GiB, then at 32 GiB (CompressedOops, attempt addresses of
 * virtualspace.cpp), and then below. JDK 8, and JDK 11 to 20 without a class data archive, leave room for the class space below 32 GiB.
 * If the kernel places all mappings low, stacks and arenas are adjacent to the heap; then its end identifies it.
 */
function rankOf({ start, end }: AddressRange, classSpaceBytes: number): 0 | 1 | 2 {
  if (start >= LOW) return 0;
  return end % (4 * GIB) === 0 || end === LOW - classSpaceBytes ? 2 : 1;
}

function isBetter(a: Candidate, b: Candidate): boolean {
  if (a.rank !== b.rank) return a.rank > b.rank;
  const [fitsA, fitsB] = [a.off <= COMMITTED_SLACK, b.off <= COMMITTED_SLACK];
  if (fitsA !== fitsB) return fitsA;
  if (a.exact !== b.exact) return a.exact;
  if (a.archived !== b.archived) return a.archived > b.archived;
  if (a.atBoundary !== b.atBoundary) return a.atBoundary;
  if (a.off !== b.off) return a.off < b.off;
  return a.resident === b.resident ? a.start < b.start : a.resident > b.resident;
}

/**
 * With -XX:AllocateHeapAt the heap is a file without a name, which is mapped as a whole: it is as long as the heap, or, without the JVM's
 * values, where heaps are. Objects of an archive are mapped over pieces of it.
 */
export function fileHeapRange(mappings: readonly Mapping[], { heap, collector }: JvmFigures): HeapRange | null {
  if (collector === 'ZGC') return null; // it maps its file piece by piece
  const files = new Map<number, { start: number; end: number }>();
  for (const { start, end, perms, path, inode } of mappings) {
    if (!perms.startsWith('rw-s') || !/^\/(?!memfd:|dev\/|SYSV).* \(deleted\)$/.test(path)) continue;
    const known = files.get(inode);
    if (known === undefined) files.set(inode, { start, end });
    else known.end = end;
  }
  const reserved = heap?.reservedBytes ?? null;
  for (const { start, end } of files.values()) {
    const fits = reserved === null ? start < LOW && end - start >= 4 * MIB : Math.abs(end - start - reserved) <= LENGTH_SLACK;
    if (fits) return { start, end, isConfirmed: true };
  }
  return null;
}

/** Without the JVM's values: the longest unbroken anonymous chain below 32 GiB, which may be more than the heap. */
function longestLowChain(mappings: readonly Mapping[]): HeapRange | null {
  let best: HeapRange | null = null;
  const low = mappings.filter((m) => m.start < LOW);
  const ofHeap = new Set(chainsOf(low).flatMap(archivedPieces));
  for (const { start, end } of chainsOf(low.filter((m) => m.path === '' || ofHeap.has(m))))
    if (end - start >= 4 * MIB && (best === null || end - start > best.end - best.start))
      best = { start, end, isConfirmed: false };
  return best;
}
