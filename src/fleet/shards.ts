import type { ContainerKey } from '../inputs/prometheus/container-key.ts';
import type { LabelledSeries } from '../inputs/prometheus/labelled-series.ts';
import { RESTART_METRIC } from '../inputs/prometheus/metric-roles.ts';
import type { TimeRange } from './http/prometheus-api.ts';
import { anyOf, type Matcher } from './read/matchers.ts';
import type { Owner, SidecarVerdict } from './types.ts';

/** A container that runs at the end of the range, and what is known of it before its samples are read. */
export interface Candidate {
  readonly key: ContainerKey;
  readonly owner: Owner | null;
  /** Limits that kube-state-metrics reports. */
  readonly limits: readonly LabelledSeries[];
  /** Containers of former pods of its workload that are its earlier lives, the newest first. */
  readonly former: readonly ContainerKey[];
  readonly sidecar: SidecarVerdict | null;
}

/** Containers whose samples are read together: plain data, which a thread can be given. */
export interface Shard {
  /** Each is read by itself, and the answers are joined. */
  readonly reads: readonly (readonly Matcher[])[];
  readonly range: TimeRange;
  readonly candidates: readonly Candidate[];
  /** Series that a read is expected to return. */
  readonly series: number;
}

/**
 * The labels of cAdvisor's series: older installs have `pod_name` and `container_name`, those that do not honour its labels `exported_namespace` and
 * so on. null: the series have none, as without Kubernetes.
 */
export interface LabelNames {
  readonly cluster: string;
  readonly namespace: string;
  readonly pod: string | null;
  readonly container: string | null;
}

export interface ShardPlan {
  readonly range: TimeRange;
  readonly stepSeconds: number;
  readonly mostSamples: number;
  /** Metrics of cgroups, and those of JVMs, that the server has. */
  readonly cgroupMetrics: readonly string[];
  readonly jvmMetrics: readonly string[];
  readonly needsRestartCounts: boolean;
  /** The conditions of the user. */
  readonly selector: readonly Matcher[];
  readonly labels: LabelNames;
}

/**
 * Divides the containers of one namespace into shards of about the same number of samples. A pod is not divided, and a namespace may be larger
 * than all others together, so series are counted, not namespaces.
 */
export function* shardsOf(candidates: readonly Candidate[], plan: ShardPlan): Iterable<Shard> {
  const points = (plan.range.to - plan.range.from) / plan.stepSeconds + 1;
  const metrics = plan.cgroupMetrics.length + plan.jvmMetrics.length;
  const byPod = new Map<string, Candidate[]>();
  for (const candidate of candidates) {
    const { cluster, namespace, pod } = candidate.key;
    const id = JSON.stringify([cluster, namespace, pod]);
    byPod.set(id, [...(byPod.get(id) ?? []), candidate]);
  }
  let shard: Candidate[] = [];
  let samples = 0;
  for (const pod of byPod.values()) {
    // Runs of one container follow each other, so they have together about as many samples as one.
    const ofPod = pod.length * points * metrics;
    const [first] = shard;
    const isOther = first !== undefined && first.key.cluster !== pod[0]!.key.cluster;
    if (first !== undefined && (samples + ofPod > plan.mostSamples || isOther)) {
      yield shardOf(shard, plan);
      shard = [];
      samples = 0;
    }
    shard.push(...pod);
    samples += ofPod;
  }
  if (shard.length > 0) yield shardOf(shard, plan);
}

function shardOf(candidates: readonly Candidate[], plan: ShardPlan): Shard {
  const { cluster, namespace } = candidates[0]!.key;
  const pods = [...new Set(candidates.flatMap(({ key, former }) => [key, ...former].map(({ pod }) => pod)))];
  const place = (namespaceLabel: string, podLabel: string | null): Matcher[] => [
    ...(namespace === '' ? [] : [anyOf(namespaceLabel, [namespace])]),
    ...(cluster === '' ? [] : [anyOf(plan.labels.cluster, [cluster])]),
    ...(podLabel === null || pods.includes('') ? [] : [anyOf(podLabel, pods)]),
  ];
  const cgroup = [
    anyOf('__name__', plan.cgroupMetrics),
    ...place(plan.labels.namespace, plan.labels.pod),
    ...containersOnly(plan.labels.container),
    ...plan.selector,
  ];
  const jvm = [anyOf('__name__', plan.jvmMetrics), ...place('namespace', 'pod')];
  const lives = candidates.reduce((sum, { former }) => sum + 1 + former.length, 0);
  const series = lives * Math.max(plan.cgroupMetrics.length, plan.jvmMetrics.length);
  const reads = [
    cgroup,
    ...(plan.jvmMetrics.length > 0 ? [jvm] : []),
    ...(plan.needsRestartCounts ? restartCounts(namespace, pods) : []),
  ];
  return { reads, range: plan.range, candidates, series };
}

/** kube-state-metrics has the pod in `exported_pod`, unless its labels are honoured. */
const restartCounts = (namespace: string, pods: readonly string[]): Matcher[][] =>
  ['', 'exported_'].map((prefix) => [
    anyOf('__name__', [RESTART_METRIC]),
    ...(namespace === '' ? [] : [anyOf(`${prefix}namespace`, [namespace])]),
    anyOf(`${prefix}pod`, pods),
  ]);

/** The cgroups of pods and the pause containers are series, too. They would be read for nothing. */
export const containersOnly = (label: string | null): Matcher[] =>
  label === null
    ? []
    : [
        { name: label, operator: '!=', value: '' },
        { name: label, operator: '!=', value: 'POD' },
      ];
