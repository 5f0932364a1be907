import { type FieldColumns, type FieldName, type FieldValues, fieldName } from '../fields.ts';
import { DecodedColumns } from './decoded-columns.ts';
import { downsample } from './downsample.ts';
import { freeBuffer } from './free-buffer.ts';
import { FrozenColumns } from './frozen-columns.ts';
import { Packer } from './packing/packer.ts';

/** Rows that are kept as they came, before they are frozen. Room for so many is large enough for malloc to map it, so that unused pages cost nothing. */
const OPEN_ROWS = 512;
/** Rows that are decoded at once for those among them that are kept. */
const KEPT_ROWS = 1024;
/** Room for fields at first, and steps by which it and that for times grow. */
const FIELDS = 48;
const MORE_FIELDS = 16;
const MORE_TIMES = 1024;
/** A rise of the size between two merges. */
const SPARE_BYTES = 16 << 10;

/** How a field's rows become one coarser row. */
export interface Coarser {
  /** Whether the minimum is kept, instead of the mean. */
  readonly keepsMinimum: (id: FieldName) => boolean;
  readonly round: (id: FieldName) => (value: number) => number;
}

/**
 * Rows stored as columns: rising times, and one value per field, NaN for a gap. The newest rows are open: they lie one after the other, so that
 * a new one touches one page of memory instead of one a field. Older ones are frozen in few bytes, and decoded for those who read them.
 */
export class Columns {
  #times = new Float64Array(MORE_TIMES);
  /** Index of each field's column. */
  #places = new Map<FieldName, number>();
  #length = 0;
  readonly #packer: Packer;
  #frozen: FrozenColumns;
  /** The open rows, each with room for `#width` fields. */
  #open = new Float64Array(0);
  #width = FIELDS;
  /** Changes with each row and each merge, after which columns that were selected before can no longer be decoded. */
  #version = 0;

  constructor(packer = new Packer()) {
    this.#packer = packer;
    this.#frozen = new FrozenColumns(packer);
  }

  get length(): number {
    return this.#length;
  }

  get firstS(): number | null {
    return this.#length === 0 ? null : this.#times[0]!;
  }

  get lastS(): number | null {
    return this.#length === 0 ? null : this.#times[this.#length - 1]!;
  }

  has(id: FieldName): boolean {
    return this.#places.has(id);
  }

  ids(): Iterable<FieldName> {
    return this.#places.keys();
  }

  timeOf(row: number): number {
    return this.#times[row]!;
  }

  /** NaN for a gap. */
  valueOf(id: FieldName, row: number): number {
    const place = this.#places.get(id);
    if (place === undefined) return Number.NaN;
    const open = row - this.#frozen.length;
    return open < 0 ? this.#frozen.valueAt(place, row) : this.#open[open * this.#width + place]!;
  }

