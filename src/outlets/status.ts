import type { FileRow, Ledger, TargetInfo, Verdict, View } from '../diagnosis/types.ts';
import type { FieldColumns, FieldName, FieldValues } from '../fields.ts';
import type { Sample } from '../sample/types.ts';
import type { JvmReading } from '../sources/types.ts';

/**
 * The one read model: everything that an outlet (http, live, metrics, page, log) may ask of the running program.
 * `target` is an id; undefined means the JVM's container. Unknown targets, no target and the like are `ApiError`s.
 */
export interface Status {
  targets(): readonly TargetStatus[];
  /** `epoch` -1: the final verdict of the last instance that exited. */
  verdict(target?: string, epoch?: number): Verdict;
  /** `open`: for a page that stays open, not for one question: what is expensive to read may be a minute old. */
  ledger(target?: string, purpose?: 'once' | 'open'): Promise<Ledger>;
  views(target?: string): readonly View[];
  files(target?: string): readonly FileRow[];
  jvm(target?: string): { readonly jvm: JvmReading } | { readonly jvm: null; readonly reason: string };
  /** One take of the heap by class, and what grew since the one before. Costs the JVM a full collection. */
  histogram(target?: string): Promise<HistogramTake>;
  samples(query: SamplesQuery): Promise<SampleColumns>;
  self(): Readonly<Record<string, unknown>>;
  /** Ready: the cgroup of a container is read. `reason` in words, without a path: it is on the public port. */
  ready(): { readonly ready: boolean; readonly reason: string };
  /** The newest sample of each target, for /metrics. */
  latest(): readonly { readonly target: TargetInfo; readonly sample: Sample | null; readonly verdict: Verdict | null }[];
  /** Live messages; returns its own unsubscribe. */
  on(listener: (message: LiveMessage) => void): () => void;
}

export interface TargetStatus extends TargetInfo {
  /** Sources that could not be read at the newest tick, and what to do. */
  readonly failures: Sample['failures'];
}

export interface HistogramTake {
  readonly at: string;
  /** When the take before was; null: this is the first, and nothing can have grown yet. */
  readonly since: string | null;
  /** The ten classes that hold most, in bytes. Names are the container's own. */
  readonly largest: readonly { readonly name: string; readonly instances: number; readonly bytes: number }[];
  /** The ten that grew most since. */
  readonly grown: readonly {
    readonly name: string;
    readonly bytesGrown: number;
    readonly instancesGrown: number;
    readonly bytes: number;
  }[];
  /** How long the JVM took to answer, ms: it stood still for most of it. */
  readonly durationMs: number;
}

export interface SamplesQuery {
  readonly target?: string;
  readonly fields: readonly FieldName[] | null; // null: all
  readonly fromS: number | null;
  readonly toS: number | null;
  readonly points: number | null;
  /** The least and the largest beside each point. */
  readonly envelope: boolean;
}

/** The answer of /api/v1/samples before it is text. Columns are the reader's own: they stay as they are while samples go on. NaN or null is a gap. */
export interface SampleColumns extends Omit<SamplesAnswer, 't' | 'fields' | 'min' | 'max'> {
  readonly t: ArrayLike<number>;
  readonly fields: ReadonlyMap<FieldName, ArrayLike<number | null>>;
  readonly min?: SampleColumns['fields'];
  readonly max?: SampleColumns['fields'];
}

/** The series form, so that `curl … | memhound analyze -` works; null is a gap. */
export interface SamplesAnswer {
  readonly interval_s: number;
  readonly limit_bytes: number | null;
  readonly heap_max_bytes: number | null;
  /** Memory request of the app's container, where the downward API gives it. */
  readonly request_bytes: number | null;
  readonly t: readonly number[];
  readonly fields: FieldColumns;
  /** Of all samples that a point stands for, where `envelope` was asked for: downsampling hides no spike. */
  readonly min?: FieldColumns;
  readonly max?: FieldColumns;
  readonly aux: { readonly events: readonly { readonly t: number; readonly type: string }[] };
}

/** Every message names its target, so that a page with several shows the right one. */
export type LiveMessage =
  | {
      readonly type: 'sample';
      readonly target: string;
      readonly at: string;
      readonly limitBytes: number | 'max' | null;
      readonly values: FieldValues;
    }
  | { readonly type: 'verdict'; readonly target: string; readonly verdict: Verdict }
  | {
      readonly type: 'restart';
      /** `oom-kill`: the kernel ended a process of the container, which may go on without it. */
      readonly kind: 'restart' | 'oom-kill';
      readonly target: string;
      readonly at: string;
      /** The same for people. */
      readonly reason: string;
    };

/** What is beside the chart, each as its own path answers it. Sent to the clients that asked for this target's. */
export interface Tables {
  readonly type: 'tables';
  readonly target: string;
  readonly at: string;
  readonly views: readonly View[];
  readonly files: readonly FileRow[];
  readonly jvm: ReturnType<Status['jvm']>;
  readonly ledger: Ledger;
  readonly self: Readonly<Record<string, unknown>>;
}

/** First message of every WebSocket connection. */
export interface Hello {
  readonly type: 'hello';
  readonly version: string;
  readonly everySeconds: number;
  /** A histogram of the heap may be asked for: --attach was given, and a token is set up. */
  readonly attach: boolean;
  readonly reach: string;
  readonly targets: readonly TargetInfo[];
  readonly verdicts: Readonly<Record<string, Verdict>>;
}

export type ApiErrorCode =
  | 'no-target'
  | 'unknown-target'
  | 'unknown-field'
  | 'unknown-path'
  | 'bad-request'
  | 'no-data-yet'
  | 'forbidden'
  | 'no-jvm'
  | 'no-answer'
  | 'busy'
  | 'gate';

/** An answer that is an error, with its HTTP status and, where something can be done, `remediation`: the lines that do it. */
export class ApiError extends Error {
  constructor(
    readonly code: ApiErrorCode,
    readonly status: number,
    message: string,
    readonly remediation: string | null = null,
  ) {
    super(message);
    this.name = 'ApiError';
  }
}
