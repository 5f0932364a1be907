import type { FileRow, Ledger, TargetInfo, Verdict } from '../diagnosis/types.ts';
import type { History } from '../history/history.ts';
import type { HistogramTake } from '../outlets/status.ts';
import type { Tick } from '../sample/sampler.ts';
import type { Sample } from '../sample/types.ts';
import type { Reading } from '../sources/types.ts';
import type { CulpritRuns } from './culprit-runs.ts';

/** A container that can be asked for answers: it is watched, or replayed from a recording. */
export interface AnsweringContainer {
  /** Key of its history. */
  readonly key: string;
  readonly alive: boolean;
  readonly history: History;
  /** null: no sample has been taken yet. */
  readonly tick: Tick | null;
  /** Sources that failed at the last tick, and the mappings if they could not be read. */
  readonly failures: Sample['failures'];
  /** null: it has not been evaluated yet. */
  readonly verdict: Verdict | null;
  info(): TargetInfo;
  evaluate(nowMs: number): Verdict;
  /** `once`: a single question; `open`: a page stays open, and expensive parts may be a minute old. null: the cgroup was not read. */
  ledger(purpose: 'once' | 'open'): Promise<Ledger | null>;
  /** The ledger from what is known already; null: the cgroup was not read. */
  lastLedger(): Ledger | null;
  fileRows(): readonly FileRow[];
  /** Questions about a culprit. null: there is no JVM. */
  readonly culprits: CulpritRuns | null;
  /** A histogram of the heap by class, compared with the one before. null: there is no JVM. */
  histogram(): Promise<Reading<HistogramTake>> | null;
}
