import type { FieldValues } from '../fields.ts';
import type { Limit } from '../sources/types.ts';

/** All that was read of one target at one tick. A source that was sick leaves its own fields out; they are null in history. */
export interface Sample {
  readonly atMs: number;
  /** Which run of the container: changes when the cgroup or the target process is another one. */
  readonly epoch: string;
  readonly values: FieldValues;
  readonly limitBytes: Limit;
  readonly heapMaxBytes: Limit;
  /** One line per source that failed at this tick. */
  readonly failures: readonly { readonly source: string; readonly error: string; readonly remediation: string | null }[];
}

export type HistoryEventType = 'restart' | 'oom_kill' | 'memhound_start';
export interface HistoryEvent {
  readonly t: number; // epoch seconds
  readonly type: HistoryEventType;
}
