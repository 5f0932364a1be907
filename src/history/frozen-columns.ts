import { freeBuffer } from './free-buffer.ts';

/** A column is encoded in pieces of so many rows, so that one large value does not widen the others. */
const PIECE_ROWS = 512;
/** Encoded values begin at multiples of this, as a Float64Array requires. */
const ALIGNMENT = 8;

/** How the values of a piece are stored: one value for all rows, or an array of the narrowest type that holds each of them exactly. */
const [CONSTANT, BYTES, SHORTS, INTS, SINGLES, DOUBLES] = [0, 1, 2, 3, 4, 5] as const;
const WIDTHS = [0, 1, 2, 4, 4, 8];
const MAX_INT = 2 ** 32 - 1;

/** The rows of one piece of all columns. */
interface Piece {
  readonly first: number;
  readonly rows: number;
  /** For each column its kind, and the value if it is constant, else the offset of its values in bytes. */
  readonly entries: Float64Array;
}

/** The encoded bytes, and the same as each type. */
function viewsOf(buffer: ArrayBuffer) {
  return [
    new Uint8Array(buffer),
    new Uint8Array(buffer),
    new Uint16Array(buffer),
    new Uint32Array(buffer),
    new Float32Array(buffer),
    new Float64Array(buffer),
  ] as const;
}

/**
 * Columns of numbers that no longer change, in some three bytes a value: a field that rests is one number, sizes in whole pages are single floats,
 * and means are whole bytes. Each number is decoded as it was, NaN and -0 included. The types are those of JavaScript's arrays, which it
 * converts without a loop of the program: a column of 5,000 rows in some microseconds.
 */
export class FrozenColumns {
  readonly #pieces: Piece[] = [];
  #views: ReturnType<typeof viewsOf>;
  #used = 0;
  #length = 0;

  /** `bytes`: the bytes that are expected. */
  constructor(bytes = 0) {
    this.#views = viewsOf(new ArrayBuffer(aligned(bytes)));
  }

  get length(): number {
    return this.#length;
  }

  /** Encoded bytes of all rows. */
  get bytes(): number {
    return this.#used;
  }

  /** Appends rows. `valuesOf` gives a column with a value for each of them, valid until it is called again. */
  add(rows: number, columns: number, valuesOf: (column: number) => Float64Array): void {
    const added: Piece[] = [];
    for (let from = 0; from < rows; from += PIECE_ROWS)
      added.push({
        first: this.#length + from,
        rows: Math.min(PIECE_ROWS, rows - from),
        entries: new Float64Array(2 * columns),
      });
    for (let column = 0; column < columns; column++) {
      const values = valuesOf(column);
      for (const piece of added) {
        const from = piece.first - this.#length;
        const kind = kindOf(values, from, from + piece.rows);
        piece.entries[2 * column] = kind;
        piece.entries[2 * column + 1] =
          kind === CONSTANT ? values[from]! : this.#write(kind, values.subarray(from, from + piece.rows));
      }
    }
    this.#pieces.push(...added);
    this.#length += rows;
  }

  /** Returns the offset of the values in bytes. */
  #write(kind: number, values: Float64Array): number {
    const at = this.#used;
    const end = at + aligned(values.length * WIDTHS[kind]!);
    if (end > this.#views[BYTES].length) {
      const larger = viewsOf(new ArrayBuffer(aligned(Math.ceil(1.25 * end))));
      larger[BYTES].set(this.#views[BYTES].subarray(0, at));
      freeBuffer(this.#views[BYTES].buffer);
      this.#views = larger;
    }
    this.#views[kind as 1]!.set(values, at / WIDTHS[kind]!);
    this.#used = end;
    return at;
  }

  /** Frees the memory. No row can be decoded afterwards. */
  release(): void {
    freeBuffer(this.#views[BYTES].buffer);
    this.#pieces.length = 0;
  }

  /** Decodes rows `first` to `end` of a column into `into`, from `at` on. A column that these rows do not have is NaN. */
  decode(column: number, first: number, end: number, into: Float64Array, at: number): void {
    for (const piece of this.#pieces) {
      const from = Math.max(first, piece.first);
      const to = Math.min(end, piece.first + piece.rows);
      if (from >= to) continue;
      const kind = piece.entries[2 * column] ?? CONSTANT;
      const place = piece.entries[2 * column + 1] ?? Number.NaN;
      const target = at + from - first;
      if (kind === CONSTANT) {
        into.fill(place, target, target + to - from);
        continue;
      }
      const start = place / WIDTHS[kind]! - piece.first;
      into.set(this.#views[kind as 1].subarray(start + from, start + to), target);
    }
  }

  valueAt(column: number, row: number): number {
    const piece = this.#pieces.findLast(({ first }) => first <= row);
    const kind = piece?.entries[2 * column] ?? CONSTANT;
    const place = piece?.entries[2 * column + 1] ?? Number.NaN;
    return kind === CONSTANT ? place : this.#views[kind as 1][place / WIDTHS[kind]! + row - piece!.first]!;
  }
}

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;

/** The narrowest kind that holds each of these values exactly. */
function kindOf(values: Float64Array, from: number, to: number): number {
  const first = values[from]!;
  let isConstant = true;
  let isInteger = true;
  let isSingle = true;
  let most = 0;
  for (let i = from; i < to; i++) {
    const v = values[i]!;
    if (isConstant && !Object.is(v, first)) isConstant = false;
    // -0 is an integer of the floats alone.
    if (isInteger && (v !== v >>> 0 || (v === 0 && Object.is(v, -0)))) isInteger = false;
    if (isSingle && Math.fround(v) !== v && !Number.isNaN(v)) isSingle = false;
    if (v > most) most = v;
  }
  if (isConstant) return CONSTANT;
  if (isInteger && most <= 0xff) return BYTES;
  if (isInteger && most <= 0xffff) return SHORTS;
  if (isInteger && most <= MAX_INT) return INTS;
  return isSingle ? SINGLES : DOUBLES;
}
