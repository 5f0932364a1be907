import type { FieldId } from '../../fields.ts';
import type { Labels } from './labelled-series.ts';

/** What a series tells about a container. */
export type MetricRole =
  /** `recorded`: by a recording rule, which drops the labels that tell runs apart. */
  | { readonly kind: 'cgroup'; readonly field: FieldId; readonly recorded: boolean }
  /** A value of the JVM. The pools of a field are added. */
  | { readonly kind: 'jvm'; readonly field: FieldId; readonly pool: string }
  | { readonly kind: 'limit' }
  | { readonly kind: 'heap-max'; readonly pool: string }
  /** Its value is the start of the container, so a change is a restart. */
  | { readonly kind: 'start-time' }
  /** A counter of restarts. */
  | { readonly kind: 'restart-count' };

/** cAdvisor's metrics, in the endings that the recording rules of kubernetes-mixin have too. `container_memory_kernel_usage` is missing: it is always 0 on cgroup v2. */
const CADVISOR: Readonly<Record<string, FieldId>> = {
  container_memory_usage_bytes: 'usage',
  container_memory_working_set_bytes: 'working_set',
  container_memory_rss: 'anon',
  container_memory_cache: 'file',
  container_memory_mapped_file: 'file_mapped',
  container_memory_total_active_file_bytes: 'active_file',
  container_memory_total_inactive_file_bytes: 'inactive_file',
  container_memory_swap: 'swap',
  container_threads: 'threads',
};
/** Kubernetes-mixin records this name before a metric's own. */
const RECORDED = 'node_namespace_pod_container:';

const JVM_THREADS: ReadonlySet<string> = new Set(['jvm_threads_live_threads', 'jvm_threads_current']);
const POOLS: ReadonlySet<string> = new Set(['jvm_memory_used_bytes', 'jvm_memory_bytes_used']);
const POOL_LIMITS: ReadonlySet<string> = new Set(['jvm_memory_max_bytes', 'jvm_memory_bytes_max']);

/** kube-state-metrics 2, with a label `resource`, and 1.x. */
const REQUESTED_LIMIT = 'kube_pod_container_resource_limits';
const REQUESTED_LIMIT_1 = 'kube_pod_container_resource_limits_memory_bytes';
const SPEC_LIMIT = 'container_spec_memory_limit_bytes';
const START_TIME = 'container_start_time_seconds';

/** Metrics of the cgroup, in the order in which an error lists them. */
export const CGROUP_METRICS: readonly string[] = [...Object.keys(CADVISOR), SPEC_LIMIT, START_TIME];

/** The same as recording rules. */
export const RECORDED_METRICS: readonly string[] = ['usage_bytes', 'working_set_bytes', 'rss', 'cache', 'swap'].map(
  (ending) => `${RECORDED}container_memory_${ending}`,
);

/** Metrics of a JVM, by Micrometer and by the JMX exporter. */
export const JVM_METRICS: readonly string[] = [...JVM_THREADS, ...POOLS, ...POOL_LIMITS];

export const LIMIT_METRICS: readonly string[] = [REQUESTED_LIMIT, REQUESTED_LIMIT_1];

/** kube-state-metrics counts restarts: it tells runs apart where recording rules have dropped the labels that do. */
export const RESTART_METRIC = 'kube_pod_container_status_restarts_total';

/** The role of a series; null: it tells nothing that memhound uses. */
export function roleOf(labels: Labels): MetricRole | null {
  const name = labels.__name__ ?? '';
  const metric = name.startsWith(RECORDED) ? name.slice(RECORDED.length) : name;
  if (Object.hasOwn(CADVISOR, metric)) return { kind: 'cgroup', field: CADVISOR[metric]!, recorded: metric !== name };
  if (JVM_THREADS.has(name)) return { kind: 'jvm', field: 'threads', pool: '' };
  if (POOLS.has(name)) return poolOf(labels);
  if (POOL_LIMITS.has(name)) return labels.area === 'heap' ? { kind: 'heap-max', pool: labels.id ?? '' } : null;
  if (name === SPEC_LIMIT || name === REQUESTED_LIMIT_1) return { kind: 'limit' };
  // A series without the label was reduced to memory by its query.
  if (name === REQUESTED_LIMIT) return (labels.resource ?? 'memory') === 'memory' ? { kind: 'limit' } : null;
  if (name === RESTART_METRIC) return { kind: 'restart-count' };
  return name === START_TIME ? { kind: 'start-time' } : null;
}

function poolOf(labels: Labels): MetricRole | null {
  if (labels.area === 'heap') return { kind: 'jvm', field: 'heap_used', pool: labels.id ?? '' };
  return labels.id === 'Metaspace' ? { kind: 'jvm', field: 'metaspace', pool: 'Metaspace' } : null;
}
