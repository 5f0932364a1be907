import { bytesText } from '../../format.ts';
import { KIB, MIB } from '../../units.ts';
import type { AnonPart, AnonPartId } from './anon-kinds.ts';
import type { JvmFigures, SpaceFigures } from './jvm-figures.ts';

/** Tolerance for pages at the limit of used memory, and for allocation buffers that are not written yet. */
const USED_SLACK = 0.1;
const SLACK_BYTES = 4 * MIB;
/** Metaspace grows to this size before its first collection (MetaspaceSize). After that it grows until 40 % are free (MinMetaspaceFreeRatio), plus one step. */
const FIRST_METASPACE_LIMIT = 22 * MIB;
const METASPACE_STEP = 6 * MIB;
const FIRST_RELEASE_WITH_GRANULES = 16;
/** Committed memory of a space comes in steps of at least this size. */
const GRANULE = 64 * KIB;

/** Committed bytes of the mappings that were taken for a part. */
export type CommittedByPart = ReadonlyMap<AnonPartId | 'unnamed', number>;

/** Unnamed memory, some of which may belong to a part. */
type Rest = Pick<AnonPart, 'bytes' | 'low' | 'high'>;

/**
 * Compares the parts from the mappings with the JVM's own values: a part is at least its used and at most its committed bytes. If a part is too
 * small, or if its mappings have less committed than the JVM, the missing bytes come from unnamed memory, or from memory that looks like an arena. If it is too large, the excess goes there. In both
 * cases the part becomes an interval that includes both values. The sum does not change. Pure.
 */
export function reconcileParts(
  measured: readonly AnonPart[],
  unnamed: AnonPart | null,
  figures: JvmFigures,
  isHeapConfirmed: boolean,
  committed: CommittedByPart,
): { readonly parts: AnonPart[]; readonly rest: Rest } {
  const table = new Table(measured, unnamed ?? { bytes: 0, low: 0, high: 0 });
  const seen = (id: AnonPartId): number => committed.get(id) ?? 0;
  // A heap at a certain address may have less resident than used memory: G1 counts whole regions for a large object, others whole allocation buffers.
  if (figures.heap !== null && figures.collector !== 'ZGC') {
    if (isHeapConfirmed) table.narrow('java-heap', figures.heap);
    else table.hold('java-heap', figures.heap, 'the heap', null);
  }
  if (figures.nonClass !== null) {
    if (figures.release !== null && figures.release < FIRST_RELEASE_WITH_GRANULES)
      table.takeFromUnnamed('metaspace', grown(figures));
    else table.hold('metaspace', figures.nonClass, 'metaspace', seen('metaspace'));
  }
  if (figures.classSpace !== null)
    table.hold('class-space', figures.classSpace, 'the compressed class space', seen('class-space'));
  return { parts: table.parts, rest: table.rest };
}

/** Values of the last collection, with the maximum to which metaspace can have grown since. */
function grown({ nonClass, classSpace }: JvmFigures): SpaceFigures & { readonly mostBytes: number } {
  const space = nonClass!;
  if (space.asOf === 'now') return { ...space, mostBytes: space.committedBytes };
  const used = space.usedBytes + (classSpace?.usedBytes ?? 0);
  const most = Math.max(FIRST_METASPACE_LIMIT, used / 0.6 + METASPACE_STEP) - (classSpace?.usedBytes ?? 0);
  return { ...space, mostBytes: Math.max(space.committedBytes, most) };
}

class Table {
  readonly #parts: Map<AnonPartId, AnonPart>;
  #rest: Rest;

  constructor(parts: readonly AnonPart[], rest: Rest) {
    this.#parts = new Map(parts.map((p) => [p.id, p]));
    this.#rest = rest;
  }

