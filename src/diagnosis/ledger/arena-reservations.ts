import type { Mapping } from '../../sources/mappings/smaps-format.ts';
import { KIB, MIB } from '../../units.ts';
import { type AddressRange, type Chain, chainsOf, isWithin } from './address-space.ts';
import type { JvmFigures, SpaceFigures } from './jvm-figures.ts';
import { asArenas, chooseMetaspace, type Reservation, ReservationMap, shortageWeight } from './reservation.ts';

/** glibc's HEAP_MAX_SIZE on 64 bits: an arena's heap is aligned to it and reserves all of it (malloc/arena.c). */
const ARENA_BYTES = 64 * MIB;
/** A JVM commits metaspace in granules of this size since JDK 16 (JEP 387); malloc grows by pages, so the two can be distinguished. */
const METASPACE_GRANULE = 64 * KIB;
const NODE_ALIGNMENT = 4 * MIB;
const FIRST_RELEASE_WITH_GRANULES = 16;
/** A mapping of more than 4,096 full arenas, 256 GiB, is another kind of memory. */
const MAX_MERGED_BYTES = 4096 * ARENA_BYTES;
/** The kernel merges the reserve of a node with guard pages after it. A longer reserve belongs to a table of the collector, or to two nodes. */
const MAX_OVERHANG = MIB;

/**
 * All reservations of 64 MiB outside `taken`. Metaspace consists of whole granules and is aligned only to 4 MiB. An arena is one written piece
 * and its reserve, aligned to 64 MiB. One in sixteen arenas consists of whole granules by chance. The committed size that the JVM reports
 * decides which of these are metaspace.
 */
export function arenaReservations(
  mappings: readonly Mapping[],
  taken: readonly AddressRange[],
  { nonClass, release }: JvmFigures,
): Reservation[] {
  const granules = release === null || release >= FIRST_RELEASE_WITH_GRANULES;
  const isNoArena: MappingTest = mappings.some(isArenaWithFlag) ? (m) => m.noReserve === false : () => false;
  const all: Reservation[] = [];
  let certainEnd = 0;
  for (let i = 0; i < mappings.length; i++) {
    if (mappings[i]!.start < certainEnd || taken.some((range) => isWithin(mappings[i]!, range))) continue;
    const reservation = reservationAt(mappings, i, granules, isNoArena) ?? arenaInside(mappings, i, granules, isNoArena);
    if (reservation === null) continue;
    const merged = arenasAfter(reservation, mappings[i]!, granules);
    all.push(reservation, ...merged);
    if (!reservation.isLonger) certainEnd = merged[merged.length - 1]?.end ?? reservation.end;
  }
  const reserves = withoutOverlaps(all);
  const decided = kept(chooseMetaspace(reserves, nonClass));
  return granules && nonClass !== null ? withMergedNode([decided, kept(asArenas(reserves))], nonClass, mappings, taken) : decided;
}

const kept = (reserves: readonly Reservation[]): Reservation[] =>
  reserves.filter((r) => r.metaspace || (isArenaShaped(r) && !r.isNoArena));

const isArenaShaped = ({ start }: Reservation): boolean => start % ARENA_BYTES === 0;

/** A table of the collector whose reserve is followed by a node looks like one longer reservation that begins with the table. */
function withoutOverlaps(all: readonly Reservation[]): Reservation[] {
  const certain = new ReservationMap(all.filter((r) => !r.isLonger));
  const found: Reservation[] = [];
  // In order of address, so only the last one that was taken can reach into the next.
  for (const r of all) if (!r.isLonger || !(certain.overlaps(r) || (found[found.length - 1]?.end ?? 0) > r.start)) found.push(r);
  return found;
}

/** Newer glibc maps its arenas with MAP_NORESERVE. Where one of a process is, all are; of an older glibc, the flag tells nothing. */
const isArenaWithFlag = ({ noReserve, perms, start }: Mapping): boolean =>
  noReserve === true && perms.startsWith('rw') && start % ARENA_BYTES === 0;

