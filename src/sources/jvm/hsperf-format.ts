/**
 * The format of hsperfdata: a 32-byte prologue and entries of a 20-byte header, a name and a value.
 * Source: openjdk/jdk src/hotspot/share/runtime/perfMemory.hpp and perfData.hpp. The file belongs to the watched container and is
 * written without locks, so no offset in it is trusted: each is checked against the file's size, and the number of entries is bounded.
 */
export interface Counters {
  /** The current value; undefined: the JVM has no such counter. */
  get(name: string): number | string | undefined;
}

/** The place of a value, so that the next tick reads only the values and not the names. */
interface Entry {
  readonly name: string;
  readonly type: 'J' | 'B';
  readonly at: number;
  /** Bytes of a string; 0 for a number. */
  readonly length: number;
  /** PerfData::V_Constant: written once, before the file is accessible. */
  readonly constant: boolean;
}

export type Layout =
  | {
      readonly state: 'read';
      readonly entries: readonly Entry[];
      readonly byName: ReadonlyMap<string, Entry>;
      /** Cache of the values that cannot change. */
      readonly constants: Map<string, number | string>;
      readonly littleEndian: boolean;
      readonly numEntries: number;
      readonly used: number;
    }
  | { readonly state: 'failed'; readonly error: string };

const PROLOGUE = 32;
const HEADER = 20;
const MAGIC = 0xcafec0c0;
/** A JVM has about 250 counters. A file with many thousands is not from a JVM. */
const MAX_ENTRIES = 4096;
const MAX_NAME_LENGTH = 256;
/** A JVM writes at most 1024 bytes (-XX:PerfMaxStringConstLength). */
const MAX_TEXT_LENGTH = 4096;
const CONSTANT = 1;

/** Finds the entries. It never throws and never reads outside `bytes`, for any content. */
export function readLayout(bytes: Uint8Array): Layout {
  if (bytes.length < PROLOGUE) return failed(`expected a prologue of ${PROLOGUE} bytes, found ${bytes.length}`);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0, false);
  if (magic !== MAGIC) return failed(`expected the magic cafec0c0, found ${magic.toString(16).padStart(8, '0')}`);
  const order = view.getUint8(4);
  if (order > 1) return failed(`expected byte order 0 or 1, found ${order}`);
  const littleEndian = order === 1;
  const major = view.getUint8(5);
  if (major !== 2) return failed(`expected format version 2, found ${major}`);
  if (view.getUint8(7) !== 1) return failed('the JVM has not finished writing it (accessible is not set)');
  const used = view.getInt32(8, littleEndian);
  const first = view.getInt32(24, littleEndian);
  const count = view.getInt32(28, littleEndian);
  if (first < PROLOGUE || first > bytes.length) return failed(`first entry at ${first}, outside of ${bytes.length} bytes`);
  if (count < 0 || count > MAX_ENTRIES) return failed(`${count} entries, expected at most ${MAX_ENTRIES}`);
  const entries: Entry[] = [];
  let at = first;
  for (let i = 0; i < count; i++) {
    if (at + HEADER > bytes.length) return failed(`entry ${i} of ${count} begins at ${at}, outside of ${bytes.length} bytes`);
    const length = view.getInt32(at, littleEndian);
    if (length < HEADER || at + length > bytes.length)
      return failed(`entry ${i} at ${at} is ${length} bytes long, outside of ${bytes.length}`);
    const entry = readEntry(bytes, view, at, length, littleEndian);
    if (entry !== null) entries.push(entry);
    at += length;
  }
  const byName = new Map(entries.map((entry) => [entry.name, entry]));
  return { state: 'read', entries, byName, constants: new Map(), littleEndian, numEntries: count, used };
}

function readEntry(bytes: Uint8Array, view: DataView, at: number, length: number, littleEndian: boolean): Entry | null {
  const nameAt = view.getInt32(at + 4, littleEndian);
  const vector = view.getInt32(at + 8, littleEndian);
  const type = view.getUint8(at + 12);
  const constant = view.getUint8(at + 15) === CONSTANT;
  const dataAt = view.getInt32(at + 16, littleEndian);
  if (nameAt < HEADER || nameAt >= length || dataAt < HEADER || dataAt > length || vector < 0) return null;
  const name = cString(bytes, at + nameAt, Math.min(at + length, at + nameAt + MAX_NAME_LENGTH));
  if (type === 0x4a && vector === 0)
    return dataAt + 8 <= length ? { name, type: 'J', at: at + dataAt, length: 0, constant } : null;
  if (type === 0x42 && vector > 0)
    return dataAt + vector <= length
      ? { name, type: 'B', at: at + dataAt, length: Math.min(vector, MAX_TEXT_LENGTH), constant }
      : null;
  return null; // HotSpot defines other types, but no JVM writes them.
}

/**
 * The values. Each is decoded on demand: a sample needs a fifth of the 250, and decoding a string is expensive. They are valid until the bytes
 * are overwritten. Numbers above 2^53 lose their last digits, but no counter of a JVM is that large.
 */
export function readValues(bytes: Uint8Array, layout: Extract<Layout, { state: 'read' }>): Counters {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return {
    get(name) {
      const kept = layout.constants.get(name);
      const entry = layout.byName.get(name);
      if (kept !== undefined || entry === undefined) return kept;
      const value =
        entry.type === 'J'
          ? Number(view.getBigInt64(entry.at, layout.littleEndian))
          : cString(bytes, entry.at, entry.at + entry.length);
      if (entry.constant) layout.constants.set(name, value);
      return value;
    },
  };
}

function cString(bytes: Uint8Array, from: number, to: number): string {
  let end = from;
  while (end < to && bytes[end] !== 0) end++;
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, end - from).toString('utf8');
}

const failed = (error: string): Layout => ({ state: 'failed', error: `hsperfdata: ${error}` });
