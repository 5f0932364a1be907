/** As Prometheus cuts them. */
export const MAX_CHUNK_SAMPLES = 120;

/** More than the samples of a chunk take: 68 bits of time and 77 of value each. */
const MAX_BYTES = 4096;

/**
 * Encodes samples as Prometheus does (tsdb/chunkenc/xor.go; "XOR chunk data" of its description of chunks), some ten million a second: a fleet has
 * several hundred million.
 */
export class XorChunkWriter {
  readonly #bytes = new Uint8Array(MAX_BYTES);
  readonly #float = new Float64Array(1);
  readonly #words = new Uint32Array(this.#float.buffer);
  #bit = 0;

  /** The samples `from` to `to` as a chunk. It is overwritten by the next. */
  encode(tMs: ArrayLike<number>, values: ArrayLike<number>, from: number, to: number): Uint8Array {
    this.#bytes.fill(0);
    this.#bit = 0;
    this.#put(to - from, 16);
    let [delta, high, low] = [0, 0, 0];
    let [leading, trailing] = [-1, 0];
    for (let i = from; i < to; i++) {
      this.#float[0] = values[i]!;
      const [lowNow, highNow] = [this.#words[0]!, this.#words[1]!];
      if (i === from) {
        this.#putVarint(2 * tMs[i]!);
        this.#put(highNow, 32);
        this.#put(lowNow, 32);
      } else {
        const step = tMs[i]! - tMs[i - 1]!;
        if (i === from + 1) this.#putVarint(step);
        else this.#putTime(step - delta);
        delta = step;
        const [xorHigh, xorLow] = [(highNow ^ high) >>> 0, (lowNow ^ low) >>> 0];
        if (xorHigh === 0 && xorLow === 0) this.#put(0, 1);
        else {
          const zeros = Math.min(31, xorHigh === 0 ? 32 + Math.clz32(xorLow) : Math.clz32(xorHigh));
          const tail = xorLow === 0 ? 32 + trailingZeros(xorHigh) : trailingZeros(xorLow);
          if (leading >= 0 && zeros >= leading && tail >= trailing) this.#put(2, 2);
          else {
            [leading, trailing] = [zeros, tail];
            this.#put(3, 2);
            this.#put(leading, 5);
            this.#put((64 - leading - trailing) & 63, 6);
          }
          this.#putMiddle(xorHigh, xorLow, leading, trailing);
        }
      }
      [high, low] = [highNow, lowNow];
    }
    return this.#bytes.subarray(0, (this.#bit + 7) >>> 3);
  }

  #putTime(change: number): void {
    if (change === 0) {
      this.#put(0, 1);
      return;
    }
    for (const [width, prefix, prefixWidth] of TIME_WIDTHS)
      if (change >= -(2 ** (width - 1) - 1) && change <= 2 ** (width - 1)) {
        this.#put(prefix, prefixWidth);
        this.#put(change, width);
        return;
      }
    this.#put(15, 4);
    this.#put(Math.floor(change / 2 ** 32), 32);
    this.#put(change, 32);
  }

  /** The bits of a word of 64 between its leading and its trailing zeros. */
  #putMiddle(high: number, low: number, leading: number, trailing: number): void {
    const highWidth = Math.max(0, 32 - Math.max(leading, 0) - Math.max(0, trailing - 32));
    if (highWidth > 0) this.#put(trailing > 32 ? high >>> (trailing - 32) : high, highWidth);
    const lowWidth = 64 - leading - trailing - highWidth;
    if (lowWidth > 0) this.#put(trailing >= 32 ? 0 : low >>> trailing, lowWidth);
  }

  #putVarint(value: number): void {
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#put((rest % 128) | 128, 8);
    this.#put(rest, 8);
  }

  /** The last `width` bits of a number, at most 32. */
  #put(value: number, width: number): void {
    for (let left = width; left > 0; ) {
      const room = 8 - (this.#bit & 7);
      const taken = Math.min(room, left);
      const part = (value >>> (left - taken)) & ((1 << taken) - 1);
      const at = this.#bit >>> 3;
      this.#bytes[at] = this.#bytes[at]! | (part << (room - taken));
      this.#bit += taken;
      left -= taken;
    }
  }
}

/** Width of a change of the step, its prefix and that one's width. */
const TIME_WIDTHS = [
  [14, 2, 2],
  [17, 6, 3],
  [20, 14, 4],
] as const;

const trailingZeros = (word: number): number => 31 - Math.clz32(word & -word);
