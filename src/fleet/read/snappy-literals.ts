/**
 * Snappy's block format without compression: the length, then literals. A request of remote read must be Snappy, and is too short to gain by it.
 * Source: google/snappy, format_description.txt.
 */
export function snappyLiterals(bytes: Uint8Array): Uint8Array {
  const out: number[] = [];
  let length = bytes.length;
  for (; length > 127; length >>>= 7) out.push((length & 127) | 128);
  out.push(length);
  const pieces: Uint8Array[] = [Uint8Array.from(out)];
  for (let at = 0; at < bytes.length; at += 65_536) {
    const literal = bytes.subarray(at, at + 65_536);
    const last = literal.length - 1;
    // Tag 61: a literal whose length, less one, follows in two bytes.
    pieces.push(Uint8Array.of(61 << 2, last & 255, last >>> 8), literal);
  }
  return Buffer.concat(pieces);
}
