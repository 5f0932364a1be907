/** A recording that does not follow the format. Recordings come from the watched container, which is not trusted. */
export class JfrError extends Error {
  override name = 'JfrError';
}

const BITS_28 = 2 ** 28;
/** Longest text that is decoded: the longest path. Names of classes are shorter. */
const MAX_TEXT = 4096;

/** Encodings of a text in a recording; jdk.jfr.internal.consumer.RecordingInput, StringParser. */
const TEXT = { null: 0, empty: 1, pooled: 2, utf8: 3, chars: 4, latin1: 5 } as const;

/** A text, or the key of a text in the pool of java.lang.String. */
export type JfrText = string | null | { readonly poolKey: number };

/** Reads the primitives of JFR's format 1 and 2 at a position that moves. Numbers are big-endian. Each read is bounded by the end. */
export class JfrBytes {
  at: number;
  readonly end: number;
  readonly #bytes: Buffer;

  constructor(bytes: Buffer, at: number, end: number) {
    this.#bytes = bytes;
    this.at = at;
    this.end = Math.min(end, bytes.length);
  }

  get left(): number {
    return this.end - this.at;
  }

  byte(): number {
    return this.#bytes[this.#take(1)]!;
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#take(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  /** Above 2^53 it loses its last bits. */
  int64(): number {
    return Number(this.#bytes.readBigInt64BE(this.#take(8)));
  }

  float(): number {
    return this.#bytes.readFloatBE(this.#take(4));
  }

  double(): number {
    return this.#bytes.readDoubleBE(this.#take(8));
  }

  /**
   * A signed number of 64 bits in one to nine bytes, the least first: seven bits in each, and eight in the ninth. Beyond 2^53 it loses its
   * last bits.
   */
  varint(): number {
    let [low, middle] = [0, 0]; // 28 bits each
    for (let i = 0; i < 8; i++) {
      const byte = this.byte();
      if (i < 4) low |= (byte & 127) << (7 * i);
      else middle |= (byte & 127) << (7 * (i - 4));
      if (byte < 128) return middle * BITS_28 + low;
    }
    const high = this.byte();
    return ((high < 128 ? high : high - 256) * BITS_28 + middle) * BITS_28 + low;
  }

  /** The count of what follows, where each takes a byte at least. */
  count(): number {
    const count = this.varint();
    if (count < 0 || count > this.left) throw new JfrError(`expected at most ${this.left} entries, found ${count}`);
    return count;
  }

  text(): JfrText {
    const encoding = this.byte();
    switch (encoding) {
      case TEXT.null:
        return null;
      case TEXT.empty:
        return '';
      case TEXT.pooled:
        return { poolKey: this.varint() };
      case TEXT.utf8:
        return this.#decoded('utf8');
      case TEXT.latin1:
        return this.#decoded('latin1');
      case TEXT.chars: {
        const length = this.count();
        let text = '';
        for (let i = 0; i < length; i++) {
          const char = this.varint();
          if (i < MAX_TEXT) text += String.fromCharCode(char);
        }
        return text;
      }
      default:
        throw new JfrError(`expected a text's encoding (0 to 5), found ${encoding}`);
    }
  }

  skip(bytes: number): void {
    this.#take(bytes);
  }

  #decoded(encoding: 'utf8' | 'latin1'): string {
    const length = this.count();
    const from = this.#take(length);
    return this.#bytes.toString(encoding, from, from + Math.min(length, MAX_TEXT));
  }

  #take(bytes: number): number {
    const from = this.at;
    if (bytes < 0 || from + bytes > this.end) throw new JfrError(`the recording ends within a value, at byte ${from}`);
    this.at = from + bytes;
    return from;
  }
}
