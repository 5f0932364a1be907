import { WASM } from './wasm.ts';

/** The functions of `assembly/`; their comments say what each does. Addresses are in bytes. */
interface WasmExports {
  /** First address that is free for the caller. */
  free(): number;
  kalman(u: number, m: number, noise: number, components: number, white: number, filter: number): number;
  inverse(filter: number, components: number, m: number, column: number, out: number): void;
  series(
    filter: number,
    components: number,
    m: number,
    y: number,
    columns: number,
    list: number,
    count: number,
    out: number,
    scratch: number,
  ): number;
  pairs(
    filter: number,
    components: number,
    m: number,
    columns: number,
    plan: number,
    end: number,
    out: number,
    scratch: number,
  ): void;
  likelihoods(list: number, models: number, tables: number, count: number, pairsAt: number, m: number, out: number): void;
  meanLikelihoods(list: number, models: number, tables: number, count: number, pairsAt: number, m: number, out: number): void;
  fits(model: number, tables: number, count: number, pairsAt: number, m: number, out: number): void;
  slopeCdf(posterior: number, count: number, slope: number): number;
  slopeQuantile(posterior: number, count: number, probability: number): number;
  normalCdf(z: number): number;
  studentTCdf(t: number, degrees: number): number;
  meanOfKnown(values: number, m: number): number;
  checksum(values: number, m: number): number;
  moves(y: number, m: number, out: number): void;
  isAscending(t: number, m: number): number;
  fallsBelow(values: number, m: number, share: number, out: number): number;
  centredSums(x: number, y: number, count: number, stride: number, out: number): void;
  withoutLine(x: number, y: number, count: number, stride: number, out: number): void;
  removeDailyCycle(
    x: number,
    y: number,
    m: number,
    stepS: number,
    windowS: number,
    bins: number,
    binOf: number,
    harmonics: number,
    waves: number,
    binWaves: number,
  ): void;
  means(values: number, edges: number, count: number, out: number): number;
}

const PAGE = 65_536;

/** One instance of the compiled loops with the memory that they work on. Memory is a stack of numbers: README.md says what lies where. */
export class Kernel {
  readonly exports: WasmExports;
  readonly #memory = new WebAssembly.Memory({ initial: 4 });
  readonly #base: number;
  #top: number;
  #claims = 0;
  /** All of memory, as numbers. They are other arrays after `allocate`, which may make it larger. */
  f64 = new Float64Array(this.#memory.buffer);
  i32 = new Int32Array(this.#memory.buffer);

  constructor() {
    const module = new WebAssembly.Module(Buffer.from(WASM, 'base64'));
    this.exports = new WebAssembly.Instance(module, { env: { memory: this.#memory } }).exports as unknown as WasmExports;
    this.#base = this.exports.free();
    this.#top = this.#base;
  }

  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /** Frees all memory for a new owner: the number of its claim. A number, so that the kernel keeps no owner from the garbage collector. */
  claim(): number {
    this.#top = this.#base;
    return ++this.#claims;
  }

  /** Hands over what owners may write to, to be emptied: no one owns it any more. */
  forget(empty: (memory: Uint8Array) => void): void {
    this.claim();
    empty(new Uint8Array(this.#memory.buffer, this.#base));
  }

  /** Runs `work`. What it allocates is freed at its end. Throws where somebody else has claimed the memory since. */
  withScratchOf<T>(claim: number, work: () => T): T {
    if (claim !== this.#claims) throw new Error('these points are no longer in the kernel: average them by a new ModelAverager');
    return this.withScratch(work);
  }

  /** Runs `work`. What it allocates is freed at its end. */
  withScratch<T>(work: () => T): T {
    const top = this.#top;
    try {
      return work();
    } finally {
      this.#top = top;
    }
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

  /** A copy of the numbers at an address. */
  readFloats(at: number, count: number): Float64Array {
    return this.f64.slice(at >> 3, (at >> 3) + count);
  }

  /** Puts a copy of numbers into memory: its address. */
  copyFloats(values: Float64Array | readonly number[]): number {
    const at = this.allocate(values.length);
    this.f64.set(values, at >> 3);
    return at;
  }

  /** Puts a copy of 32-bit numbers into memory: its address. */
  copyInts(values: readonly number[]): number {
    const at = this.allocate((values.length + 1) >> 1);
    this.i32.set(values, at >> 2);
    return at;
  }
}
