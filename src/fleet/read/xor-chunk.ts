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

/** Zero bytes after the data, so that a whole sample can be read from its last bit. */
const PADDING = 64;

export class XorDecoder {
  #view = new DataView(new ArrayBuffer(4096));
  readonly #float = new Float64Array(1);
  readonly #words = new Uint32Array(this.#float.buffer);
  /** Index of the low word of a float: 0 on little-endian machines. */
  readonly #low = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 0 : 1;

  /** @throws ChunkError if the data ends before its samples */
  decode(data: Uint8Array, sink: SampleSink): void {
    const view = this.#load(data);
    const end = data.length * 8;
    const count = sampleCount(data);
    const words = this.#words;
    const float = this.#float;
    const lowIndex = this.#low;
    // In one function and in local variables, since it runs for each of some ten million samples.
    let position = 16;
    let t = 0;
    let delta = 0;
    let high = 0;
    let low = 0;
    let leading = 0;
    let trailing = 0;
    for (let i = 0; i < count; i++) {
      if (position > end) throw new ChunkError(`the data ends before sample ${i} of ${count}`);
      if (i < 2) {
        const { value, next } = varintAt(view, position);
        position = next;
        if (i === 0) {
          t = value % 2 === 0 ? value / 2 : -(value + 1) / 2;
          high = bitsAt(view, position, 32);
          low = bitsAt(view, position + 32, 32);
          position += 64;
        } else delta = value;
      } else {
        // 0 | 10 and 14 bits | 110 and 17 bits | 1110 and 20 bits | 1111 and 64 bits
        const prefix = bitsAt(view, position, 4);
        if (prefix < 8) position++;
        else if (prefix < 12) {
          delta += signed(bitsAt(view, position + 2, 14), 14);
          position += 16;
        } else if (prefix < 14) {
          delta += signed(bitsAt(view, position + 3, 17), 17);
          position += 20;
        } else if (prefix < 15) {
          delta += signed(bitsAt(view, position + 4, 20), 20);
          position += 24;
        } else {
          delta += (bitsAt(view, position + 4, 32) | 0) * 2 ** 32 + bitsAt(view, position + 36, 32);
          position += 68;
        }
      }
      if (i > 0) {
        t += delta;
        // 0: the same value | 10: bits in the window of before | 11: a new window, 5 bits of leading zeros and 6 of its width
        const prefix = bitsAt(view, position, 13);
        if (prefix < 4096) position++;
        else {
          position += 2;
          if (prefix >= 6144) {
            leading = (prefix >>> 6) & 31;
            trailing = 64 - leading - (prefix & 63 || 64);
            position += 11;
            if (trailing < 0) throw new ChunkError(`sample ${i} has more than 64 bits`);
          }
          const width = 64 - leading - trailing;
          let upper = 0;
          if (width > 32) {
            upper = bitsAt(view, position, width - 32);
            position += width - 32;
          }
          const narrow = Math.min(32, width);
          let lower = bitsAt(view, position, narrow);
          position += narrow;
          if (trailing >= 32) {
            upper = lower << (trailing - 32);
            lower = 0;
          } else if (trailing > 0) {
            upper = (upper << trailing) | (lower >>> (32 - trailing));
            lower <<= trailing;
          }
          high = (high ^ upper) >>> 0;
          low = (low ^ lower) >>> 0;
        }
      }
      words[1 - lowIndex] = high;
      words[lowIndex] = low;
      sink.append(t, float[0]!);
    }
    if (position > end) throw new ChunkError(`the data ends before its ${count} samples do`);
  }

  /** The data, followed by zeros. */
  #load(data: Uint8Array): DataView {
    if (this.#view.byteLength < data.length + PADDING) this.#view = new DataView(new ArrayBuffer(2 * (data.length + PADDING)));
    const bytes = new Uint8Array(this.#view.buffer);
    bytes.set(data);
    bytes.fill(0, data.length, data.length + PADDING);
    return this.#view;
  }
}

/** `n` bits, 1 to 32, as an unsigned number. */
function bitsAt(view: DataView, position: number, n: number): number {
  const byte = position >>> 3;
  const offset = position & 7;
  const word = view.getUint32(byte);
  return (offset === 0 ? word : (word << offset) | (view.getUint8(byte + 4) >>> (8 - offset))) >>> (32 - n);
}

function varintAt(view: DataView, position: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let i = 0, scale = 1; i < 10; i++, scale *= 128) {
    const byte = bitsAt(view, position + 8 * i, 8);
    value += (byte & 127) * scale;
    if (byte < 128) return { value, next: position + 8 * (i + 1) };
  }
  throw new ChunkError('a time has more than ten bytes');
}

/** Prometheus writes -(2^(n-1) - 1) to 2^(n-1) in n bits, so the middle is positive. */
const signed = (bits: number, n: number): number => (bits > 2 ** (n - 1) ? bits - 2 ** n : bits);

/** The number of samples that a chunk says it has. */
export const sampleCount = (data: Uint8Array): number => (data.length < 2 ? 0 : (data[0]! << 8) | data[1]!);
