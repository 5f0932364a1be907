import { type ContainerKey, isNoContainer, KEY_LABELS, keyOf, keyText } from '../inputs/prometheus/container-key.ts';
import type { LabelledSeries, Labels } from '../inputs/prometheus/labelled-series.ts';
import {
  CGROUP_METRICS,
  JVM_METRICS,
  LIMIT_METRICS,
  RECORDED_METRICS,
  RESTART_METRIC,
} from '../inputs/prometheus/metric-roles.ts';
import { InputError } from '../inputs/series-file.ts';
import { findFormerPods } from './find-former-pods.ts';
import type { PrometheusApi, TimeRange } from './http/prometheus-api.ts';
import { Owners } from './owners.ts';
import { anyOf, type Matcher, selectorText } from './read/matchers.ts';
import { type Candidate, containersOnly, type LabelNames } from './shards.ts';
import { type KnownContainer, SIDECAR_METRICS, sidecarsIn } from './sidecars.ts';
import type { SidecarVerdict } from './types.ts';

/** The metrics that a server has, and where its containers are. */
export interface Inventory {
  readonly cgroupMetrics: readonly string[];
  readonly jvmMetrics: readonly string[];
  /** Whether restarts are known only from kube-state-metrics. */
  readonly needsRestartCounts: boolean;
  readonly hasLimits: boolean;
  readonly hasOwners: boolean;
  readonly hasSidecars: boolean;
  /** The metric by which containers are listed: one that each container has. */
  readonly listedBy: string;
  readonly labels: LabelNames;
  /** '' if the series have no namespace. */
  readonly namespaces: readonly string[];
}

const LISTING: readonly string[] = ['rss', 'working_set_bytes', 'usage_bytes'].flatMap((ending) => [
  `container_memory_${ending}`,
]);
const RECORDED_LISTING: readonly string[] = LISTING.map((name) => `node_namespace_pod_container:${name}`);
const OWNER_METRICS = ['kube_pod_owner', 'kube_replicaset_owner', 'kube_job_owner'];

/** @throws InputError if the server has no metrics of containers */
export async function takeInventory(api: PrometheusApi, selector: readonly Matcher[], range: TimeRange): Promise<Inventory> {
  const names = async (known: readonly string[], more: readonly Matcher[]): Promise<string[]> => {
    const found = new Set(await api.labelValues('__name__', [selectorText([anyOf('__name__', known), ...more])], range));
    return known.filter((name) => found.has(name));
  };
  const ownMetrics = await names(CGROUP_METRICS, selector);
  const cgroupMetrics = LISTING.some((name) => ownMetrics.includes(name)) ? ownMetrics : await names(RECORDED_METRICS, selector);
  const listedBy = [...LISTING, ...RECORDED_LISTING].find((name) => cgroupMetrics.includes(name));
  if (listedBy === undefined) throw new InputError(nothingFound(selector));
  const others = await names([...JVM_METRICS, ...LIMIT_METRICS, ...OWNER_METRICS, RESTART_METRIC, ...SIDECAR_METRICS], []);
  const listed = selectorText([anyOf('__name__', [listedBy]), ...selector]);
  const present = async (...labels: readonly string[]): Promise<string | null> => {
    for (const label of labels) if ((await api.labelValues(label, [listed], range)).length > 0) return label;
    return null;
  };
  const namespaceLabel = (await present('exported_namespace')) ?? 'namespace';
  const namespaces = await api.labelValues(namespaceLabel, [listed], range);
  return {
    cgroupMetrics,
    jvmMetrics: others.filter((name) => JVM_METRICS.includes(name)),
    needsRestartCounts: RECORDED_LISTING.includes(listedBy) && others.includes(RESTART_METRIC),
    hasLimits: others.some((name) => LIMIT_METRICS.includes(name)),
    hasOwners: others.some((name) => OWNER_METRICS.includes(name)),
    hasSidecars: others.some((name) => SIDECAR_METRICS.includes(name)),
    listedBy,
    labels: {
      cluster: api.clusterLabel,
      namespace: namespaceLabel,
      pod: await present('exported_pod', 'pod', 'pod_name'),
      container: await present('exported_container', 'container', 'container_name'),
    },
    namespaces: namespaces.length > 0 ? namespaces : [''],
  };
}