  get parts(): AnonPart[] {
    return [...this.#parts.values()].filter((p) => p.high > 0);
  }

  get rest(): Rest {
    return this.#rest;
  }

  /**
   * Metaspace before JDK 16 cannot be recognised: its nodes of 2 MiB and more are committed from their start, and the kernel merges them with
   * adjacent memory. The JVM reports its size, and the bytes come from unnamed memory.
   */
  takeFromUnnamed(id: AnonPartId, space: SpaceFigures & { readonly mostBytes: number }): void {
    // Chunks are committed as a whole and written as they fill, so most of the last ones are not resident.
    const expected = space.usedBytes + (space.committedBytes - space.usedBytes) / 4;
    const bytes = Math.round(Math.min(this.#rest.bytes, expected));
    const low = Math.min(bytes, space.usedBytes);
    const high = Math.max(bytes, Math.min(this.#rest.high, space.mostBytes));
    this.#parts.set(id, { id, bytes, low, high, count: 1, ...this.#shortOf(bytes, space, 'metaspace') });
    this.#take(bytes, low, high);
  }

  /** `seen`: committed bytes of its mappings; null: its used bytes need not be resident, and the committed ones are not compared. */
  hold(id: AnonPartId, space: SpaceFigures, name: string, seen: number | null): void {
    const part = this.#parts.get(id) ?? { id, bytes: 0, low: 0, high: 0, count: 0 };
    // Collections alone give committed memory back, so it is at least what it was at the last one.
    if (seen !== null && part.high < space.committedBytes && seen + GRANULE <= space.committedBytes)
      this.#enlarge(
        part,
        space,
        name,
        `has ${bytesText(space.committedBytes)} of ${name} committed, and the mappings show ${bytesText(seen)}`,
      );
    else if (part.high < space.usedBytes * (1 - USED_SLACK) - SLACK_BYTES)
      this.#enlarge(
        part,
        space,
        name,
        `uses ${bytesText(space.usedBytes)} of ${name}, and the mappings show ${bytesText(part.bytes)}`,
      );
    else if (space.asOf === 'now' && part.low > space.committedBytes + SLACK_BYTES) this.#reduce(part, space, name);
    else this.narrow(id, space);
  }

  /** Some of the part is not where the mappings show it: most probably in unnamed memory, else in the arenas. */
  #enlarge(part: AnonPart, space: SpaceFigures, name: string, contradiction: string): void {
    let missing = Math.max(0, space.usedBytes - part.bytes);
    const fromRest = Math.min(missing, this.#rest.bytes);
    missing -= fromRest;
    const arenas = this.#parts.get('malloc-arenas');
    const fromArenas = Math.min(missing, arenas?.bytes ?? 0);
    const most = Math.min(space.committedBytes, part.high + this.#rest.high + (arenas?.high ?? 0));
    const bytes = part.bytes + fromRest + fromArenas;
    this.#parts.set(part.id, {
      ...part,
      bytes,
      high: Math.max(bytes, most),
      disagreement: `the JVM ${contradiction}`,
    });
    const more = Math.max(0, most - part.high);
    this.#rest = { bytes: this.#rest.bytes - fromRest, low: Math.max(0, this.#rest.low - more), high: this.#rest.high };
    if (arenas !== undefined)
      this.#parts.set('malloc-arenas', {
        ...arenas,
        bytes: arenas.bytes - fromArenas,
        low: Math.max(0, Math.min(arenas.low, arenas.bytes - more)),
        disagreement: `some of these may be ${name}`,
      });
  }

  /** The mappings show more than the committed bytes. The excess is adjacent memory of another kind. */
  #reduce(part: AnonPart, space: SpaceFigures, name: string): void {
    const excess = part.bytes - space.committedBytes;
    this.#parts.set(part.id, {
      ...part,
      bytes: space.committedBytes,
      low: Math.min(part.low, space.usedBytes),
      high: part.high,
      disagreement: `the JVM has ${bytesText(space.committedBytes)} of ${name} committed, and the mappings show ${bytesText(part.bytes)}`,
    });
    this.#rest = { ...this.#rest, bytes: this.#rest.bytes + excess, high: this.#rest.high + excess };
  }

  /** A part whose pages the kernel counts together with those of another part: at least its used, at most its committed bytes. */
  narrow(id: AnonPartId, space: SpaceFigures): void {
    const part = this.#parts.get(id);
    if (part === undefined || part.low === part.high) return;
    const used = part.id === 'java-heap' ? space.usedBytes * (1 - USED_SLACK) - SLACK_BYTES : space.usedBytes;
    const low = Math.max(part.low, Math.min(part.bytes, used));
    const high = space.asOf === 'now' ? Math.max(part.bytes, Math.min(part.high, space.committedBytes)) : part.high;
    this.#parts.set(part.id, { ...part, low, high });
    const heap = this.#parts.get('java-heap');
    if (heap === undefined || part.id === 'java-heap') return;
    // They are counted together, so bytes that certainly belong to one do not belong to the other.
    this.#parts.set('java-heap', {
      ...heap,
      low: Math.min(heap.bytes, heap.low + (part.high - high)),
      high: Math.max(heap.bytes, heap.high - (low - part.low)),
    });
  }

  #take(bytes: number, low: number, high: number): void {
    const { bytes: had, low: least, high: most } = this.#rest;
    this.#rest = { bytes: had - bytes, low: Math.max(0, least - high), high: Math.max(0, most - low) };
  }

  #shortOf(bytes: number, space: SpaceFigures, name: string): Pick<AnonPart, 'disagreement'> {
    return bytes >= space.usedBytes
      ? {}
      : { disagreement: `the JVM uses ${bytesText(space.usedBytes)} of ${name}, and so much memory without a name is not there` };
  }
}
