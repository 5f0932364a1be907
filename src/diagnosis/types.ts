import type { Culprit } from '../culprit/types.ts';
import type { Collector } from '../sources/jvm/collectors.ts';
import type { FileHolders, FileObservation, Limit, Reach } from '../sources/types.ts';
import type { Cause, CauseBasis, CauseShare, Eta, FieldTrends, Trend } from '../trends/types.ts';
import type { AnonGrowth } from './growth/anon-growth.ts';
import type { LedgerPartId, TopPartId } from './ledger/part-table.ts';
import type { Sentence } from './sentence.ts';

/** The public forms. Their names are a contract: see docs/api.md. */

export interface TargetInfo {
  readonly id: string;
  /** The container's name in the pod's manifest if it is known, else the JVM's main class or jar, else the process's name. */
  readonly name: string;
  /** The short container id. */
  readonly container: string | null;
  readonly pid: number | null;
  readonly reach: Reach;
  readonly cgroup: { readonly version: 1 | 2; readonly path: string };
  readonly limitBytes: Limit;
  /** JVMs in the same cgroup. Usage includes them, but the heap's values do not. */
  readonly otherJvms: readonly { readonly pid: number; readonly name: string }[];
  readonly jvm: { readonly evidence: string; readonly version: string | null; readonly collector: Collector | null } | null;
}

/**
 * What a limit bounds. `memory`: the cgroup; `memory-and-swap`: the cgroup and its swap; `tcp-memory`: socket buffers on cgroup v1;
 * `file-system`: the disk that the files lie on; the others have the names of their settings.
 */
export type LimitKind =
  | 'memory'
  | 'memory-and-swap'
  | 'memory-high'
  | 'memory-request'
  | 'swap'
  | 'tcp-memory'
  | 'heap-max'
  | 'file-system'
  | 'ephemeral-storage';

/** What was compared with the limit. `planned`: -Xmx and the memory outside the heap. */
export type LevelKind =
  | 'usage'
  | 'working-set'
  | 'unreclaimable'
  | 'unreclaimable-and-swap'
  | 'swap'
  | 'socket-buffers'
  | 'live-set'
  | 'planned'
  | 'disk-space';

/** The limit that a finding is measured against, and the level that it compares with it. */
export interface FindingLimit {
  readonly kind: LimitKind;
  /** 'max': no limit is set; null: not known. */
  readonly bytes: Limit;
  readonly level: LevelKind;
  readonly levelBytes: number | null;
}

export interface Finding {
  readonly rule: string;
  readonly severity: 'info' | 'warn' | 'critical';
  readonly title: string;
  /** The title in parts: text, file names and times are separate. */
  readonly titleParts: Sentence;
  /** The outcome in a few words ("close to an OOM kill"); null: the title already says it. */
  readonly outcome: string | null;
  readonly evidence: Readonly<Record<string, unknown>>;
  readonly advice: string;
  /** What the JVM named when it was asked what grows, and when; absent: it was not asked about this cause, or named nothing. */
  readonly culprit?: Extract<Culprit, { state: 'named' | 'recorded' }> & { readonly at: string };
  /** The limit that it is measured against; null: it compares nothing with a limit. */
  readonly limit: FindingLimit | null;
}

/** `likely`: the kernel's count could no longer be read, but unreclaimable memory was at the limit. */
export type OomKilled = 'recorded' | 'likely' | 'no';

/** After "the container ended at …". */
export const OOM_KILLED_TEXTS: Readonly<Record<OomKilled, string>> = {
  recorded: ', OOM-killed',
  likely: ', at its limit: most likely OOM-killed',
  no: '',
};

