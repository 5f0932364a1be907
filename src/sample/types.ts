import type { FieldValues } from '../fields.ts';
import type { ObservedMember } from '../sources/process/other-processes.ts';
import type { Limit } from '../sources/types.ts';

/** The values that one tick read of a target. If a source fails, its fields are missing here and null in the history. */
export interface Sample {
  readonly atMs: number;
  /** Identifies the run of the container. It changes when the cgroup or the target process changes. */
  readonly epoch: string;
  readonly values: FieldValues;
  readonly limitBytes: Limit;
  readonly heapMaxBytes: Limit;
  /** One entry for each source that failed at this tick. */
  readonly failures: readonly { readonly source: string; readonly error: string; readonly remediation: string | null }[];
}

/** A process of the container that the OOM killer ended, as memhound saw it last. */
export type KilledProcess = ObservedMember;

/** `t`: epoch seconds. */
export type HistoryEvent =
  | { readonly t: number; readonly type: 'restart' | 'memhound_start' }
  /** The OOM killer ended the target's process, or it is not known which. */
  | { readonly t: number; readonly type: 'oom_kill' }
  /** The OOM killer ended other processes of the container, and the target's process goes on. `killed`: those that memhound had seen. */
  | { readonly t: number; readonly type: 'process_oom_kill'; readonly killed: readonly KilledProcess[] };
