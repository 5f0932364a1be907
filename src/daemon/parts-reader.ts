import { anonObservations, type Mappings } from '../diagnosis/ledger/anon-part.ts';
import type { PartObservation } from '../history/part-readings.ts';
import { SmapsBudget } from '../sources/mappings/smaps-budget.ts';
import type { Roots, Target } from '../sources/types.ts';
import { MIB } from '../units.ts';
import { type ReadTick, readLedgerContext } from './tick-answers.ts';

/** Other processes that moved by less than this tell nothing new. */
const MIN_MOVE_BYTES = 4 * MIB;
/** What they moved by must be at least this share of what all anonymous memory moved by: else the JVM's mappings have to tell. */
const MIN_MOVE_SHARE = 0.5;

/**
 * Reads what each part of a container's anonymous memory holds: with each new reading of the mappings, or of the processes alone where
 * there are none. Processes are cheaper to read than mappings, so where they move, a reading does not wait for the mappings' budget.
 */
export class PartsReader {
  readonly #roots: Roots;
  readonly #target: () => Target;
  readonly #pids: () => readonly number[];
  readonly #budget = new SmapsBudget();
  #mappingsAtMs: number | null = null;
  /** At the last reading, in bytes. */
  #last: { readonly othersBytes: number; readonly anonBytes: number } | null = null;

  constructor(roots: Roots, target: () => Target, pids: () => readonly number[]) {
    this.#roots = roots;
    this.#target = target;
    this.#pids = pids;
  }

  /** The time of the reading that is due, epoch ms; null: none is. */
  due(tick: ReadTick, nowMs: number, mappings: Mappings | null): number | null {
    if (mappings !== null && mappings.atMs !== this.#mappingsAtMs) return mappings.atMs;
    if (mappings === null && this.#budget.decide(nowMs, 'routine').state === 'now') return nowMs;
    return this.#othersMoved(tick) ? nowMs : null;
  }

  #othersMoved(tick: ReadTick): boolean {
    if (this.#last === null || this.#pids().length < 2) return false;
    const moved = Math.abs(sumOf(this.#others()) - this.#last.othersBytes);
    const all = Math.abs((tick.cgroup.value.values.anon ?? 0) - this.#last.anonBytes);
    return moved >= MIN_MOVE_BYTES && moved >= MIN_MOVE_SHARE * all;
  }

  #others() {
    return readLedgerContext(this.#roots, this.#target(), this.#pids()).others;
  }

  read(tick: ReadTick, mappings: Mappings | null): PartObservation[] {
    const began = performance.now();
    this.#mappingsAtMs = mappings?.atMs ?? null;
    const others = this.#others();
    const jvm = mappings !== null && tick.jvm.state === 'read' ? tick.jvm.value : null;
    const anonBytes = tick.cgroup.value.values.anon ?? 0;
    this.#last = { othersBytes: sumOf(others), anonBytes };
    const parts = anonObservations({ anonBytes, atMs: tick.sample.atMs, jvm, mappings, others });
    this.#budget.record(tick.sample.atMs, performance.now() - began);
    return parts;
  }
}

const sumOf = (others: readonly { readonly anonBytes: number }[]): number =>
  others.reduce((sum, { anonBytes }) => sum + anonBytes, 0);
