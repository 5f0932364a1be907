import type { Labels } from './labelled-series.ts';

/** What identifies a container through its restarts. A part that the labels do not have is ''. */
export interface ContainerKey {
  readonly cluster: string;
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

export const keyText = ({ cluster, namespace, pod, container }: ContainerKey): string =>
  [cluster, namespace, pod, container].filter((part) => part !== '').join('/');

/**
 * Metrics that report on other pods than their own target. Unless its labels are honoured, the target's own `namespace` or `pod` stays, and
 * Prometheus renames the reported one to `exported_namespace` or `exported_pod`.
 */
const isReport = (labels: Labels): boolean => /^kube_|(?:^|:)container_/.test(labels.__name__ ?? '');

/** The labels that keys of containers in Kubernetes are made of. */
export const KEY_LABELS: readonly string[] = [
  'cluster',
  ...['namespace', 'exported_namespace'],
  ...['pod', 'exported_pod', 'pod_name'],
  ...['container', 'exported_container', 'container_name'],
];

/** The key of a series. Before Kubernetes 1.16 cAdvisor wrote `pod_name` and `container_name`. */
export function keyOf(labels: Labels): ContainerKey {
  const isReported = isReport(labels);
  const first = (...names: readonly string[]): string => {
    for (const name of names) if (labels[name]) return labels[name];
    return '';
  };
  const of = (name: string, old: string): string =>
    isReported ? first(`exported_${name}`, name, old) : first(name, old, `exported_${name}`);
  const pod = of('pod', 'pod_name');
  // The cgroup of a pod has no container: what stands there is the container of the exporter.
  const isOfExporter = isReported && labels.exported_pod !== undefined && labels.exported_container === undefined;
  const container = isOfExporter ? '' : of('container', 'container_name');
  return {
    cluster: labels.cluster ?? '',
    namespace: isReported ? first('exported_namespace', 'namespace') : first('namespace', 'exported_namespace'),
    pod,
    // Without Kubernetes, `name` is the name of the container.
    container: container === '' && pod === '' && labels.id !== undefined ? first('name') : container,
  };
}

/** cAdvisor also reports the pause container, the cgroup of each pod, slices and the root. Their memory is not a container's, or counts twice. */
export function isNoContainer(labels: Labels, { pod, container }: ContainerKey): boolean {
  if (container === 'POD') return true;
  if (container !== '') return false;
  const isCgroup = labels.__name__?.startsWith('container_') ?? false;
  return isCgroup && (pod !== '' || (labels.id !== undefined && /^\/$|\.slice$|^\/(?:kubepods|system|user)\b/.test(labels.id)));
}

/** The id of a container at the end of its cgroup's path: `.../ID` and `.../cri-containerd-ID.scope`. */
const CONTAINER_ID = /[0-9a-f]{64}(?=(?:\.scope)?$)/;

/**
 * What identifies a run of a container: its id in the cgroup's path. What is before it may change without a restart, as where another version of
 * the node's agent names the path in another way. Some installs drop the path; then a pod that moves to
 * another node, or gets another image, is another run. Labels of the replica that scraped differ without a restart.
 */
export function runOf(labels: Labels): string {
  const { id, name, node, instance, image } = labels;
  if (id !== undefined && id !== '') return CONTAINER_ID.exec(id)?.[0] ?? id;
  return [node ?? instance ?? '', image ?? '', name ?? ''].join('\n');
}
