import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { Syscalls } from '../sources/process/syscalls.ts';

// abseil-cpp/absl/synchronization/internal/graphcycles.cc. `GraphCycles::Rep` has two vectors, the table, and more vectors. The table's first word is the
// address of the first vector, that of the mutexes; then come its buckets, each the index of a mutex, or -1.
const TABLE_BYTES = 262_139 * 4;
/** The parts of `Rep`, in bytes from the first bucket. A vector has an address, room for eight items, its size, and its capacity. */
const MUTEXES_AT = -136;
const ADDRESS_OF_MUTEXES_AT = -8;
const SIZES_AT = { mutexes: -64, free: -16, next: TABLE_BYTES + 4 + 40 };
const LEAST_CAPACITY = 8;
/** More mutexes than a process has, and more than there is room for. */
const MOST_MUTEXES = 2 ** 15;

export interface MemoryRange {
  readonly start: number;
  readonly end: number;
}

/**
 * V8 of Node 24 and newer locks by Abseil's mutexes, which are built with their detector of deadlocks (nodejs/node-v8#301): each lock is looked up in
 * a table of 1 MiB. The detector is for tests, so it is turned off, by Abseil's own function. A lock that was being taken then may still read the
 * table, so it goes back to the kernel later. Nothing happens where a Node has no detector, or where its table is not found without doubt.
 */
export class LockOrderTable {
  #isOff = false;

  /** Turns the detector off. */
  turnOff(calls: Syscalls): void {
    this.#isOff = calls.ignoreLockOrder();
  }

  /** Call once, some seconds later or more. */
  drop(calls: Syscalls): void {
    if (!this.#isOff) return;
    this.#isOff = false;
    const [table, ...others] = lockOrderTables(calls.pageBytes);
    if (table !== undefined && others.length === 0) calls.madviseDontNeed(table.start, table.end - table.start);
  }
}

/** The whole pages of each such table in this process's anonymous memory. Empty if memory may not be read. */
export function lockOrderTables(pageBytes: number): MemoryRange[] {
  let memory: number;
  try {
    memory = openSync('/proc/self/mem', 'r');
  } catch {
    return []; // a process whose memory may not be dumped, or a kernel without this file
  }
  try {
    const words = new Words(memory, pageBytes);
    return largeAnonymousMappings().flatMap((mapping) => tablesIn(mapping, words));
  } finally {
    closeSync(memory);
  }
}

function tablesIn({ start, end }: MemoryRange, words: Words): MemoryRange[] {
  const { pageBytes } = words;
  const found = new Map<number, MemoryRange>();
  // Each table has a page at one of these places.
  const step = (Math.floor(TABLE_BYTES / pageBytes) - 1) * pageBytes;
  for (let at = start; at < end; at += step) {
    let from = at;
    while (words.areIndexes(from, pageBytes, MOST_MUTEXES) && from > start && at - from < TABLE_BYTES) from -= pageBytes;
    if (from === at) continue;
    // The table begins in this page, or with the next one.
    const address = words.findPointer(from, ADDRESS_OF_MUTEXES_AT - MUTEXES_AT);
    if (address === null) continue;
    const table = address - ADDRESS_OF_MUTEXES_AT;
    if (isTable(table, words))
      found.set(table, {
        start: Math.ceil(table / pageBytes) * pageBytes,
        end: Math.floor((table + TABLE_BYTES) / pageBytes) * pageBytes,
      });
  }
  return [...found.values()];
}

/** Whether all words are as they must be: those of the table, and those around it. */
function isTable(table: number, words: Words): boolean {
  let mutexes = 0;
  for (const [name, at] of Object.entries(SIZES_AT)) {
    const [size, capacity] = words.read(table + at, 8) ?? [0, 0];
    if (!(0 <= size! && size! <= capacity! && LEAST_CAPACITY <= capacity! && capacity! <= MOST_MUTEXES)) return false;
    if (name === 'mutexes') mutexes = size!;
  }
  const seen = new Set<number>();
  for (let at = table; at < table + TABLE_BYTES; at += words.pageBytes)
    if (!words.areIndexes(at, Math.min(words.pageBytes, table + TABLE_BYTES - at), mutexes, seen)) return false;
  return true;
}

/** The memory of this process, as 32-bit numbers. */
class Words {
  readonly pageBytes: number;
  readonly #memory: number;
  readonly #page: Int32Array;

  constructor(memory: number, pageBytes: number) {
    this.#memory = memory;
    this.pageBytes = pageBytes;
    this.#page = new Int32Array(pageBytes / 4);
  }

  /** At most a page, valid until the next call; null: it cannot be read. */
  read(at: number, bytes: number): Int32Array | null {
    try {
      return readSync(this.#memory, this.#page, 0, bytes, at) === bytes ? this.#page.subarray(0, bytes / 4) : null;
    } catch {
      return null; // memory that is no longer mapped, or that no one may read
    }
  }

  /** Whether each is -1, or less than `most` and another than those in `seen`, which gets it. */
  areIndexes(at: number, bytes: number, most: number, seen = new Set<number>()): boolean {
    const words = this.read(at, bytes)?.sort();
    if (words === undefined || words[0]! < -1 || words.at(-1)! >= most) return false;
    for (let i = words.lastIndexOf(-1) + 1; i < words.length; i++) {
      if (seen.has(words[i]!)) return false;
      seen.add(words[i]!);
    }
    return true;
  }

  /** Where in this page a pointer is, `less` bytes after what it points to; null: nowhere. */
  findPointer(page: number, less: number): number | null {
    const words = this.read(page, this.pageBytes);
    for (let i = 0; words !== null && i < words.length; i += 2)
      if ((words[i]! >>> 0) + (words[i + 1]! >>> 0) * 2 ** 32 === page + 4 * i - less) return page + 4 * i;
    return null;
  }
}

function largeAnonymousMappings(): MemoryRange[] {
  const mappings = readFileSync('/proc/self/maps', 'latin1').matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw-p 0+ 00:00 0 *$/gm);
  return [...mappings]
    .map(([, start, end]) => ({ start: Number.parseInt(start!, 16), end: Number.parseInt(end!, 16) }))
    .filter(({ start, end }) => end - start >= TABLE_BYTES);
}
