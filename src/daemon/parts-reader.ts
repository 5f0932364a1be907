import { anonObservations, type Mappings } from '../diagnosis/ledger/anon-part.ts';
import type { PartObservation } from '../history/part-readings.ts';
import { SmapsBudget } from '../sources/mappings/smaps-budget.ts';
import { MAX_PROCESSES, type ProcessesByName, sumByName } from '../sources/process/other-processes.ts';
import { readStatus } from '../sources/process/procfs.ts';
import type { Roots, Target } from '../sources/types.ts';
import { MIB } from '../units.ts';
import type { ContainerProcesses } from './container-processes.ts';
import type { ReadTick } from './tick-answers.ts';

/** Other processes that moved by less than this tell nothing new. */
const MIN_MOVE_BYTES = 4 * MIB;
/** What they moved by must be at least this share of what all anonymous memory moved by: else the JVM's mappings have to tell. */
const MIN_MOVE_SHARE = 0.5;

/** Anonymous memory, resident and in swap, in bytes. */
interface AnonBytes {
  readonly othersBytes: number;
  readonly allBytes: number;
}

interface PartsReading {
  readonly atMs: number;
  readonly parts: readonly PartObservation[];
}

/**
 * Reads what each part of a container's anonymous memory holds: with each new reading of the mappings, or of the processes alone where
 * there are none. Processes are cheaper to read than mappings, so where they move, a reading does not wait for the mappings' budget.
 */
export class PartsReader {
  readonly #roots: Roots;
  readonly #target: () => Target;
  readonly #processes: ContainerProcesses;
  readonly #budget = new SmapsBudget();
  #mappingsAtMs: number | null = null;
  /** At the last reading. */
  #last: AnonBytes | null = null;

  constructor(roots: Roots, target: () => Target, processes: ContainerProcesses) {
    this.#roots = roots;
    this.#target = target;
    this.#processes = processes;
  }

  /** All parts, if a reading is due; null: none is. */
  readIfDue(tick: ReadTick, nowMs: number, mappings: Mappings | null): PartsReading | null {
    const isNew = mappings !== null && mappings.atMs !== this.#mappingsAtMs;
    const isTime = mappings === null && this.#budget.decide(nowMs, 'routine').state === 'now';
    // A reading may be due because other processes moved, and only reading them tells.
    if (!isNew && !isTime && (this.#last === null || !this.#processes.hasOthers(nowMs))) return null;
    const began = performance.now();
    const others = sumByName(this.#processes.read(nowMs, MAX_PROCESSES));
    const { anon: anonBytes = 0, swap = 0 } = tick.cgroup.value.values;
    const bytes = { othersBytes: sumOf(others), allBytes: anonBytes + swap };
    if (!isNew && !isTime && !this.#othersMoved(bytes)) return null;
    this.#mappingsAtMs = mappings?.atMs ?? null;
    this.#last = bytes;
    const jvm = mappings !== null && tick.jvm.state === 'read' ? tick.jvm.value : null;
    const parts = anonObservations({ anonBytes, atMs: tick.sample.atMs, jvm, mappings, others }, this.#swapOfJvm());
    this.#budget.record(tick.sample.atMs, performance.now() - began);
    return { atMs: isNew ? mappings.atMs : nowMs, parts };
  }

  #swapOfJvm(): number {
    const { jvm, process } = this.#target();
    return jvm === null || process === null ? 0 : (readStatus(this.#roots.proc, process.pid)?.swapBytes ?? 0);
  }

  #othersMoved({ othersBytes, allBytes }: AnonBytes): boolean {
    if (this.#last === null) return false;
    const moved = Math.abs(othersBytes - this.#last.othersBytes);
    const all = Math.abs(allBytes - this.#last.allBytes);
    return moved >= MIN_MOVE_BYTES && moved >= MIN_MOVE_SHARE * all;
  }
}

const sumOf = (others: readonly ProcessesByName[]): number =>
  others.reduce((sum, { anonBytes, swapBytes }) => sum + anonBytes + swapBytes, 0);