type MappingTest = (m: Mapping) => boolean;

/** The reservation that mapping `i` begins; null: it begins none. */
function reservationAt(mappings: readonly Mapping[], i: number, granules: boolean, isNoArena: MappingTest): Reservation | null {
  const { start } = mappings[i]!;
  const end = reservationEnd(mappings, i);
  if (end === null) return null;
  let next = i;
  while (next < mappings.length && mappings[next]!.start < end) next++;
  const pieces = mappings.slice(i, next).filter((m) => m.perms.startsWith('rw'));
  const granular = granules && pieces.every((m) => (m.end - m.start) % METASPACE_GRANULE === 0);
  const arenaShaped = start % ARENA_BYTES === 0 && pieces.length === 1;
  if (!granular && !arenaShaped) return null;
  const last = mappings[next - 1];
  const isLonger = last?.perms.startsWith('---') === true && last.end - end > MAX_OVERHANG;
  return {
    start,
    end,
    metaspace: granular && !arenaShaped,
    undecided: granular && (arenaShaped || isLonger),
    isLonger: granular && isLonger,
    anonBytes: pieces.reduce((sum, m) => sum + (m.anonBytes * (Math.min(m.end, end) - m.start)) / (m.end - m.start), 0),
    committedBytes: pieces.reduce((sum, m) => sum + Math.min(m.end, end) - m.start, 0),
    startsInside: false,
    isNoArena: pieces.some(isNoArena),
  };
}

/** The further arenas of a mapping that the kernel has merged of full arenas; the last one may have a reserve. */
function arenasAfter(first: Reservation, m: Mapping, granules: boolean): Reservation[] {
  const count = Math.max(0, Math.ceil((m.end - first.end) / ARENA_BYTES));
  return Array.from({ length: count }, (_, k): Reservation => {
    const start = first.end + k * ARENA_BYTES;
    const end = start + ARENA_BYTES;
    const committedBytes = Math.min(m.end, end) - start;
    return {
      start,
      end,
      metaspace: false,
      undecided: granules && committedBytes % METASPACE_GRANULE === 0,
      isLonger: false,
      anonBytes: (m.anonBytes * committedBytes) / (m.end - m.start),
      committedBytes,
      startsInside: false,
      isNoArena: first.isNoArena,
    };
  });
}

/** An arena whose written piece the kernel has merged with the memory before it: its reserve ends where an arena ends. null: it is none. */
function arenaInside(mappings: readonly Mapping[], i: number, granules: boolean, isNoArena: MappingTest): Reservation | null {
  const [m, reserve] = [mappings[i]!, mappings[i + 1]];
  const start = Math.floor(m.end / ARENA_BYTES) * ARENA_BYTES;
  if (m.path !== '' || !m.perms.startsWith('rw-p') || start <= m.start || start === m.end) return null;
  if (reserve?.start !== m.end || !reserve.perms.startsWith('---') || reserve.end !== start + ARENA_BYTES) return null;
  if (isNoArena(m)) return null;
  // It may be a node of metaspace.
  if (granules && (m.end - start) % METASPACE_GRANULE === 0) return null;
  const committedBytes = m.end - start;
  const anonBytes = Math.min(m.anonBytes, committedBytes);
  return {
    start,
    end: reserve.end,
    metaspace: false,
    undecided: false,
    anonBytes,
    committedBytes,
    startsInside: true,
    isLonger: false,
    isNoArena: false,
  };
}

/**
 * A node of metaspace that begins inside a mapping, because the memory before it is writable too. Of all possible starts, it is the one whose
 * committed size is that of the JVM. Reservations that were found at the pieces after its start belong to it. `ways`: the reservations as they
 * were decided without it, and with all undecided ones as arenas: one that was chosen for the missing size may be an arena after all.
 */
