/**
 * Decodes a chunk of Prometheus: Facebook's Gorilla compression. Source: prometheus/prometheus, tsdb/docs/format/chunks.md, "XOR chunk data".
 *
 *     samples (2 bytes) | t0 (varint) | v0 (8 bytes) | t1 - t0 (uvarint) | v1 ^ v0 | delta of delta, v2 ^ v1 | ...
 *
 * Numbers of 64 bits are kept as two of 32, because BigInt is ten times slower.
 */
export class ChunkError extends Error {
  override name = 'ChunkError';
}

/** Receives the samples: `append` returns the new end. Times are in ms. */
export interface SampleSink {
  append(tMs: number, value: number): void;
}

/** Zero bytes after the data, so that four bytes can be read at any place of it. */
const PADDING = 16;

export class XorDecoder {
  #view = new DataView(new ArrayBuffer(4096));
  #bytes = new Uint8Array(this.#view.buffer);
  readonly #float = new Float64Array(1);
  readonly #words = new Uint32Array(this.#float.buffer);
  readonly #low = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;
  #position = 0;

  /** @throws ChunkError if the data ends before its samples */
  decode(data: Uint8Array, sink: SampleSink): void {
    this.#load(data);
    const end = data.length * 8;
    const count = data.length < 2 ? 0 : this.#view.getUint16(0);
    this.#position = 16;
    let t = 0;
    let delta = 0;
    let high = 0;
    let low = 0;
    let leading = 0;
    let trailing = 0;
    const words = this.#words;
    const lowIndex = this.#low;
    for (let i = 0; i < count; i++) {
      if (i === 0) {
        t = this.#signedVarint();
        high = this.#bits(32);
        low = this.#bits(32);
      } else {
        delta = i === 1 ? this.#varint() : delta + this.#deltaOfDelta();
        t += delta;
        if (this.#bits(1) === 1) {
          if (this.#bits(1) === 1) {
            leading = this.#bits(5);
            const significant = this.#bits(6) || 64;
            trailing = 64 - leading - significant;
            if (trailing < 0) throw new ChunkError(`sample ${i} has ${leading} leading and ${significant} significant bits`);
          }
          const width = 64 - leading - trailing;
          let upper = width > 32 ? this.#bits(width - 32) : 0;
          let lower = this.#bits(Math.min(32, width));
          if (trailing >= 32) {
            upper = trailing === 32 ? lower : lower << (trailing - 32);
            lower = 0;
          } else if (trailing > 0) {
            upper = (upper << trailing) | (lower >>> (32 - trailing));
            lower <<= trailing;
          }
          high = (high ^ upper) >>> 0;
          low = (low ^ lower) >>> 0;
        }
      }
      if (this.#position > end) throw new ChunkError(`the data ends in sample ${i} of ${count}`);
      words[1 - lowIndex] = high;
      words[lowIndex] = low;
      sink.append(t, this.#float[0]!);
    }
  }

  #load(data: Uint8Array): void {
    if (this.#bytes.length < data.length + PADDING) {
      this.#view = new DataView(new ArrayBuffer(2 * (data.length + PADDING)));
      this.#bytes = new Uint8Array(this.#view.buffer);
    }
    this.#bytes.set(data);
    this.#bytes.fill(0, data.length, data.length + PADDING);
  }

  /** The next `n` bits, 1 to 32, as an unsigned number. Past the end they are 0. */
  #bits(n: number): number {
    const byte = this.#position >>> 3;
    const offset = this.#position & 7;
    this.#position += n;
    if (byte + 5 > this.#bytes.length) return 0;
    const word = this.#view.getUint32(byte);
    const bits = offset === 0 ? word : (word << offset) | (this.#bytes[byte + 4]! >>> (8 - offset));
    return bits >>> (32 - n);
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1, i = 0; i < 10; i++, scale *= 128) {
      const byte = this.#bits(8);
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
    throw new ChunkError('a time has more than ten bytes');
  }

  #signedVarint(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  #deltaOfDelta(): number {
    if (this.#bits(1) === 0) return 0;
    if (this.#bits(1) === 0) return this.#signed(14);
    if (this.#bits(1) === 0) return this.#signed(17);
    if (this.#bits(1) === 0) return this.#signed(20);
    return (this.#bits(32) | 0) * 2 ** 32 + this.#bits(32);
  }

  /** Prometheus writes -(2^(n-1) - 1) to 2^(n-1) in n bits, so the middle is positive. */
  #signed(n: number): number {
    const bits = this.#bits(n);
    return bits > 2 ** (n - 1) ? bits - 2 ** n : bits;
  }
}

/** The number of samples that a chunk says it has. */
export const sampleCount = (data: Uint8Array): number => (data.length < 2 ? 0 : (data[0]! << 8) | data[1]!);
