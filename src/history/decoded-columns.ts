import type { FieldName } from '../fields.ts';
import { freeBuffer } from './free-buffer.ts';

interface Source {
  readonly decode: (id: FieldName, into: Float64Array) => void;
  readonly valueAt: (id: FieldName, row: number) => number;
}

/**
 * Columns that are decoded when they are first read, into one block for all. The block is so large that malloc maps it, so only the pages of
 * columns that are read exist, and all of them return to the kernel with `release`.
 */
export class DecodedColumns implements ReadonlyMap<FieldName, Float64Array> {
  readonly #ids: ReadonlySet<FieldName>;
  readonly #rows: number;
  readonly #source: Source;
  readonly #known = new Map<FieldName, Float64Array>();
  #block: Float64Array | null = null;

  constructor(ids: Iterable<FieldName>, rows: number, source: Source) {
    this.#ids = new Set(ids);
    this.#rows = rows;
    this.#source = source;
  }

  get size(): number {
    return this.#ids.size;
  }

  has(id: FieldName): boolean {
    return this.#ids.has(id);
  }

  get(id: FieldName): Float64Array | undefined {
    if (!this.#ids.has(id)) return undefined;
    const known = this.#known.get(id);
    if (known !== undefined) return known;
    this.#block ??= new Float64Array(this.#rows * this.#ids.size);
    const at = this.#known.size * this.#rows;
    const column = this.#block.subarray(at, at + this.#rows);
    this.#source.decode(id, column);
    this.#known.set(id, column);
    return column;
  }

  /** One value, without its column; undefined: there is no such column or row. */
  valueAt(id: FieldName, row: number): number | undefined {
    return this.#ids.has(id) && row >= 0 && row < this.#rows ? this.#source.valueAt(id, row) : undefined;
  }

  /** Frees the columns. Those that were read are then empty. */
  release(): void {
    if (this.#block !== null) freeBuffer(this.#block.buffer);
    this.#block = null;
    this.#known.clear();
  }

  keys(): MapIterator<FieldName> {
    return this.#ids.keys();
  }

  *values(): MapIterator<Float64Array> {
    for (const id of this.#ids) yield this.get(id)!;
  }

  *entries(): MapIterator<[FieldName, Float64Array]> {
    for (const id of this.#ids) yield [id, this.get(id)!];
  }

  [Symbol.iterator](): MapIterator<[FieldName, Float64Array]> {
    return this.entries();
  }

  forEach(use: (column: Float64Array, id: FieldName, all: ReadonlyMap<FieldName, Float64Array>) => void): void {
    for (const [id, column] of this) use(column, id, this);
  }
}
