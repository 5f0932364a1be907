import type { LedgerPartId } from './part-table.ts';

/** Anonymous bytes of one kind in one process. `low` and `high` are bounds, because the mappings may not show the exact value. */
export interface AnonPart {
  readonly id: AnonPartId;
  readonly bytes: number;
  readonly low: number;
  readonly high: number;
  /** The number of stacks, arenas or mappings. */
  readonly count: number;
  /** The JVM's answer about it, with --attach. */
  readonly reportedByJvm?: string;
  /** The difference between the mappings and the JVM's own values; `low` and `high` include both. */
  readonly disagreement?: string;
}

/** The parts of the ledger that are anonymous memory of a JVM's process. */
export type AnonPartId = Extract<
  LedgerPartId,
  | 'java-heap'
  | 'metaspace'
  | 'class-space'
  | 'class-archive'
  | 'code-cache'
  | 'thread-stacks'
  | 'malloc-heap'
  | 'malloc-arenas'
  | 'libraries'
  | 'vm-structures'
  | 'direct-buffers'
  | 'unnamed-mappings'
>;
