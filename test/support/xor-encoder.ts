const PREFIXES: Readonly<Record<number, string>> = { 14: '10', 17: '110', 20: '1110', 64: '1111' };

/** Encodes samples as Prometheus does (tsdb/chunkenc/xor.go), with BigInt and bit by bit: slow, and unlike the decoder in every step. */
export function encodeXorChunk(samples: readonly (readonly [number, number])[]): Uint8Array {
  let bits = samples.length.toString(2).padStart(16, '0');
  const put = (value: bigint, width: number): void => {
    bits += BigInt.asUintN(width, value).toString(2).padStart(width, '0');
  };
  const putVarint = (value: bigint): void => {
    let rest = value;
    for (; rest >= 128n; rest >>= 7n) put((rest & 127n) | 128n, 8);
    put(rest, 8);
  };
  let [leading, trailing] = [255, 0];
  let [t, delta, last] = [0n, 0n, 0n];
  for (const [i, [at, value]] of samples.entries()) {
    const now = BigInt(at);
    const word = new DataView(new ArrayBuffer(8));
    word.setFloat64(0, value);
    const raw = word.getBigUint64(0);
    if (i === 0) {
      putVarint(now >= 0n ? now * 2n : -now * 2n - 1n);
      put(raw, 64);
    } else {
      const step = now - t;
      if (i === 1) putVarint(step);
      else {
        const dod = step - delta;
        const fits = (n: number): boolean => dod >= -(2n ** BigInt(n - 1) - 1n) && dod <= 2n ** BigInt(n - 1);
        const size = [14, 17, 20].find(fits) ?? 64;
        bits += dod === 0n ? '0' : PREFIXES[size];
        if (dod !== 0n) put(dod, size);
      }
      delta = step;
      const xor = raw ^ last;
      if (xor === 0n) bits += '0';
      else {
        const text = xor.toString(2).padStart(64, '0');
        const zeros = Math.min(31, text.indexOf('1'));
        const tail = 63 - text.lastIndexOf('1');
        if (leading !== 255 && zeros >= leading && tail >= trailing) {
          bits += '10';
          put(xor >> BigInt(trailing), 64 - leading - trailing);
        } else {
          [leading, trailing] = [zeros, tail];
          const significant = 64 - leading - trailing;
          bits += '11';
          put(BigInt(leading), 5);
          put(BigInt(significant), 6);
          put(xor >> BigInt(trailing), significant);
        }
      }
    }
    t = now;
    last = raw;
  }
  const bytes = new Uint8Array(Math.ceil(bits.length / 8));
  for (let k = 0; k < bits.length; k++) if (bits[k] === '1') bytes[k >> 3] = bytes[k >> 3]! | (128 >> (k & 7));
  return bytes;
}