function withMergedNode(
  ways: readonly [Reservation[], Reservation[]],
  nonClass: SpaceFigures,
  mappings: readonly Mapping[],
  taken: readonly AddressRange[],
): Reservation[] {
  const weight = shortageWeight(nonClass);
  const offOf = (bytes: number): number => Math.max(bytes - nonClass.committedBytes, (nonClass.committedBytes - bytes) * weight);
  const maps = ways.map((reserves) => ({ reserves, map: new ReservationMap(reserves) }));
  const decidedBytes = maps[0]!.map.metaspaceBytes;
  if (decidedBytes - nonClass.committedBytes > -METASPACE_GRANULE) return ways[0];
  let best: { readonly reserves: readonly Reservation[]; readonly node: Reservation } | null = null;
  let bestOff = offOf(decidedBytes);
  for (const chain of chainsOf(mappings)) {
    if (chain.end - chain.start < ARENA_BYTES) continue;
    for (const m of chain.mappings) {
      if (!m.perms.startsWith('rw') || m.path !== '' || taken.some((range) => isWithin(m, range))) continue;
      for (const node of nodesBeginningIn(m, chain)) {
        for (const { reserves, map } of maps) {
          const off = offOf(map.metaspaceBeside(node) + node.committedBytes);
          if (off < bestOff) [best, bestOff] = [{ reserves, node }, off];
        }
      }
    }
  }
  if (best === null) return ways[0];
  const { reserves, node } = best;
  return [...reserves.filter((r) => r.end <= node.start || r.start >= node.end), node].map((r) => ({
    ...r,
    undecided: bestOff > 0 && r.undecided,
  }));
}

/** Each multiple of its alignment in a mapping, beginning at the end. */
function nodesBeginningIn(m: Mapping, chain: Chain): Reservation[] {
  const last = Math.floor((m.end - 1) / NODE_ALIGNMENT) * NODE_ALIGNMENT;
  const starts = Array.from({ length: ARENA_BYTES / NODE_ALIGNMENT }, (_, k) => last - k * NODE_ALIGNMENT);
  return starts.flatMap((start) => (start >= m.start ? (nodeAt(chain, start) ?? []) : []));
}

/** null: it does not fit there, or its committed memory is not whole granules. */
function nodeAt(chain: Chain, start: number): Reservation | null {
  const end = start + ARENA_BYTES;
  if (end > chain.end) return null;
  const [first, last] = [chain.indexAt(start), chain.indexAt(end - 1)];
  const pieces = chain.mappings.slice(first, last + 1);
  if (pieces.some((m) => m.path !== '' || (m.end < end && m.end % METASPACE_GRANULE !== 0))) return null;
  return {
    start,
    end,
    metaspace: true,
    undecided: true,
    anonBytes: chain.residentWithin({ start, end }),
    committedBytes: chain.committedWithin({ start, end }),
    startsInside: true,
    isLonger: false,
    isNoArena: false,
  };
}

/** The end of the reservation of 64 MiB that mapping `i` begins; null: it begins none. */
function reservationEnd(mappings: readonly Mapping[], i: number): number | null {
  const first = mappings[i]!;
  if (first.path !== '' || !first.perms.startsWith('rw-p') || first.start % NODE_ALIGNMENT !== 0) return null;
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
  // An arena is one piece and its reserve; metaspace is whole granules. Adjacent stacks with their guard pages are neither.
  if (!granular && !(pieces === 2 && mappings[i + 1]!.perms.startsWith('---')))
    return first.end >= end ? wholeArenaEnd(mappings, i) : null;
  // The kernel may have merged the last reserved piece with the next reservation.
  if (at >= end && first.end < end) return end;
  return wholeArenaEnd(mappings, i);
}

/** The end of the first arena in a mapping of full arenas; null: it is no such mapping. */
function wholeArenaEnd(mappings: readonly Mapping[], i: number): number | null {
  const { start, end } = mappings[i]!;
  const length = end - start;
  if (start % ARENA_BYTES !== 0 || length < ARENA_BYTES || length > MAX_MERGED_BYTES) return null;
  return endsAsArena(mappings, i) ? start + ARENA_BYTES : null;
}

/** The kernel merges adjacent full arenas into one mapping of whole arenas, possibly followed by the last one's reserve. Large blocks look different. */
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
