import type { LedgerPartId } from './part-table.ts';

/** Anonymous bytes of one process that are of one kind. `low` and `high`: what it may be where the mappings leave it open. */
export interface AnonPart {
  readonly id: AnonPartId;
  readonly bytes: number;
  readonly low: number;
  readonly high: number;
  /** How many there are of it: stacks, arenas, mappings. */
  readonly count: number;
  /** What the JVM reports about it, where it was asked. */
  readonly reportedByJvm?: string;
  /** How the mappings and the JVM's own figures disagree about it; `low` and `high` hold both. */
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
>;