  /** Appends a row. */
  row(t: number, values: FieldValues): void {
    for (const id in values) this.#place(fieldName(id));
    const at = this.#addTime(t);
    for (const [id, place] of this.#places) this.#open[at + place] = values[id] ?? Number.NaN;
  }

  /** Appends stored columns, null for a gap. Rows that are not later than the last one are skipped. */
  rows(t: readonly number[], fields: FieldColumns): void {
    for (const id in fields) this.#place(fieldName(id));
    const columns = Array.from(this.#places, ([id, place]) => ({ values: fields[id], place }));
    for (let row = 0; row < t.length; row++) {
      if (t[row]! <= (this.lastS ?? Number.NEGATIVE_INFINITY)) continue;
      const at = this.#addTime(t[row]!);
      for (const { values, place } of columns) this.#open[at + place] = values?.[row] ?? Number.NaN;
    }
  }

  /** Begins a row, and returns where its values belong in the open rows. */
  #addTime(t: number): number {
    if (this.#length - this.#frozen.length === OPEN_ROWS) this.#freeze();
    if (this.#open.length === 0) this.#open = new Float64Array(OPEN_ROWS * this.#width);
    if (this.#length === this.#times.length) {
      const times = new Float64Array(this.#length + MORE_TIMES);
      times.set(this.#times);
      this.#times = times;
    }
    this.#times[this.#length++] = t;
    this.#version++;
    return (this.#length - 1 - this.#frozen.length) * this.#width;
  }

  #freeze(): void {
    const first = this.#frozen.length;
    const column = new Float64Array(this.#length - first);
    this.#frozen.add(column.length, this.#places.size, (place) => {
      this.#decode(place, first, this.#length, column, 0);
      return column;
    });
    this.#dropOpen();
  }

  /** The open rows were frozen. New ones begin in a block whose pages are not touched yet. */
  #dropOpen(): void {
    if (this.#open.length > 0) freeBuffer(this.#open.buffer);
    this.#open = new Float64Array(0);
  }

  /** Adds `seconds`, which may be negative, to the times of the rows from `first` on, and drops those of them that are then not after `after`. */
  shift(seconds: number, first: number, after: number): void {
    let from = first;
    for (let i = first; i < this.#length; i++) {
      this.#times[i]! += seconds;
      if (this.#times[i]! <= after) from = i + 1;
    }
    this.#version++;
    if (from === first) return;
    const kept = Int32Array.from({ length: this.#length - (from - first) }, (_, i) => (i < first ? i : i + from - first));
    this.#rewrite(kept, (column) => {
      column.copyWithin(first, from);
    });
  }

  /** Index of a field's column. A new column has gaps in all rows so far. */
  #place(id: FieldName): number {
    const known = this.#places.get(id);
    if (known !== undefined) return known;
    const place = this.#places.size;
    this.#places.set(id, place);
    if (place === this.#width) this.#widen(this.#width + MORE_FIELDS);
    const open = this.#length - this.#frozen.length;
    for (let row = 0; row < open; row++) this.#open[row * this.#width + place] = Number.NaN;
    return place;
  }

  #widen(width: number): void {
    const open = new Float64Array(this.#open.length === 0 ? 0 : OPEN_ROWS * width);
    const rows = this.#length - this.#frozen.length;
    for (let row = 0; row < rows; row++)
      open.set(this.#open.subarray(row * this.#width, row * this.#width + this.#width), row * width);
    this.#open = open;
    this.#width = width;
  }

  /** First row whose time is not before `t`. */
  rowAt(t: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#times[middle]! < t) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #decode(place: number, first: number, end: number, into: Float64Array, at: number): void {
    const frozen = this.#frozen.length;
    if (first < frozen) this.#frozen.decode(place, first, Math.min(end, frozen), into, at);
    const open = this.#open;
    const width = this.#width;
    let from = (Math.max(first, frozen) - frozen) * width + place;
    for (let row = Math.max(first, frozen); row < end; row++, from += width) into[at + row - first] = open[from]!;
  }

  /** Decodes the rows `kept`, which rise. All rows between them are decoded too: that takes less time than V8's interpreter for each by itself. */
  #decodeKept(place: number, kept: Int32Array, into: Float64Array): void {
    const some = new Float64Array(Math.min(KEPT_ROWS, kept.at(-1)! + 1 - kept[0]!));
    for (let k = 0; k < kept.length; ) {
      const from = kept[k]!;
      const to = Math.min(from + some.length, this.#length);
      this.#decode(place, from, to, some, 0);
      for (; k < kept.length && kept[k]! < to; k++) into[k] = some[kept[k]! - from]!;
    }
  }

  /** Rows `first` to `end`, at most `points` of them. A column is decoded when it is read. All are valid until the next row. */
  select(first: number, end: number, ids: Iterable<FieldName>, points: number | null) {
    const kept = downsample(this.#times, first, end, points);
    const rows = Math.max(0, end - first);
    const version = this.#version;
    const requireCurrent = (): void => {
      if (version !== this.#version)
        throw new Error('history: a column is read that was selected before the newest row or merge');
    };
    const fields = new DecodedColumns(ids, kept?.length ?? rows, {
      decode: (id, into) => {
        requireCurrent();
        const place = this.#places.get(id);
        if (place === undefined) into.fill(Number.NaN);
        else if (kept === null) this.#decode(place, first, end, into, 0);
        else this.#decodeKept(place, kept, into);
      },
      valueAt: (id, row) => {
        requireCurrent();
        return this.valueOf(id, kept === null ? first + row : kept[row]!);
      },
    });
    const t = kept === null ? this.#times.subarray(first, first + rows) : Float64Array.from(kept, (i) => this.#times[i]!);
    return { t, fields };
  }

  /** Makes rows coarser, and drops those before `from`. No row crosses a break. */
  merge(from: number, stepAt: (t: number) => number, breaks: ReadonlySet<number>, { keepsMinimum, round }: Coarser): void {
    const times = this.#times;
    // The first row of each coarser one.
    const begins: number[] = [];
    for (let at = from; at < this.#length; ) {
      const t = times[at]!;
      const step = stepAt(t);
      begins.push(at++);
      if (step <= 0) continue;
      const bin = Math.floor(t / step);
      while (at < this.#length && Math.floor(times[at]! / step) === bin && !breaks.has(times[at]!)) at++;
    }
    this.#rewrite(Int32Array.from(begins), (column, id) => {
      const [isFloor, rounded] = [keepsMinimum(id), round(id)];
      for (let i = 0; i < begins.length; i++) {
        const at = begins[i]!;
        const end = begins[i + 1] ?? this.#length;
        column[i] = end - at > 1 ? rounded(aggregate(column, at, end, isFloor)) : column[at]!;
      }
    });
  }

  /** Keeps only the rows `kept` and freezes them all. `change` moves the values of a column in place. */
  #rewrite(kept: Int32Array, change: (column: Float64Array, id: FieldName) => void): void {
    const column = new Float64Array(this.#length);
    const ids = [...this.#places.keys()];
    const frozen = new FrozenColumns(this.#packer, this.#frozen.bytes + SPARE_BYTES);
    frozen.add(kept.length, ids.length, (place) => {
      this.#decode(place, 0, this.#length, column, 0);
      change(column, ids[place]!);
      return column;
    });
    for (let i = 0; i < kept.length; i++) this.#times[i] = this.#times[kept[i]!]!;
    this.#frozen.release();
    this.#frozen = frozen;
    this.#dropOpen();
    this.#length = kept.length;
    this.#version++;
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