export interface Verdict {
  readonly schema: 'memhound.verdict/2';
  readonly at: string;
  readonly target: TargetInfo | { readonly id: string; readonly reach: Reach };
  readonly trend: Trend;
  readonly leak: boolean | null;
  readonly confidence: number;
  readonly cause: Cause;
  readonly causes: readonly CauseShare[];
  readonly headline: string;
  /** The headline in parts: text, file names and times are separate. */
  readonly headlineParts: Sentence;
  /** The rule that gave the headline; null: no rule did, and it states the trend. */
  readonly headlineRule: string | null;
  readonly eta: Eta | null;
  readonly etas: readonly Eta[];
  /** In a final verdict: the time at which the container ended, and whether the OOM killer ended it; null: it is running. */
  readonly ended: { readonly at: string; readonly oomKilled: OomKilled } | null;
  readonly needs: { readonly hours: number; readonly for: string } | null;
  readonly findings: readonly Finding[];
  /** The growth by part, from the ledger over time; null: it was not read often enough, or the growth is too small. */
  readonly growth: { readonly anon: AnonGrowth | null };
  readonly fields: FieldTrends;
  /** What the confidence in each cause rests on, as the fields alone show it. */
  readonly causeBasis: readonly CauseBasis[];
}

export interface LedgerPart {
  /** Identifies the part for programs; `name` is for people. */
  readonly id: LedgerPartId;
  readonly name: string;
  readonly bytes: number;
  readonly lowBytes: number;
  readonly highBytes: number;
  readonly reclaimable: boolean | null;
  readonly how: 'read' | 'measured' | 'derived' | 'estimated';
  readonly at: string;
  readonly note?: string;
  /** What it has in swap besides, which is no part of usage; absent if it has none. */
  readonly swapBytes?: number;
  /** Its growth since the trend of anonymous memory began; absent if it is not known or below 1 MiB. */
  readonly grewBytes?: number;
  /** Of the page cache: bytes that are active, inactive, dirty, mapped. They overlap, so they are not parts. */
  readonly pageStates?: Readonly<Record<string, number>>;
  readonly parts?: readonly LedgerPart[];
}

/** Bytes that the kernel cannot reclaim. */
export interface SharedLimit {
  readonly heldElsewhereBytes: number;
  /** The part of it that no running container of the pod has; null: the group above is not a pod. */
  readonly heldByEndedBytes: number | null;
}

export interface Ledger {
  readonly at: string;
  readonly totalBytes: number;
  readonly limitBytes: Limit;
  readonly boundBytes: number;
  readonly unexplainedBytes: number;
  /** The reason for the bound, in one sentence. */
  readonly boundNote: string;
  /** Where the limit is that of a visible group above, such as the pod: what others hold of it, outside of `totalBytes`; absent: it is the container's. */
  readonly sharedLimit?: SharedLimit;
  readonly parts: readonly LedgerPart[];
}

/** The numbers that tools show, each by tool and metric. */
export type ViewId =
  | 'kubectl-top'
  | 'cadvisor-working-set'
  | 'cadvisor-usage'
  | 'cadvisor-rss'
  | 'cadvisor-cache'
  | 'docker-stats'
  | 'podman-stats'
  | 'crictl-stats'
  | 'ecs-memory-utilized'
  | 'newrelic-used'
  | 'newrelic-working-set'
  | 'datadog-usage'
  | 'datadog-working-set'
  | 'datadog-rss'
  | 'netdata'
  | 'coroot-rss'
  | 'oom-killer'
  | 'unreclaimable'
  | 'micrometer-heap-used'
  | 'micrometer-heap-committed'
  | 'nmt-committed'
  | 'ps-rss'
  | 'free';

export interface View {
  /** Identifies the number for programs; `tool` and `metric` are for people. */
  readonly id: ViewId;
  readonly tool: string;
  readonly metric: string;
  readonly bytes: number | null;
  readonly formula: string;
  readonly note: string;
  /** The parts of the ledger that it includes. */
  readonly countedParts: readonly TopPartId[];
}

export interface FileRow extends Omit<FileObservation, 'foundLate'>, FileHolders {
  readonly allocatedBytes: number | null;
  readonly mtimeMs: number | null;
  /** The rate of `allocatedBytes`, or of `sizeBytes` if that is not known. */
  readonly growthBytesPerHour: number | null;
  readonly residentGrowthBytesPerHour: number | null;
  /** The part of `residentBytes` that can be charged to this container; null: not known. Pages are charged to the cgroup that touched them first. */
  readonly chargedBytes: number | null;
  /** `residency` as one text: the method, or "unknown: " and the reason. */
  readonly method: string;
  /** The processes of `pids` with what they are called: the command, and the main class or jar of a JVM. null: it is not known. */
  readonly holders: readonly { readonly pid: number; readonly name: string | null }[];
}
