import { type FieldColumns, type FieldName, type FieldValues, fieldName } from '../fields.ts';
import { downsample } from './downsample.ts';

/** Initial capacity in rows and columns. Both are doubled when needed. */
const INITIAL_ROWS = 1024;
const INITIAL_COLUMNS = 48;
/** If so many rows are merged away, as after stored history was read, a copy without their touched pages is worth its work: a page a column. */
const RELEASED_ROWS = 512;

/**
 * Rows stored as columns: rising times, and one value per field, NaN for a gap. All columns are in one block. It is so large that malloc
 * maps it, so its unused part consists of untouched pages and costs nothing. Doubling is cheap for the same reason, and growing arrays do
 * not fragment the heap over months.
 */
export class Columns {
  #capacity = INITIAL_ROWS;
  #block = new Float64Array(INITIAL_ROWS * INITIAL_COLUMNS);
  /** Index of each field's column in the block. The first column holds the times. */
  #places = new Map<FieldName, number>();
  #length = 0;

  get #t(): Float64Array {
    return this.#at(0);
  }

  #at(place: number): Float64Array {
    return this.#block.subarray(place * this.#capacity, (place + 1) * this.#capacity);
  }

  get length(): number {
    return this.#length;
  }

  get firstS(): number | null {
    return this.#length === 0 ? null : this.#block[0]!;
  }

  get lastS(): number | null {
    return this.#length === 0 ? null : this.#block[this.#length - 1]!;
  }

  has(id: FieldName): boolean {
    return this.#places.has(id);
  }

  ids(): Iterable<FieldName> {
    return this.#places.keys();
  }

  timeOf(row: number): number {
    return this.#block[row]!;
  }

  /** NaN for a gap. */
  valueOf(id: FieldName, row: number): number {
    const place = this.#places.get(id);
    return place === undefined ? Number.NaN : this.#block[place * this.#capacity + row]!;
  }

  /** Appends a row. */
  row(t: number, values: FieldValues): void {
    this.#reserve(1);
    for (const id in values) this.#place(fieldName(id));
    this.#block[this.#length] = t;
    for (const [id, place] of this.#places) this.#block[place * this.#capacity + this.#length] = values[id] ?? Number.NaN;
    this.#length++;
  }

  /** Appends stored columns, null for a gap. Rows that are not later than the last one are skipped. */
  rows(t: readonly number[], fields: FieldColumns): void {
    const last = this.lastS ?? Number.NEGATIVE_INFINITY;
    let from = 0;
    while (from < t.length && t[from]! <= last) from++;
    const n = t.length - from;
    this.#reserve(n);
    for (const id in fields) this.#place(fieldName(id));
    for (let i = 0; i < n; i++) this.#block[this.#length + i] = t[from + i]!;
    for (const [id, place] of this.#places) {
      const at = place * this.#capacity + this.#length;
      const values = fields[id];
      if (values === undefined) this.#block.fill(Number.NaN, at, at + n);
      else for (let i = 0; i < n; i++) this.#block[at + i] = values[from + i] ?? Number.NaN;
    }
    this.#length += n;
  }

  /** Adds `seconds`, which may be negative, to the times of the rows from `first` on, and drops those of them that are then not after `after`. */
  shift(seconds: number, first: number, after: number): void {
    const times = this.#t;
    let from = first;
    for (let i = first; i < this.#length; i++) {
      times[i]! += seconds;
      if (times[i]! <= after) from = i + 1;
    }
    if (from === first) return;
    for (let place = 0; place <= this.#places.size; place++) this.#at(place).copyWithin(first, from, this.#length);
    this.#length -= from - first;
  }

  /** Reserves room for this many more rows. */
  #reserve(rows: number): void {
    const wanted = this.#length + rows;
    if (wanted > this.#capacity) this.#grow(Math.max(wanted, 2 * this.#capacity), this.#block.length / this.#capacity);
  }

  /** Index of a field's column. A new column has gaps in all rows so far. */
  #place(id: FieldName): number {
    const known = this.#places.get(id);
    if (known !== undefined) return known;
    const place = this.#places.size + 1;
    const columns = this.#block.length / this.#capacity;
    if (place >= columns) this.#grow(this.#capacity, 2 * columns);
    this.#places.set(id, place);
    this.#block.fill(Number.NaN, place * this.#capacity, place * this.#capacity + this.#length);
    return place;
  }

  #grow(capacity: number, columns: number): void {
    const block = new Float64Array(capacity * columns);
    for (let place = 0; place <= this.#places.size; place++)
      block.set(this.#at(place).subarray(0, this.#length), place * capacity);
    this.#block = block;
    this.#capacity = capacity;
  }

  /** First row whose time is not before `t`. */
  rowAt(t: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#block[middle]! < t) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Rows `first` to `end`, at most `points` of them. If all rows are requested, the result is a view of the columns instead of a copy, because
   * a verdict each minute would leave a megabyte of garbage for each container. The view is valid until the next row.
   */
  select(first: number, end: number, ids: Iterable<FieldName>, points: number | null) {
    const t = this.#t;
    const kept = downsample(t, first, end, points);
    const cut = (column: Float64Array): Float64Array =>
      kept === null ? column.subarray(first, Math.max(first, end)) : Float64Array.from(kept, (i) => column[i]!);
    const fields = new Map<FieldName, Float64Array>();
    for (const id of ids) {
      const place = this.#places.get(id);
      fields.set(
        id,
        place === undefined ? new Float64Array(kept?.length ?? Math.max(0, end - first)).fill(Number.NaN) : cut(this.#at(place)),
      );
    }
    return { t: cut(t), fields };
  }

  /** Makes rows coarser in place. `stepAt` returns the seconds that a row of that time covers (0: one sample). No row crosses a break. */
  merge(from: number, stepAt: (t: number) => number, breaks: ReadonlySet<number>, floors: ReadonlySet<FieldName>): void {
    const times = this.#t;
    const columns = [...this.#places].map(([id, place]) => ({ column: this.#at(place), floor: floors.has(id) }));
    let out = 0;
    let at = from;
    while (at < this.#length) {
      const t = times[at]!;
      const step = stepAt(t);
      let end = at + 1;
      if (step > 0) {
        const bin = Math.floor(t / step);
        while (end < this.#length && Math.floor(times[end]! / step) === bin && !breaks.has(times[end]!)) end++;
      }
      if (end - at > 1) for (const { column, floor } of columns) column[out] = aggregate(column, at, end, floor);
      else if (out !== at) for (const { column } of columns) column[out] = column[at]!;
      times[out] = t;
      out++;
      at = end;
    }
    const dropped = this.#length - out;
    this.#length = out;
    if (dropped >= RELEASED_ROWS) this.#grow(this.#capacity, this.#block.length / this.#capacity);
  }
}

/** Mean of the known values, or their minimum if `floor`; NaN: there are none. */
export function aggregate(column: Float64Array, from: number, to: number, floor: boolean): number {
  let sum = 0;
  let least = Number.POSITIVE_INFINITY;
  let n = 0;
  for (let i = from; i < to; i++) {
    const v = column[i]!;
    if (Number.isNaN(v)) continue;
    sum += v;
    n++;
    if (v < least) least = v;
  }
  if (n === 0) return Number.NaN;
  return floor ? least : sum / n;
}
