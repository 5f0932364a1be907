import type { Mapping } from '../../sources/mappings/smaps-format.ts';

/** A part of the address space. */
export interface AddressRange {
  readonly start: number;
  readonly end: number;
}

/**
 * A mapping, or the part of a mapping that is in one range. The kernel merges neighbours with the same permissions into one mapping and counts
 * its resident pages as a whole, so for a part of it only bounds are known.
 */
export interface MappingPiece extends Mapping {
  readonly anonLow: number;
  readonly anonHigh: number;
}

/** A class data archive of the JDK or of an application (-XX:SharedArchiveFile, -XX:AOTCache). Its pieces may be in the heap. */
export const isArchive = (m: Mapping): boolean => /\.(?:jsa|aot)$/.test(m.path);

export const isWithin = (m: AddressRange, range: AddressRange): boolean => m.start >= range.start && m.start < range.end;

/** Reserved memory that the JVM has not committed, or guard pages. */
const isReserve = (m: Mapping): boolean => m.perms.startsWith('---');

/** Private memory without a file, or a piece of a class data archive that is mapped into the heap. */
const isHeapLike = (m: Mapping): boolean =>
  m.perms[3] === 'p' && m.perms[2] !== 'x' && (m.path === '' || m.path.startsWith('[anon:') || isArchive(m));

/** Mappings of private memory without a gap between them. A process may have tens of thousands, so sums are computed once. */
export class Chain {
  readonly mappings: readonly Mapping[];
  readonly start: number;
  readonly end: number;
  /** Committed and resident bytes of the mappings before each one. */
  readonly #committed: Float64Array;
  readonly #resident: Float64Array;

  constructor(mappings: readonly Mapping[]) {
    this.mappings = mappings;
    this.start = mappings[0]!.start;
    this.end = mappings[mappings.length - 1]!.end;
    this.#committed = new Float64Array(mappings.length + 1);
    this.#resident = new Float64Array(mappings.length + 1);
    for (const [i, m] of mappings.entries()) {
      this.#committed[i + 1] = this.#committed[i]! + committedBytes(m);
      this.#resident[i + 1] = this.#resident[i]! + m.anonBytes;
    }
  }

  /** Committed bytes. HotSpot reserves memory without access, and makes it writable when it commits it. */
  committedWithin({ start, end }: AddressRange): number {
    const before = (at: number): number => {
      const i = this.indexAt(at);
      const m = this.mappings[i];
      return this.#committed[i]! + (m === undefined || isReserve(m) ? 0 : at - m.start);
    };
    return before(Math.min(end, this.end)) - before(Math.max(start, this.start));
  }

  /** Resident bytes that are certainly in the range. */
  residentWithin({ start, end }: AddressRange): number {
    const [first, last] = [this.indexAt(Math.max(start, this.start)), this.indexAt(Math.min(end, this.end) - 1)];
    const whole = this.#resident[last + 1]! - this.#resident[first]!;
    const edges = new Set([this.mappings[first]!, this.mappings[last]!]);
    return [...edges].reduce((sum, m) => {
      const outside = m.end - m.start - (Math.min(m.end, end) - Math.max(m.start, start));
      return sum - Math.min(m.anonBytes, outside);
    }, whole);
  }

  /** The index of the mapping that contains an address; the number of mappings if the address is the end. */
  indexAt(at: number): number {
    let [low, high] = [0, this.mappings.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.mappings[middle]!.end <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The nearest start or end of a mapping to an address, at most `within` away; null: there is none. */
  boundaryNear(at: number, within: number): number | null {
    const m = this.mappings[Math.min(this.indexAt(at), this.mappings.length - 1)]!;
    const nearest = Math.abs(m.start - at) <= Math.abs(m.end - at) ? m.start : m.end;
    return Math.abs(nearest - at) <= within ? nearest : null;
  }
}

const committedBytes = (m: Mapping): number => (isReserve(m) ? 0 : m.end - m.start);

export function chainsOf(mappings: readonly Mapping[]): Chain[] {
  const found: Chain[] = [];
  let chain: Mapping[] = [];
  for (const mapping of mappings) {
    const joins = chain.length > 0 && chain[chain.length - 1]!.end === mapping.start && isHeapLike(mapping);
    if (!joins && chain.length > 0) found.push(new Chain(chain));
    if (!joins) chain = [];
    if (isHeapLike(mapping)) chain.push(mapping);
  }
  if (chain.length > 0) found.push(new Chain(chain));
  return found;
}

/** The mappings, divided at the limits of the ranges. `isSparse`: only some of its pages are resident, as in the heap and in stacks. */
export function cutAt(
  mappings: readonly Mapping[],
  ranges: readonly AddressRange[],
  isSparse: (piece: AddressRange) => boolean,
): MappingPiece[] {
  const cuts = [...new Set(ranges.flatMap((r) => [r.start, r.end]))].sort((a, b) => a - b);
  let next = 0;
  return mappings.flatMap((m) => {
    while (next < cuts.length && cuts[next]! <= m.start) next++;
    const first = next;
    while (next < cuts.length && cuts[next]! < m.end) next++;
    const inside = cuts.slice(first, next);
    return inside.length === 0 ? [{ ...m, anonLow: m.anonBytes, anonHigh: m.anonBytes }] : pieces(m, inside, isSparse);
  });
}

/** Memory beside the heap belongs to the VM, which writes it when it commits it. So it is assumed to be resident before the heap's pages are. */
function pieces(m: Mapping, inside: readonly number[], isSparse: (piece: AddressRange) => boolean): MappingPiece[] {
  const edges = [m.start, ...inside, m.end];
  const whole = m.end - m.start;
  const parts = edges.slice(1).map((end, k) => ({ start: edges[k]!, end, length: end - edges[k]! }));
  const dense = parts.filter((p) => !isSparse(p)).reduce((sum, p) => sum + p.length, 0);
  const denseBytes = dense === whole ? m.anonBytes : Math.min(dense, m.anonBytes);
  const sparseBytes = m.anonBytes - denseBytes;
  return parts.map(({ start, end, length }) => {
    const share = isSparse({ start, end }) ? (sparseBytes * length) / (whole - dense) : (denseBytes * length) / dense;
    return {
      ...m,
      start,
      end,
      anonBytes: Math.round(share),
      anonLow: Math.max(0, m.anonBytes - (whole - length)),
      anonHigh: Math.min(length, m.anonBytes),
      rssBytes: Math.round((m.rssBytes * length) / whole),
      pssBytes: Math.round((m.pssBytes * length) / whole),
      swapBytes: Math.round((m.swapBytes * length) / whole),
    };
  });
}