const nothingFound = (selector: readonly Matcher[]): string =>
  `the server has no series of ${LISTING[0]} nor of the recording rules of kubernetes-mixin${
    selector.length > 0 ? ` with ${selectorText(selector)}` : ''
  } in this range: expected a Prometheus that scrapes the kubelets (/metrics/cadvisor); check --selector, --since, and whether this server has the cluster's metrics`;

/** A container counts as running if it had a sample this long before the end of the range. */
export const RUNNING_WITHIN = '15m';

/** The containers of a namespace that run at the end of the range. */
export async function candidatesIn(
  api: PrometheusApi,
  namespace: string,
  inventory: Inventory,
  selector: readonly Matcher[],
  range: TimeRange,
): Promise<Candidate[]> {
  const place: Matcher[] = namespace === '' ? [] : [anyOf(inventory.labels.namespace, [namespace])];
  const listed = [anyOf('__name__', [inventory.listedBy]), ...place, ...containersOnly(inventory.labels.container), ...selector];
  // Other labels, such as those of an image, are most of an answer.
  const by = [api.clusterLabel, ...KEY_LABELS, ...(inventory.labels.pod === null || inventory.hasSidecars ? ['id', 'name'] : [])];
  const running = await api.instant(
    `count by (${[...new Set(by)].join(',')}) (last_over_time(${selectorText(listed)}[${RUNNING_WITHIN}]))`,
    range.to,
  );
  const keys = runningIn(running.map(({ labels }) => ({ ...labels, __name__: inventory.listedBy })));
  if (keys.size === 0) return [];
  const limits = inventory.hasLimits ? await limitsIn(api, namespace, range.to) : new Map<string, LabelledSeries[]>();
  const owners = new Owners(inventory.hasOwners ? await ownersIn(api, namespace, range) : []);
  const former = await findFormerPods(api, {
    listed,
    labels: inventory.labels,
    range,
    owners,
    running: new Map([...keys].map(([text, { key }]) => [text, key])),
  });
  const sidecars = inventory.hasSidecars
    ? await sidecarsIn(api, namespace, [...keys.values()], range.to)
    : new Map<string, SidecarVerdict>();
  return [...keys.values()]
    .map(({ key }) => ({
      key,
      owner: owners.of(key),
      limits: limits.get(keyText(key)) ?? [],
      former: former.get(keyText(key)) ?? [],
      sidecar: sidecars.get(keyText(key)) ?? null,
    }))
    .sort((a, b) => (keyText(a.key) < keyText(b.key) ? -1 : 1));
}

function runningIn(rows: readonly Labels[]): Map<string, KnownContainer> {
  const keys = new Map<string, { readonly key: ContainerKey; readonly cgroupIds: string[] }>();
  for (const labels of rows) {
    const key = keyOf(labels);
    if (isNoContainer(labels, key)) continue;
    const known = keys.get(keyText(key)) ?? { key, cgroupIds: [] };
    keys.set(keyText(key), known);
    if (labels.id !== undefined) known.cgroupIds.push(labels.id);
  }
  return keys;
}

/** Selectors for metrics of kube-state-metrics, whose own namespace may hide the reported one. */
const byEither = (metrics: readonly string[], namespace: string, more: readonly Matcher[] = []): string[] =>
  (namespace === '' ? [[]] : [[anyOf('namespace', [namespace])], [anyOf('exported_namespace', [namespace])]]).map((place) =>
    selectorText([anyOf('__name__', metrics), ...place, ...more]),
  );

async function limitsIn(api: PrometheusApi, namespace: string, at: number): Promise<Map<string, LabelledSeries[]>> {
  const memory: Matcher = { name: 'resource', operator: '=~', value: 'memory|' };
  const byKey = new Map<string, LabelledSeries[]>();
  for (const selector of byEither(LIMIT_METRICS, namespace, [memory]))
    for (const row of await api.instant(selector, at)) {
      const key = keyText(keyOf(row.labels));
      byKey.set(key, [...(byKey.get(key) ?? []), row]);
    }
  return byKey;
}

const ownersIn = (api: PrometheusApi, namespace: string, range: TimeRange): Promise<Labels[]> =>
  api.series(byEither(OWNER_METRICS, namespace), range);
