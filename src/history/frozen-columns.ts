import { freeBuffer } from './free-buffer.ts';
import { MOST_ROWS, type Packer, packedBytes, packedValue } from './packing/packer.ts';

/** Encoded values begin at multiples of this, as a Float64Array requires. */
const ALIGNMENT = 8;

/** How the values of a piece are stored: one value for all rows, or an array of the narrowest float that holds each of them exactly. Otherwise packed: the packer's number, which is not negative. */
const [CONSTANT, SINGLES, DOUBLES] = [-1, -2, -3] as const;

/** The rows of one piece of all columns. */
interface Piece {
  readonly first: number;
  readonly rows: number;
  /** For each column its kind, and the value if it is constant, else the offset of its values in bytes. */
  readonly entries: Float64Array;
}

/** The encoded bytes, and the same as each type. */
function viewsOf(buffer: ArrayBuffer) {
  return {
    bytes: new Uint8Array(buffer),
    words: new Uint32Array(buffer),
    singles: new Float32Array(buffer),
    doubles: new Float64Array(buffer),
  };
}

/**
 * Columns of numbers that no longer change, in few bytes: a field that rests is one number, and sizes, counts and times take the bits by which the
 * rows of a piece differ, in pages if they are whole pages. Each number is decoded as it was, NaN and -0 included.
 */
export class FrozenColumns {
  readonly #packer: Packer;
  readonly #pieces: Piece[] = [];
  #views: ReturnType<typeof viewsOf>;
  #used = 0;
  #length = 0;

  /** `bytes`: the bytes that are expected. */
  constructor(packer: Packer, bytes = 0) {
    this.#packer = packer;
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
    for (let from = 0; from < rows; from += MOST_ROWS)
      added.push({
        first: this.#length + from,
        rows: Math.min(MOST_ROWS, rows - from),
        entries: new Float64Array(2 * columns),
      });
    for (let column = 0; column < columns; column++) {
      const values = valuesOf(column);
      for (const piece of added) {
        const from = piece.first - this.#length;
        const [kind, place] = this.#encode(values.subarray(from, from + piece.rows));
        piece.entries[2 * column] = kind;
        piece.entries[2 * column + 1] = place;
      }
    }
    this.#pieces.push(...added);
    this.#length += rows;
  }

  #encode(values: Float64Array): readonly [kind: number, place: number] {
    const packed = this.#packer.pack(values);
    if (packed.state === 'constant') return [CONSTANT, values[0]!];
    if (packed.state === 'packed') {
      const at = this.#reserve(packed.bytes.length);
      this.#views.bytes.set(packed.bytes, at);
      return [packed.how, at];
    }
    if (values.every((v) => Object.is(Math.fround(v), v))) {
      const at = this.#reserve(4 * values.length);
      this.#views.singles.set(values, at / 4);
      return [SINGLES, at];
    }
    const at = this.#reserve(8 * values.length);
    this.#views.doubles.set(values, at / 8);
    return [DOUBLES, at];
  }

  /** Makes room for so many bytes, and returns their offset. */
  #reserve(bytes: number): number {
    const at = this.#used;
    const end = at + aligned(bytes);
    const old = this.#views.bytes;
    if (end > old.length) {
      this.#views = viewsOf(new ArrayBuffer(aligned(Math.ceil(1.25 * end))));
      this.#views.bytes.set(old.subarray(0, at));
      freeBuffer(old.buffer);
    }
    this.#used = end;
    return at;
  }

  /** Frees the memory. No row can be decoded afterwards. */
  release(): void {
    freeBuffer(this.#views.bytes.buffer);
    this.#pieces.length = 0;
  }

  /** Decodes rows `first` to `end` of a column into `into`, from `at` on. A column that these rows do not have is NaN. */
  decode(column: number, first: number, end: number, into: Float64Array, at: number): void {
    for (const piece of this.#pieces) {
      const from = Math.max(first, piece.first) - piece.first;
      const to = Math.min(end - piece.first, piece.rows);
      if (from >= to) continue;
      const kind = piece.entries[2 * column] ?? CONSTANT;
      const place = piece.entries[2 * column + 1] ?? Number.NaN;
      const target = at + piece.first + from - first;
      if (kind === CONSTANT) into.fill(place, target, target + to - from);
      else if (kind === SINGLES) into.set(this.#views.singles.subarray(place / 4 + from, place / 4 + to), target);
      else if (kind === DOUBLES) into.set(this.#views.doubles.subarray(place / 8 + from, place / 8 + to), target);
      else {
        const bytes = this.#views.bytes.subarray(place, place + packedBytes(kind, piece.rows));
        this.#packer.unpack({ how: kind, bytes }, from, to, into, target);
      }
    }
  }

  valueAt(column: number, row: number): number {
    const piece = this.#pieces.findLast(({ first }) => first <= row);
    const kind = piece?.entries[2 * column] ?? CONSTANT;
    const place = piece?.entries[2 * column + 1] ?? Number.NaN;
    if (kind === CONSTANT) return place;
    const at = row - piece!.first;
    const { words, singles, doubles } = this.#views;
    if (kind === SINGLES) return singles[place / 4 + at]!;
    if (kind === DOUBLES) return doubles[place / 8 + at]!;
    return packedValue(kind, doubles[place / 8]!, words, place / 4 + 2, at);
  }
}

const aligned = (bytes: number): number => Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
