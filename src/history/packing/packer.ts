import { WASM } from './wasm.ts';

interface WasmExports {
  rowsAt(): number;
  packedAt(): number;
  pack(count: number): number;
  unpack(how: number, from: number, to: number): void;
}

const PAGE = 65_536;
const BASE_BYTES = 8;
const WORD_BITS = 32;
const [UNPACKED, CONSTANT] = [-1, -2];

/** Rows of a column that are packed together, at most (MOST_ROWS in assembly/). */
export const MOST_ROWS = 1024;

/** Values in the bits by which they differ. `how` says how (assembly/), and `bytes` is valid until the next call. */
export type Packed =
  | { readonly state: 'packed'; readonly how: number; readonly bytes: Uint8Array }
  | { readonly state: 'constant' | 'unpacked' };

/**
 * Packs columns of numbers, compiled from assembly/. One object has one page of memory, in which nothing stays between calls, so it serves any number
 * of histories. Its program is loaded on first use.
 */
export class Packer {
  #loaded: Loaded | null = null;

  get #program(): Loaded {
    this.#loaded ??= load();
    return this.#loaded;
  }

  /** At most `MOST_ROWS` values. */
  pack(values: Float64Array): Packed {
    const { exports, rows, packed } = this.#program;
    rows.set(values);
    const how = exports.pack(values.length);
    if (how === CONSTANT) return { state: 'constant' };
    if (how === UNPACKED) return { state: 'unpacked' };
    return { state: 'packed', how, bytes: packed.subarray(0, packedBytes(how, values.length)) };
  }

  /** Unpacks rows `from` to `to` of packed values into `into`, from `at` on. */
  unpack(
    { how, bytes }: { readonly how: number; readonly bytes: Uint8Array },
    from: number,
    to: number,
    into: Float64Array,
    at: number,
  ): void {
    const { exports, rows, packed } = this.#program;
    packed.set(bytes);
    exports.unpack(how, from, to);
    into.set(rows.subarray(0, to - from), at);
  }
}

type Loaded = ReturnType<typeof load>;

function load() {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const module = new WebAssembly.Module(Buffer.from(WASM, 'base64'));
  const exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as WasmExports;
  return {
    exports,
    rows: new Float64Array(memory.buffer, exports.rowsAt(), MOST_ROWS),
    packed: new Uint8Array(memory.buffer, exports.packedAt(), PAGE - exports.packedAt()),
  };
}

/** A multiple of 8. */
export function packedBytes(how: number, rows: number): number {
  return BASE_BYTES + 8 * Math.ceil((rows * bitsOf(how)) / 64);
}

const bitsOf = (how: number): number => how & 63;

/** One value of packed ones, without unpacking the others. `base`: the first number of the packed bytes; `start`: where the words begin that follow it. */
export function packedValue(how: number, base: number, words: Uint32Array, start: number, row: number): number {
  const bits = bitsOf(how);
  const bit = row * bits;
  const word = start + (bit >>> 5);
  const shift = bit & 31;
  let k = words[word]! >>> shift;
  if (shift + bits > WORD_BITS) k |= words[word + 1]! << (WORD_BITS - shift);
  const mask = (2 ** bits - 1) >>> 0;
  k = (k & mask) >>> 0;
  const hasGaps = ((how >> 12) & 1) === 1;
  if (hasGaps && k === mask) return Number.NaN;
  return (base + k * 2 ** ((how >> 6) & 63)) / (how >> 13 === 1 ? 1000 : 1);
}
