import { readFileSync } from 'node:fs';
import { Due } from '../clock.ts';
import { loadSyscalls } from '../sources/process/syscalls.ts';
import type { EvaluationCache } from '../trends/evaluation-cache.ts';
import { MIB, MINUTE_MS } from '../units.ts';
import { garbageCollection, gentleCollection } from './collect-garbage.ts';
import { LockOrderTable } from './lock-order-table.ts';

/**
 * A trim costs some 40 ms. Without one V8 collects the whole heap itself after some eight minutes, which costs twice that and keeps the pages that it
 * empties, 3 MiB.
 */
export const TRIM_EVERY_MS = 4 * MINUTE_MS;
/** Code that only the start needed is dropped after some collections, so the first trim after that comes sooner. */
export const TRIM_AFTER_START_MS = MINUTE_MS;
const MAX_GARBAGE_BYTES = MIB;

/** Returns unused memory to the kernel. V8 lets garbage grow to a multiple of the live objects, and malloc and evaluations keep memory that is free. */
export class MemoryTrimmer {
  readonly #anonBytes: () => number | null;
  readonly #evaluations: EvaluationCache;
  readonly #due = new Due();
  readonly #lockOrder = new LockOrderTable();
  /** Lowest anonymous memory after a trim so far, bytes. */
  #lowestBytes = 0;

  constructor(anonBytes: () => number | null, evaluations: EvaluationCache) {
    this.#anonBytes = anonBytes;
    this.#evaluations = evaluations;
  }

  /** Call once after the start. */
  async trimAfterStart(nowMs: number): Promise<void> {
    this.#due.wait(nowMs, TRIM_AFTER_START_MS);
    const calls = await loadSyscalls();
    if (typeof calls !== 'string') this.#lockOrder.turnOff(calls);
    // Most of the code so far was run for the start alone.
    await this.#trim(garbageCollection('last-resort'));
    await dropStartCode();
  }

  /** Call at the end of each tick. */
  async tick(nowMs: number): Promise<void> {
    const calls = await loadSyscalls();
    if (typeof calls !== 'string') this.#evaluations.forget((memory) => calls.emptyPages(memory));
    if (!this.#due.isDue(nowMs)) return;
    this.#due.wait(nowMs, TRIM_EVERY_MS);
    if (typeof calls !== 'string') this.#lockOrder.drop(calls);
    if ((this.#anonBytes() ?? 0) > this.#lowestBytes + MAX_GARBAGE_BYTES) await this.#trim(gentleCollection());
  }

  async #trim(collect: () => void): Promise<void> {
    collect();
    const calls = await loadSyscalls();
    if (typeof calls !== 'string') calls.mallocTrim();
    const anon = this.#anonBytes() ?? 0;
    this.#lowestBytes = this.#lowestBytes === 0 ? anon : Math.min(this.#lowestBytes, anon);
  }
}

/** Drops pages of node's binary that only the start needs, 20 MiB. Pages that are used again come back from the page cache. */
export async function dropStartCode(): Promise<void> {
  const calls = await loadSyscalls();
  if (typeof calls === 'string') return;
  for (const { start, end } of unmodifiedCodeMappings()) calls.madviseDontNeed(start, end - start);
}

/** Mappings of the running binary without modified pages. A modified page would be lost if it were dropped. */
function unmodifiedCodeMappings(): { readonly start: number; readonly end: number }[] {
  const found: { start: number; end: number }[] = [];
  for (const mapping of readFileSync('/proc/self/smaps', 'latin1').split(/\n(?=[0-9a-f]+-[0-9a-f]+ )/)) {
    const head = /^([0-9a-f]+)-([0-9a-f]+) r-[x-]p \S+ \S+ [1-9]\d* +(\S.*)$/m.exec(mapping);
    if (head?.[3] === process.execPath && /^Anonymous: +0 kB$/m.test(mapping))
      found.push({ start: Number.parseInt(head[1]!, 16), end: Number.parseInt(head[2]!, 16) });
  }
  return found;
}
