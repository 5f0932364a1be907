import { pick } from './pick.ts';

/**
 * Columns grow by this many rows, and not by doubling: memory is paid for months, growing once an hour. A full history of 37 fields is
 * 4,700 rows long, which doubling would round up to 8,192: 1 MB more for each container.
 */
const GROW = 256;

/** Rows as columns: rising times, and a value a field, NaN for a gap. */
export class Columns {
  #t = new Float64Array(GROW);
  #columns = new Map<string, Float64Array>();
  #length = 0;

  get length(): number {
    return this.#length;
  }

  get lastS(): number | null {
    return this.#length === 0 ? null : this.#t[this.#length - 1]!;
  }

  get firstS(): number | null {
    return this.#length === 0 ? null : this.#t[0]!;
  }

  has(id: string): boolean {
    return this.#columns.has(id);
  }

  ids(): Iterable<string> {
    return this.#columns.keys();
  }

  /** A row as it is. */
  row(t: number, values: Readonly<Record<string, number>>): void {
    this.reserve(1);
    this.#t[this.#length] = t;
    for (const id in values) this.#column(id)[this.#length] = values[id]!;
    this.#length++;
  }

  /** Stored columns as they are, null for a gap; rows that are not later than the last are passed over. */
  rows(t: readonly number[], fields: Readonly<Record<string, readonly (number | null)[]>>): void {
    const last = this.lastS ?? Number.NEGATIVE_INFINITY;
    let from = 0;
    while (from < t.length && t[from]! <= last) from++;
    const n = t.length - from;
    this.reserve(n);
    for (let i = 0; i < n; i++) this.#t[this.#length + i] = t[from + i]!;
    for (const id in fields) {
      const column = this.#column(id);
      const values = fields[id]!;
      for (let i = 0; i < n; i++) column[this.#length + i] = values[from + i] ?? Number.NaN;
    }
    this.#length += n;
  }

  /** Makes room for so many more rows at once. */
  reserve(rows: number): void {
    const wanted = this.#length + rows;
    if (wanted <= this.#t.length) return;
    const size = Math.ceil(wanted / GROW) * GROW;
    this.#t = enlarged(this.#t, this.#length, size);
    for (const [id, column] of this.#columns) this.#columns.set(id, enlarged(column, this.#length, size));
  }

  #column(id: string): Float64Array {
    let column = this.#columns.get(id);
    if (column === undefined) {
      column = new Float64Array(this.#t.length).fill(Number.NaN);
      this.#columns.set(id, column);
    }
    return column;
  }

  /** First row whose time is not before `t`. */
  rowAt(t: number): number {
    let low = 0;
    let high = this.#length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#t[middle]! < t) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /**
   * Rows `first` to `end`, at most `points` of them. Where all are wanted they are windows on the columns themselves, not copies: a
   * verdict each minute would leave a megabyte of garbage for each container. They hold until the next row.
   */
  take(first: number, end: number, ids: Iterable<string>, points: number | null) {
    const kept = pick(this.#t, first, end, points);
    const cut = (column: Float64Array): Float64Array =>
      kept === null ? column.subarray(first, Math.max(first, end)) : Float64Array.from(kept, (i) => column[i]!);
    const fields = new Map<string, Float64Array>();
    for (const id of ids) {
      const column = this.#columns.get(id);
      fields.set(
        id,
        column === undefined ? new Float64Array(kept?.length ?? Math.max(0, end - first)).fill(Number.NaN) : cut(column),
      );
    }
    return { t: cut(this.#t), fields };
  }

  /** Makes rows coarser in place: `stepAt` says how many seconds a row of that time stands for (0: itself); none reaches across a break. */
  merge(from: number, stepAt: (t: number) => number, breaks: ReadonlySet<number>, floors: ReadonlySet<string>): void {
    let out = 0;
    let at = from;
    while (at < this.#length) {
      const t = this.#t[at]!;
      const step = stepAt(t);
      let end = at + 1;
      if (step > 0) {
        const bin = Math.floor(t / step);
        while (end < this.#length && Math.floor(this.#t[end]! / step) === bin && !breaks.has(this.#t[end]!)) end++;
      }
      if (end - at > 1 || out !== at)
        for (const [id, column] of this.#columns)
          column[out] = end - at === 1 ? column[at]! : merged(column, at, end, floors.has(id));
      this.#t[out] = t;
      out++;
      at = end;
    }
    for (const column of this.#columns.values()) column.fill(Number.NaN, out, this.#length);
    this.#length = out;
  }
}

/** Mean of the values that there are, or their least; NaN: there is none. */
export function merged(column: Float64Array, from: number, to: number, floor: boolean): number {
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

function enlarged(column: Float64Array, length: number, size: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(size);
  larger.set(column.subarray(0, length));
  larger.fill(Number.NaN, length);
  return larger;
}
