/**
 * An hsperfdata file made from the format's description (openjdk/jdk src/hotspot/share/runtime/perfMemory.hpp), for JDKs that are not
 * at hand: no capture. Strings become byte vectors, numbers 64-bit values.
 */
export function syntheticHsperfdata(
  counters: Readonly<Record<string, number | string>>,
  order: 'big' | 'little' = 'little',
): Buffer {
  const little = order === 'little';
  const int = (b: Buffer, value: number, at: number) => (little ? b.writeInt32LE(value, at) : b.writeInt32BE(value, at));
  const entries = Object.entries(counters).map(([name, value]) => {
    const nameEnd = 20 + Buffer.byteLength(name) + 1;
    const dataAt = Math.ceil(nameEnd / 8) * 8;
    const data = typeof value === 'string' ? Buffer.from(`${value}\0`) : Buffer.alloc(8);
    if (typeof value === 'number') little ? data.writeBigInt64LE(BigInt(value)) : data.writeBigInt64BE(BigInt(value));
    const entry = Buffer.alloc(Math.ceil((dataAt + data.length) / 8) * 8);
    int(entry, entry.length, 0);
    int(entry, 20, 4);
    int(entry, typeof value === 'string' ? data.length : 0, 8);
    entry[12] = (typeof value === 'string' ? 'B' : 'J').charCodeAt(0);
    int(entry, dataAt, 16);
    entry.write(name, 20);
    data.copy(entry, dataAt);
    return entry;
  });
  const head = Buffer.alloc(32);
  head.writeUInt32BE(0xcafec0c0, 0);
  head[4] = little ? 1 : 0;
  head[5] = 2;
  head[7] = 1;
  int(head, 32 + entries.reduce((sum, e) => sum + e.length, 0), 8);
  int(head, 32, 24);
  int(head, entries.length, 28);
  return Buffer.concat([head, ...entries]);
}
