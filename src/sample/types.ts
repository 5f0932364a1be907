import type { FieldValues } from '../fields.ts';
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

export type HistoryEventType = 'restart' | 'oom_kill' | 'memhound_start';
export interface HistoryEvent {
  readonly t: number; // epoch seconds
  readonly type: HistoryEventType;
}
