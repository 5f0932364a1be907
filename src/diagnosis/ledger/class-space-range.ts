import type { Mapping } from '../../sources/mappings/smaps-format.ts';
import { MIB } from '../../units.ts';
import { type AddressRange, type Chain, chainsOf, isArchive } from './address-space.ts';
import type { JvmFigures, SpaceFigures } from './jvm-figures.ts';

/** Its size, unless a flag sets another (CompressedClassSpaceSize). The JVM reports it after its first collection. */
export const DEFAULT_CLASS_SPACE_BYTES = 1024 * MIB;
/** Rank of a place that only its committed bytes identify. */
const ELSEWHERE = 3;
/** Tolerance, because classes may be unloaded between the two readings. */
const SLACK = 8 * MIB;

/**
 * The compressed class space is one reserved range. It is after the class data archive; without an archive after the heap (JDK 8 to 20);
 * alone (JDK 11); or elsewhere, where its size and its committed bytes identify it.
 */
export function classSpaceRange(
  mappings: readonly Mapping[],
  heap: AddressRange | null,
  { classSpace, nonClass }: JvmFigures,
): AddressRange | null {
  // If class pointers are not compressed, there is none. Before the first collection the JVM reports neither.
  if (classSpace === null && nonClass !== null && nonClass.committedBytes > 0) return null;
  const length = classSpace?.reservedBytes ?? DEFAULT_CLASS_SPACE_BYTES;
  const outside = mappings.filter((m) => heap === null || !(m.start >= heap.start && m.end <= heap.end));
  const archiveEnd = lastArchiveEnd(outside);
  let best: (AddressRange & { readonly rank: number }) | null = null;
  for (const chain of chainsOf(outside)) {
    for (const start of startsIn(chain, heap, archiveEnd)) {
      const range = { start, end: start + length };
      if (range.end > chain.end || (heap !== null && start < heap.end && range.end > heap.start)) continue;
      const isAlone = start === chain.start && range.end === chain.end;
      // Stacks and arenas side by side may happen to be as long as the class space, so a certain neighbour decides before the length.
      const rank = [start === archiveEnd, start === heap?.end, isAlone, true].indexOf(true);
      const isUsualPlace = rank < ELSEWHERE;
      if (fits(chain.committedWithin(range), classSpace, isUsualPlace) && (best === null || rank < best.rank))
        best = { ...range, rank };
    }
  }
  return best === null ? null : { start: best.start, end: best.end };
}

/** At its usual places it may have grown since the last collection. At any other place its committed size must be exactly that of the JVM. */
function fits(committed: number, classSpace: SpaceFigures | null, isUsualPlace: boolean): boolean {
  if (committed === 0) return false;
  if (classSpace === null) return isUsualPlace;
  return isUsualPlace ? committed >= classSpace.committedBytes - SLACK : committed === classSpace.committedBytes;
}

function startsIn(chain: Chain, heap: AddressRange | null, archiveEnd: number | null): Set<number> {
  const starts = new Set(chain.mappings.filter((m) => !isArchive(m)).map((m) => m.start));
  for (const at of [heap?.end ?? null, archiveEnd]) if (at !== null && at >= chain.start && at < chain.end) starts.add(at);
  return starts;
}

/** The end of the archive including the padding after it. The class space begins with the next committed memory. */
function lastArchiveEnd(mappings: readonly Mapping[]): number | null {
  let at: number | null = null;
  for (const [i, m] of mappings.entries()) {
    if (!isArchive(m)) continue;
    const next = mappings[i + 1];
    if (next === undefined || next.start !== m.end || isArchive(next)) continue;
    at = next.perms.startsWith('---') ? next.end : m.end;
  }
  return at;
}
