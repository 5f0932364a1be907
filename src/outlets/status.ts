import type { CulpritCause, CulpritRun } from '../culprit/types.ts';
import type { FileRow, Ledger, TargetInfo, Verdict, View } from '../diagnosis/types.ts';
import type { FieldColumns, FieldName, FieldValues } from '../fields.ts';
import type { Sample } from '../sample/types.ts';
import type { JvmReading } from '../sources/types.ts';

/**
 * The read model: all questions that an outlet (http, live, metrics, page, log) may ask the running program. `target` is an id; undefined
 * means the JVM's container. Errors such as an unknown target or no target are `ApiError`s.
 */
export interface Status {
  targets(): readonly TargetStatus[];
  /** `epoch` -1: the final verdict of the last instance that exited. */
  verdict(target?: string, epoch?: number): Verdict;
  /** What was kept of an instance that exited; `epoch` -1: the last one. */
  finalReport(target: string | undefined, epoch: number): EndedRun;
  /** `open`: for a page that stays open; expensive parts may be a minute old. `once`: for a single request. */
  ledger(target?: string, purpose?: 'once' | 'open'): Promise<Ledger>;
  views(target?: string): readonly View[];
  files(target?: string): readonly FileRow[];
  jvm(target?: string): { readonly jvm: JvmReading } | { readonly jvm: null; readonly reason: string };
  /** A histogram of the heap by class, and the growth since the one before. The JVM runs a full collection for it. */
  histogram(target?: string): Promise<HistogramTake>;
  /** The question about a culprit that runs, or the last answer. */
  culprit(target?: string): CulpritAnswer;
  /** Begins to ask the JVM several times what grows. Only one such question runs at a time. */
  startCulprit(target: string | undefined, cause: CulpritCause, forSeconds: number, release: boolean): CulpritAnswer;
  cancelCulprit(target?: string): CulpritAnswer;
  samples(query: SamplesQuery): Promise<SampleColumns>;
  self(): Readonly<Record<string, unknown>>;
  /** Ready: the cgroup of a container is read. `reason` is a sentence without a path, because the public port shows it. */
  ready(): { readonly ready: boolean; readonly reason: string };
  /** The newest sample of each target, for /metrics. */
  latest(): readonly LatestOfTarget[];
  /** Adds a listener for live messages. Returns a function that removes it. */
  on(listener: (message: LiveMessage) => void): () => void;
}

export interface LatestOfTarget {
  readonly target: TargetInfo;
  readonly sample: Sample | null;
  readonly verdict: Verdict | null;
  /** From what is known already: nothing is read for it. */
  parts(): TargetParts;
}

/** The final verdict of a container instance that exited, its last ledger and its last hour. null: not kept. */
export interface EndedRun {
  readonly verdict: Verdict;
  readonly ledger: unknown;
  /** In the form of `/api/v1/samples`. */
  readonly lastHour: unknown;
}

export interface TargetStatus extends TargetInfo {
  /** Sources that could not be read at the newest tick, and what to do. */
  readonly failures: Sample['failures'];
}

export interface HistogramTake {
  readonly at: string;
  /** Time of the histogram before; null: this is the first, so there is no growth yet. */
  readonly since: string | null;
  /** The ten classes with the most bytes. The container chooses the names. */
  readonly largest: readonly { readonly name: string; readonly instances: number; readonly bytes: number }[];
  /** The ten classes that have grown most since. */
  readonly grown: readonly {
    readonly name: string;
    readonly bytesGrown: number;
    readonly instancesGrown: number;
    readonly bytes: number;
  }[];
  /** Time until the JVM's answer, ms. The JVM was paused for most of it. */
  readonly durationMs: number;
}

/** What /api/v1/culprit answers, also while it runs. */
export type CulpritAnswer = CulpritRun & {
  /** What may be asked, and its price for the JVM in words; `release`: what release=true costs besides, null where a cause does not have it. */
  readonly causes: readonly {
    readonly cause: CulpritCause;
    readonly looks: number;
    readonly cost: string;
    readonly release: string | null;
  }[];
};

export interface SamplesQuery {
  readonly target?: string;
  readonly fields: readonly FieldName[] | null; // null: all
  readonly fromS: number | null;
  readonly toS: number | null;
  readonly points: number | null;
  /** Whether to add minimum and maximum of each point. */
  readonly envelope: boolean;
}

/** What a target consists of. */
export interface TargetParts {
  /** null: not read yet. */
  readonly ledger: Ledger | null;
  readonly jvm: JvmReading | null;
  files(): readonly FileRow[];
}

/** The answer of /api/v1/samples before it is text. The columns are copies, so new samples do not change them. NaN or null is a gap. */
export interface SampleColumns extends Omit<SamplesAnswer, 't' | 'fields' | 'min' | 'max'> {
  readonly t: ArrayLike<number>;
  readonly fields: ReadonlyMap<FieldName, ArrayLike<number | null>>;
  readonly min?: SampleColumns['fields'];
  readonly max?: SampleColumns['fields'];
}

/** The series format, so that `curl … | memhound analyze -` works; null is a gap. */
export interface SamplesAnswer {
  readonly interval_s: number;
  readonly limit_bytes: number | null;
  readonly heap_max_bytes: number | null;
  /** Memory request of the app's container, if the downward API provides it. */
  readonly request_bytes: number | null;
  readonly t: readonly number[];
  readonly fields: FieldColumns;
  /** Minimum and maximum of all samples that a point covers, if `envelope` was requested. So downsampling hides no spike. */
  readonly min?: FieldColumns;
  readonly max?: FieldColumns;
  readonly aux: { readonly events: readonly { readonly t: number; readonly type: string }[] };
}

/** A live message. Each names its target, because a page may show one of several. */
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
      /** `oom-kill`: the kernel ended a process of the container. The container may continue without it. */
      readonly kind: 'restart' | 'oom-kill';
      readonly target: string;
      readonly at: string;
      /** The same as text. */
      readonly reason: string;
    };

/** The tables beside the chart, each with the answer of its API path. Sent to clients that requested this target. */
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
  /** Whether a histogram of the heap and a culprit can be requested: --attach was given, and a token is configured. */
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
  | 'culprit-runs'
  | 'gate';

/** An error as an answer, with its HTTP status. `remediation` has the lines that solve it; null: there are none. */
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
