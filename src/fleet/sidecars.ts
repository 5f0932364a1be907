import { type ContainerKey, keyOf, keyText } from '../inputs/prometheus/container-key.ts';
import type { LabelledSeries } from '../inputs/prometheus/labelled-series.ts';
import { TRENDS, type Trend } from '../trends/types.ts';
import type { PrometheusApi } from './http/prometheus-api.ts';
import { anyOf, selectorText } from './read/matchers.ts';
import type { SidecarVerdict } from './types.ts';

const INFO = 'memhound_target_info';
const METRICS = {
  trend: 'memhound_verdict_trend',
  leak: 'memhound_verdict_leak',
  confidence: 'memhound_verdict_confidence_ratio',
  cause: 'memhound_verdict_cause_bytes_per_hour',
  file: 'memhound_file_resident_bytes',
} as const;
/** By these a server that scrapes sidecars is known. */
export const SIDECAR_METRICS: readonly string[] = [INFO, ...Object.values(METRICS)];

/** A running container, with the ids of cgroups in its series. */
export interface KnownContainer {
  readonly key: ContainerKey;
  readonly cgroupIds: readonly string[];
}

/** What the sidecars of a namespace say of these containers, by keys. */
export async function sidecarsIn(
  api: PrometheusApi,
  namespace: string,
  containers: readonly KnownContainer[],
  at: number,
): Promise<Map<string, SidecarVerdict>> {
  const place = namespace === '' ? [] : [anyOf('namespace', [namespace])];
  const rows = await api.instant(selectorText([anyOf('__name__', SIDECAR_METRICS), ...place]), at);
  const targets = new Map<string, LabelledSeries[]>();
  for (const row of rows) {
    const id = targetOf(row);
    targets.set(id, [...(targets.get(id) ?? []), row]);
  }
  const found = new Map<string, SidecarVerdict>();
  for (const series of targets.values()) {
    const info = series.find(({ labels }) => labels.__name__ === INFO);
    const container = info === undefined ? null : containerOf(info, containers);
    if (container === null) continue;
    const verdict = verdictOf(series);
    const text = keyText(container.key);
    // Each JVM of a container is a target of its own; the one that leaks counts.
    if (verdict !== null && (!found.has(text) || verdict.leak === true)) found.set(text, verdict);
  }
  return found;
}

const targetOf = ({ labels }: LabelledSeries): string =>
  JSON.stringify([labels.cluster, labels.namespace, labels.pod, labels.instance, labels.target]);

/** The container with this id, which the path of its cgroup contains; else the only one of the pod. */
function containerOf({ labels }: LabelledSeries, containers: readonly KnownContainer[]): KnownContainer | null {
  const { cluster, namespace, pod } = keyOf(labels);
  const id = labels.container_id ?? '';
  const inCluster = containers.filter(({ key }) => key.cluster === cluster && key.namespace === namespace);
  if (id !== '') {
    const byId = inCluster.find(({ cgroupIds }) => cgroupIds.some((path) => path.includes(id)));
    if (byId !== undefined) return byId;
  }
  const ofPod = inCluster.filter(({ key }) => key.pod === pod && key.container !== 'memhound');
  return ofPod.length === 1 ? ofPod[0]! : null;
}

/** null: the sidecar has no verdict yet. */
function verdictOf(series: readonly LabelledSeries[]): SidecarVerdict | null {
  const of = (metric: string) =>
    series
      .filter(({ labels }) => labels.__name__ === metric)
      .map(({ labels, v }) => ({ labels, value: v[v.length - 1] ?? Number.NaN }));
  const trend = of(METRICS.trend).find(({ value }) => value === 1)?.labels.trend;
  if (!isTrend(trend)) return null;
  const [leak] = of(METRICS.leak);
  const [confidence] = of(METRICS.confidence);
  return {
    trend,
    leak: leak === undefined ? null : leak.value === 1,
    confidence: confidence?.value ?? null,
    causes: of(METRICS.cause)
      .map(({ labels, value }) => ({ cause: labels.cause ?? '', bytesPerHour: value }))
      .sort((a, b) => b.bytesPerHour - a.bytesPerHour),
    files: of(METRICS.file)
      .map(({ labels, value }) => ({ path: labels.path ?? '', residentBytes: value }))
      .sort((a, b) => b.residentBytes - a.residentBytes),
  };
}

const isTrend = (text: string | undefined): text is Trend => (TRENDS as readonly (string | undefined)[]).includes(text);
