import { WASM } from './wasm.ts';

/**
 * The loops of a verdict, in WebAssembly: `assembly/` is their source. `watch` does without V8's optimising compiler (docs/footprint.md), and
 * where it is there, a file is judged before it has begun; a float that is interpreted is an object on the heap. These run some 25 times
 * faster than that, at no memory but their own. Addresses are in bytes.
 */
interface WasmExports {
  /** First address that is free for the caller. */
  free(): number;
  kalman(u: number, m: number, noise: number, parts: number, white: number, filter: number): number;
  inverse(filter: number, parts: number, m: number, column: number, out: number): void;
  series(
    filter: number,
    parts: number,
    m: number,
    y: number,
    columns: number,
    list: number,
    count: number,
    out: number,
    room: number,
  ): number;
  pairs(filter: number, parts: number, m: number, columns: number, plan: number, end: number, out: number, room: number): void;
  likelihoods(list: number, shapes: number, rows: number, count: number, pairsAt: number, m: number, out: number): void;
  evidences(list: number, shapes: number, rows: number, count: number, pairsAt: number, m: number, out: number): void;
  fits(shape: number, rows: number, count: number, pairsAt: number, m: number, out: number): void;
  below(parts: number, count: number, value: number): number;
  quantile(parts: number, count: number, share: number): number;
  normalBelow(z: number): number;
  studentBelow(t: number, degrees: number): number;
  means(values: number, edges: number, count: number, out: number): number;
}

const PAGE = 65_536;

/** The calls, and the memory that they work on: taken from the bottom up, and given back from the top down. */
export class WasmKernel {
  readonly exports: WasmExports;
  readonly #memory = new WebAssembly.Memory({ initial: 4 });
  #top: number;
  /** All of memory, as numbers. They are other arrays after `take`, which may make it larger. */
  f64 = new Float64Array(this.#memory.buffer);
  i32 = new Int32Array(this.#memory.buffer);

  constructor() {
    const module = new WebAssembly.Module(Buffer.from(WASM, 'base64'));
    this.exports = new WebAssembly.Instance(module, { env: { memory: this.#memory } }).exports as unknown as WasmExports;
    this.#top = this.exports.free();
  }

  /** Where the next `take` begins: what is given back to `giveBack`. */
  get top(): number {
    return this.#top;
  }

  /** What is taken meanwhile is given back at the end. */
  withScratch<T>(work: () => T): T {
    const top = this.#top;
    try {
      return work();
    } finally {
      this.#top = top;
    }
  }

  release(to: number): void {
    this.#top = to;
  }

  /** Room for so many 64-bit numbers: its address. What was there before is still in it. */
  allocate(count: number): number {
    const at = this.#top;
    this.#top += 8 * count;
    const missing = this.#top - this.#memory.buffer.byteLength;
    if (missing > 0) {
      this.#memory.grow(Math.ceil(missing / PAGE));
      this.f64 = new Float64Array(this.#memory.buffer);
      this.i32 = new Int32Array(this.#memory.buffer);
    }
    return at;
  }

  /** The numbers at an address. */
  readFloats(at: number, count: number): Float64Array {
    return this.f64.slice(at >> 3, (at >> 3) + count);
  }

  /** A copy of numbers: its address. */
  copyFloats(values: Float64Array | readonly number[]): number {
    const at = this.allocate(values.length);
    this.f64.set(values, at >> 3);
    return at;
  }

  /** A copy of whole numbers: its address. */
  copyInts(values: readonly number[]): number {
    const at = this.allocate((values.length + 1) >> 1);
    this.i32.set(values, at >> 2);
    return at;
  }
}

let instance: WasmKernel | null = null;

export function wasmKernel(): WasmKernel {
  instance ??= new WasmKernel();
  return instance;
}
