import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import type { Syscalls } from '../sources/process/syscalls.ts';

/** abseil-cpp/absl/synchronization/internal/graphcycles.cc, PointerMap: kHashTableSize indexes of mutexes, -1 where there is none. */
const TABLE_BYTES = 262_139 * 4;
/** More mutexes than a process has. */
const MOST_MUTEXES = 2 ** 20;

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
    const [table, ...others] = rangesLikeTable(calls.pageBytes);
    if (table !== undefined && others.length === 0) calls.madviseDontNeed(table.start, table.end - table.start);
  }
}

/** The pages of what looks like such a table in this process's anonymous memory, but for those at its ends. Empty if memory may not be read. */
export function rangesLikeTable(pageBytes: number): MemoryRange[] {
  const bytes = Math.floor(TABLE_BYTES / pageBytes) * pageBytes - pageBytes;
  const page = Buffer.alloc(pageBytes);
  const words = new Int32Array(page.buffer, page.byteOffset, pageBytes / 4);
  const found: MemoryRange[] = [];
  let memory: number;
  try {
    memory = openSync('/proc/self/mem', 'r');
  } catch {
    return []; // a process whose memory may not be dumped, or a kernel without this file
  }
  /** Mostly -1, and small numbers. */
  const isPart = (at: number): boolean => {
    try {
      if (readSync(memory, page, 0, pageBytes, at) < pageBytes) return false;
    } catch {
      return false; // a page that cannot be read
    }
    words.sort();
    return words[0] === -1 && words[words.length >> 1] === -1 && words.at(-1)! < MOST_MUTEXES;
  };
  try {
    // Each table has a page at one of these places.
    for (const { start, end } of largeAnonymousMappings())
      for (let at = start; at < end; at += bytes) {
        if (!isPart(at)) continue;
        let from = at;
        while (from > start && isPart(from - pageBytes)) from -= pageBytes;
        let to = at + pageBytes;
        while (to < end && isPart(to)) to += pageBytes;
        if (to - from >= bytes && found.at(-1)?.end !== to - pageBytes)
          found.push({ start: from + pageBytes, end: to - pageBytes });
      }
  } finally {
    closeSync(memory);
  }
  return found;
}

function largeAnonymousMappings(): MemoryRange[] {
  const mappings = readFileSync('/proc/self/maps', 'latin1').matchAll(/^([0-9a-f]+)-([0-9a-f]+) rw-p 0+ 00:00 0 *$/gm);
  return [...mappings]
    .map(([, start, end]) => ({ start: Number.parseInt(start!, 16), end: Number.parseInt(end!, 16) }))
    .filter(({ start, end }) => end - start >= TABLE_BYTES);
}
