import type { AddressRange } from './address-space.ts';
import type { SpaceFigures } from './jvm-figures.ts';

/** Metaspace grows between collections and gives back only at one: less than the size of the last collection is this much less probable than more. */
const SHORTAGE_WEIGHT = 8;
/** If there are more undecided reservations than this, their combinations are not tried. */
const MAX_COMBINED = 12;

/** A reservation of 64 MiB: an arena of glibc, or a node of metaspace. */
export interface Reservation extends AddressRange {
  readonly metaspace: boolean;
  /** It may also be of the other kind. */
  readonly undecided: boolean;
  readonly anonBytes: number;
  readonly committedBytes: number;
  /** It begins inside a mapping, because the memory before it is writable too. */
  readonly startsInside: boolean;
  /** The kernel says that its memory was mapped in another way than an arena. */
  readonly isNoArena: boolean;
  /** Its last reserve goes on past its end, so it may be another kind of reservation. */
  readonly isLonger: boolean;
}

/** Their ranges. Adjacent ones of one kind are one range: what a mapping of both has resident belongs to that kind for certain. */
export function joined(reserves: readonly Reservation[]): AddressRange[] {
  const ranges: (AddressRange & Pick<Reservation, 'metaspace'>)[] = [];
  for (const { start, end, metaspace } of [...reserves].sort((a, b) => a.start - b.start)) {
    const last = ranges[ranges.length - 1];
    if (last?.end === start && last.metaspace === metaspace) ranges[ranges.length - 1] = { ...last, end };
    else ranges.push({ start, end, metaspace });
  }
  return ranges;
}

/** Reservations by address, of which no two overlap. A process may have tens of thousands, and each of its mappings is looked up. */
export class ReservationMap {
  readonly #sorted: readonly Reservation[];
  /** Committed metaspace of those before each one. */
  readonly #metaspaceBytes: Float64Array;

  constructor(reservations: readonly Reservation[]) {
    this.#sorted = [...reservations].sort((a, b) => a.start - b.start);
    this.#metaspaceBytes = new Float64Array(reservations.length + 1);
    for (const [i, { metaspace, committedBytes }] of this.#sorted.entries())
      this.#metaspaceBytes[i + 1] = this.#metaspaceBytes[i]! + (metaspace ? committedBytes : 0);
  }

  /** The one that contains an address; null: none does. */
  at(address: number): Reservation | null {
    const reservation = this.#sorted[this.#indexAfter(address)];
    return reservation !== undefined && reservation.start <= address ? reservation : null;
  }

  overlaps(range: AddressRange): boolean {
    const next = this.#sorted[this.#indexAfter(range.start)];
    return next !== undefined && next.start < range.end;
  }

  /** Committed metaspace of all. */
  get metaspaceBytes(): number {
    return this.#metaspaceBytes[this.#sorted.length]!;
  }

  /** Committed metaspace of all that do not overlap a range. */
  metaspaceBeside({ start, end }: AddressRange): number {
    const first = this.#indexAfter(start);
    let next = first;
    while (next < this.#sorted.length && this.#sorted[next]!.start < end) next++;
    return this.#metaspaceBytes[first]! + this.metaspaceBytes - this.#metaspaceBytes[next]!;
  }

  /** Index of the first one that ends after an address. */
  #indexAfter(address: number): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#sorted[middle]!.end <= address) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The undecided ones that together fill the missing committed size are metaspace. If they fill it exactly, no reservation remains undecided. */
export function chooseMetaspace(found: readonly Reservation[], nonClass: SpaceFigures | null): Reservation[] {
  const undecided = found.filter((r) => r.undecided);
  const certain = found.reduce((sum, r) => sum + (r.metaspace && !r.undecided ? r.committedBytes : 0), 0);
  if (undecided.length === 0) return [...found];
  if (nonClass === null) {
    // A full one is most often an arena: a JVM that filled a node of metaspace has another one, which is not full.
    const none = !found.some((r) => r.metaspace);
    return found.map((r) => (r.undecided ? { ...r, metaspace: none && r.committedBytes < r.end - r.start } : r));
  }
  const missing = Math.max(0, nonClass.committedBytes - certain);
  const chosen =
    undecided.length > MAX_COMBINED
      ? largestWithin(undecided, missing)
      : nearestSum(undecided, missing, shortageWeight(nonClass));
  const exact = [...chosen].reduce((sum, r) => sum + r.committedBytes, 0) === missing;
  return found.map((r) => (r.undecided ? { ...r, metaspace: chosen.has(r), undecided: !exact } : r));
}

/** The undecided ones as arenas, which they may also not be. */
export const asArenas = (found: readonly Reservation[]): Reservation[] =>
  found.map((r) => (r.undecided ? { ...r, metaspace: false } : r));

export const shortageWeight = ({ asOf }: SpaceFigures): number => (asOf === 'last-collection' ? SHORTAGE_WEIGHT : 1);

function nearestSum(of: readonly Reservation[], wanted: number, weight: number): ReadonlySet<Reservation> {
  let best: readonly Reservation[] = [];
  let bestOff = weight * wanted;
  for (let bits = 1; bits < 2 ** of.length; bits++) {
    const some = of.filter((_, k) => (bits >> k) % 2 === 1);
    const more = some.reduce((sum, r) => sum + r.committedBytes, 0) - wanted;
    const off = more < 0 ? -more * weight : more;
    if (off < bestOff) [best, bestOff] = [some, off];
  }
  return new Set(best);
}

function largestWithin(of: readonly Reservation[], wanted: number): ReadonlySet<Reservation> {
  const chosen = new Set<Reservation>();
  let left = wanted;
  for (const r of [...of].sort((a, b) => b.committedBytes - a.committedBytes))
    if (r.committedBytes <= left) {
      chosen.add(r);
      left -= r.committedBytes;
    }
  return chosen;
}
