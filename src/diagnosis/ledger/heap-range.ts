import type { Mapping } from '../../sources/mappings/smaps-format.ts';
import type { JvmReading } from '../../sources/types.ts';
import { MIB } from '../../units.ts';

/** Where the Java heap lies in the address space. */
export interface HeapRange {
  readonly start: number;
  readonly end: number;
}

const ARCHIVE = /\/classes[\w-]*\.jsa$/;
/** Compressed oops keep the heap below 32 GiB of address; a JVM of less than 32 GiB has nothing else so low. */
const LOW = 2 ** 35;

/** Anonymous private memory, or a class data archive's piece of heap that is mapped into it. */
const heapLike = (m: Mapping): boolean =>
  m.perms[3] === 'p' && m.perms[2] !== 'x' && (m.path === '' || ARCHIVE.test(m.path) || m.path === '[anon: Java Heap]');

export const isArchive = (m: Mapping): boolean => ARCHIVE.test(m.path);

/**
 * The heap is reserved as one range of the maximum's size, so it is that part of an unbroken chain of mappings, of this length,
 * which holds the most resident memory, but no more than is committed. null where there is none (ZGC's heap is shared memory).
 */
export function heapRange(mappings: readonly Mapping[], jvm: JvmReading | null): HeapRange | null {
  if (jvm === null) return lowestChain(mappings);
  const length = typeof jvm.heapMax === 'number' ? jvm.heapMax : jvm.heapCommitted.value;
  const most = jvm.heapCommitted.value + 8 * MIB;
  let best: (HeapRange & { readonly rss: number; readonly rank: number }) | null = null;
  for (const chain of chains(mappings)) {
    const chainEnd = chain[chain.length - 1]!.end;
    for (let i = 0; i < chain.length; i++) {
      const start = chain[i]!.start;
      // The heap's limit in hsperfdata may leave out a survivor space or a part of a region.
      if (chainEnd - start < length - 2 * MIB) break;
      if (start % MIB !== 0) continue;
      let rss = 0;
      let end = start;
      for (let k = i; k < chain.length && chain[k]!.start < start + length; k++) {
        rss += chain[k]!.anonBytes;
        end = chain[k]!.end;
      }
      if (rss > most || end - start > length + 64 * MIB) continue;
      const rank = rankOf(chain[i]!, end);
      // Of those that end at 4 GiB the last is the heap alone.
      if (best === null || rank > best.rank || (rank === best.rank && (rank === 2 || rss > best.rss)))
        best = { start, end, rss, rank };
    }
  }
  return best === null ? null : { start: best.start, end: best.end };
}

/**
 * With compressed oops the JVM first tries to end the heap at 4 GiB, then at 32 GiB (CompressedOops, attempt addresses of
 * virtualspace.cpp), and then below. Where the kernel places all mappings low, stacks and arenas join the heap's chain: then its end identifies it.
 */
function rankOf(first: Mapping, end: number): 0 | 1 | 2 {
  if (first.start >= LOW) return 0;
  return end % 2 ** 32 === 0 && first.perms.startsWith('rw') ? 2 : 1;
}

function* chains(mappings: readonly Mapping[]): Generator<Mapping[]> {
  let chain: Mapping[] = [];
  for (const mapping of mappings) {
    const joins = chain.length > 0 && chain[chain.length - 1]!.end === mapping.start;
    if (heapLike(mapping) && (joins || chain.length === 0)) chain.push(mapping);
    else {
      if (chain.length > 0) yield chain;
      chain = heapLike(mapping) ? [mapping] : [];
    }
  }
  if (chain.length > 0) yield chain;
}

/** Without hsperfdata: the largest unbroken anonymous chain below 32 GiB, which may be more than the heap. */
function lowestChain(mappings: readonly Mapping[]): HeapRange | null {
  let best: HeapRange | null = null;
  for (const chain of chains(mappings.filter((m) => m.start < LOW && m.path === ''))) {
    const range = { start: chain[0]!.start, end: chain[chain.length - 1]!.end };
    if (range.end - range.start >= 4 * MIB && (best === null || range.end - range.start > best.end - best.start)) best = range;
  }
  return best;
}
