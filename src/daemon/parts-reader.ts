import { anonObservations, type Mappings } from '../diagnosis/ledger/anon-part.ts';
import type { PartObservation } from '../history/part-readings.ts';
import { SmapsBudget } from '../sources/mappings/smaps-budget.ts';
import type { Roots, Target } from '../sources/types.ts';
import { type ReadTick, readLedgerContext } from './tick-answers.ts';

/** Reads what each part of a container's anonymous memory holds: with each new reading of the mappings, or of the processes alone where there are none. */
export class PartsReader {
  readonly #roots: Roots;
  readonly #target: Target;
  readonly #pids: () => readonly number[];
  readonly #budget = new SmapsBudget();
  #mappingsAtMs: number | null = null;

  constructor(roots: Roots, target: Target, pids: () => readonly number[]) {
    this.#roots = roots;
    this.#target = target;
    this.#pids = pids;
  }

  /** The time of the reading that is due, epoch ms; null: none is. */
  due(nowMs: number, mappings: Mappings | null): number | null {
    if (mappings !== null) return mappings.atMs === this.#mappingsAtMs ? null : mappings.atMs;
    return this.#budget.decide(nowMs, 'routine').state === 'now' ? nowMs : null;
  }

  read(tick: ReadTick, mappings: Mappings | null): PartObservation[] {
    const began = performance.now();
    this.#mappingsAtMs = mappings?.atMs ?? null;
    const { others } = readLedgerContext(this.#roots, this.#target, this.#pids());
    const jvm = mappings !== null && tick.jvm.state === 'read' ? tick.jvm.value : null;
    const anonBytes = tick.cgroup.value.values.anon ?? 0;
    const parts = anonObservations({ anonBytes, atMs: tick.sample.atMs, jvm, mappings, others });
    this.#budget.record(tick.sample.atMs, performance.now() - began);
    return parts;
  }
}
