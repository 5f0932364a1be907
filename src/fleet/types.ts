import type { Verdict } from '../diagnosis/types.ts';
import type { ContainerKey } from '../inputs/prometheus/container-key.ts';
import type { Eta, Trend } from '../trends/types.ts';

/** The object that created the pods, such as a Deployment. */
export interface Owner {
  /** `Deployment`, `StatefulSet` ...; null: derived from the pod's name, because kube-state-metrics is missing. */
  readonly kind: string | null;
  readonly name: string;
}

/** One container of the fleet with its verdict: what a line of `--json` is made of. */
export interface FleetRow extends ContainerKey {
  readonly owner: Owner | null;
  /** Pods of the same workload that it has replaced, the newest first: the verdict counts them as its earlier runs. */
  readonly formerPods: readonly string[];
  /** What memhound beside the container says, where its metrics are scraped: it sees more than cAdvisor. null: there is none. */
  readonly sidecar: SidecarVerdict | null;
  readonly verdict: Verdict;
}

/** What is kept of a row while others are evaluated. The row itself is in the spool. */
export interface RowSummary extends ContainerKey {
  readonly owner: Owner | null;
  readonly formerPods: readonly string[];
  readonly sidecar: SidecarVerdict | null;
  readonly trend: Verdict['trend'];
  /** Where the verdict leaves it open, what the sidecar says. */
  readonly leak: boolean | null;
  readonly confidence: number;
  readonly cause: Verdict['cause'];
  readonly growth: Growth | null;
  readonly eta: Eta | null;
  readonly limitBytes: number | 'max' | null;
}

export interface SidecarVerdict {
  readonly trend: Trend;
  readonly leak: boolean | null;
  readonly confidence: number | null;
  /** The fastest first. */
  readonly causes: readonly { readonly cause: string; readonly bytesPerHour: number }[];
  /** The largest first; empty if the sidecar does not export them (`--metrics-files`). */
  readonly files: readonly { readonly path: string; readonly residentBytes: number }[];
}

/** The growth that leads, in bytes (or counts) an hour, with its 90 % interval. */
export interface Growth {
  readonly field: string;
  readonly bytesPerHour: number;
  readonly low: number | null;
  readonly high: number | null;
}

export interface Chart {
  readonly field: string;
  /** Epoch seconds of the first and the last value, which are evenly spread. */
  readonly from: number;
  readonly to: number;
  readonly values: readonly (number | null)[];
  /** Indexes at which a run begins. */
  readonly restarts: readonly number[];
}

/** Something that was asked for and not obtained: the answer is then partial. */
export interface Missing {
  /** What it is about: a namespace, or some pods. */
  readonly what: string;
  readonly why: string;
  readonly containers: number;
}
