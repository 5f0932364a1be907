import type { Random } from '../random.ts';
import type { FleetContainer } from './fleet.ts';

/** A series as a server stores it. Times are epoch ms. */
export interface StoredSeries {
  readonly labels: Readonly<Record<string, string>>;
  readonly tMs: readonly number[];
  readonly v: readonly number[];
}

/** What people have installed: which metrics and labels are left of what cAdvisor reports. */
export const INSTALLS = ['plain', 'kube-prometheus-stack', 'old labels', 'two replicas', 'recording rules'] as const;
export type Install = (typeof INSTALLS)[number];

const FIELDS: Readonly<Record<string, string>> = {
  usage: 'container_memory_usage_bytes',
  working_set: 'container_memory_working_set_bytes',
  anon: 'container_memory_rss',
  file: 'container_memory_cache',
  active_file: 'container_memory_total_active_file_bytes',
  inactive_file: 'container_memory_total_inactive_file_bytes',
};
const RECORDED = ['usage', 'working_set', 'anon', 'file'];

/** A node scrapes all its containers at its own moment. */
export interface Place {
  readonly toS: number;
  readonly hours: number;
  readonly stepS: number;
}

/** All series of a container in an install, its pod's cgroup and its pause container included. */
export function* seriesOf(made: FleetContainer, install: Install, place: Place, random: Random): Iterable<StoredSeries> {
  const node = `node-${Math.floor(random.between(0, 12))}`;
  const offsetS = Math.floor(random.between(0, place.stepS));
  const podUid = hex(random, 32);
  const isOld = install === 'old labels';
  const isRecorded = install === 'recording rules';
  const runStarts: number[] = [];
  let fromS = place.toS - place.hours * 3600 + offsetS - place.stepS;
  for (const { series } of made.runs) {
    const run = hex(random, 64);
    const { keep, t } = rising(series.t, fromS, place.toS);
    runStarts.push(t[0] ?? fromS);
    fromS = (t[t.length - 1] ?? fromS) + place.stepS;
    const names = isOld ? { pod_name: made.pod, container_name: made.container } : { pod: made.pod, container: made.container };
    const labels = isRecorded
      ? { namespace: made.namespace, ...names, node }
      : {
          namespace: made.namespace,
          ...names,
          id: `/kubepods/burstable/pod${podUid}/${run}`,
          name: `k8s_${made.container}_${made.pod}`,
          image: `registry.example/${made.workload}:1`,
          node,
          instance: `${node}:10250`,
          job: 'kubelet',
        };
    for (const [field, metric] of Object.entries(FIELDS)) {
      if (isRecorded && !RECORDED.includes(field)) continue;
      const column = series.fields.get(field as never);
      if (column === undefined) continue;
      const name = isRecorded ? `node_namespace_pod_container:${metric}` : metric;
      const v = keep.map((i) => column[i]!);
      const tMs = t.map((s) => s * 1000);
      const replicas = install === 'two replicas' ? ['a', 'b'] : [null];
      for (const [r, replica] of replicas.entries())
        yield {
          labels: { __name__: name, ...labels, ...(replica !== null && { prometheus_replica: replica }) },
          tMs: r === 0 ? tMs : tMs.map((at) => at + 7000),
          v,
        };
      if (!isRecorded && (field === 'anon' || field === 'usage')) {
        const { pod, container, pod_name, container_name, name: _n, image: _i, ...pods } = labels as Record<string, string>;
        const podLabel: Record<string, string> = isOld ? { pod_name: made.pod } : { pod: made.pod };
        yield {
          labels: { __name__: name, ...pods, ...podLabel, id: `/kubepods/burstable/pod${podUid}` },
          tMs,
          v: v.map((x) => x + 500_000),
        };
        const pause: Record<string, string> = isOld ? { container_name: 'POD' } : { container: 'POD' };
        yield {
          labels: { __name__: name, ...pods, ...podLabel, ...pause, id: `/kubepods/burstable/pod${podUid}/pause` },
          tMs,
          v: v.map(() => 500_000),
        };
      }
    }
    if (install === 'plain' || isOld || install === 'two replicas')
      yield {
        labels: { __name__: 'container_spec_memory_limit_bytes', ...labels },
        tMs: t.map((s) => s * 1000),
        v: t.map(() => made.limit),
      };
  }
  if (!isOld) yield* kubeState(made, install, place, runStarts);
}

/** kube-state-metrics: of itself in `pod`, of the reported pod in `exported_pod`, unless its labels are honoured. */
function* kubeState(
  made: FleetContainer,
  install: Install,
  { toS, hours, stepS }: Place,
  runStarts: readonly number[],
): Iterable<StoredSeries> {
  const exported = install === 'recording rules';
  const of = (labels: Record<string, string>): Record<string, string> =>
    exported
      ? {
          namespace: 'monitoring',
          pod: 'kube-state-metrics-0',
          container: 'kube-state-metrics',
          ...Object.fromEntries(Object.entries(labels).map(([name, value]) => [`exported_${name}`, value])),
        }
      : labels;
  const tMs: number[] = [];
  for (let s = toS - Math.min(hours, 24) * 3600; s <= toS; s += stepS) tMs.push(s * 1000);
  const allMs: number[] = [];
  for (let s = toS - hours * 3600; s <= toS; s += stepS) allMs.push(s * 1000);
  const pod = of({ namespace: made.namespace, pod: made.pod });
  const container = of({ namespace: made.namespace, pod: made.pod, container: made.container });
  const series = (labels: Record<string, string>, value: number): StoredSeries => ({ labels, tMs, v: tMs.map(() => value) });
  for (const [resource, value] of [
    ['memory', made.limit],
    ['cpu', 2],
  ] as const)
    yield series(
      { __name__: 'kube_pod_container_resource_limits', ...container, resource, unit: resource === 'memory' ? 'byte' : 'core' },
      value,
    );
  const beginsMs = runStarts.map((startS) => startS * 1000);
  yield {
    labels: { __name__: 'kube_pod_container_status_restarts_total', ...container },
    tMs: allMs,
    v: allMs.map((at) => beginsMs.filter((begin) => begin <= at).length - 1).map((n) => Math.max(0, n)),
  };
  const replicaSet = made.pod.replace(/-[^-]+$/, '');
  const owner = made.kind === 'Deployment' ? ['ReplicaSet', replicaSet] : ['StatefulSet', made.workload];
  yield series({ __name__: 'kube_pod_owner', ...pod, owner_kind: owner[0]!, owner_name: owner[1]! }, 1);
  if (made.kind === 'Deployment')
    yield series(
      {
        __name__: 'kube_replicaset_owner',
        ...of({ namespace: made.namespace }),
        replicaset: replicaSet,
        owner_kind: 'Deployment',
        owner_name: made.workload,
      },
      1,
    );
}

/** Indexes of samples whose times rise, and their times from `fromS` on; a clock that was set back is none of a server's. */
function rising(t: Float64Array, fromS: number, toS: number): { readonly keep: number[]; readonly t: number[] } {
  const keep: number[] = [];
  const times: number[] = [];
  for (let i = 0; i < t.length; i++) {
    const at = Math.round(fromS + t[i]! - t[0]!);
    if (at <= (times[times.length - 1] ?? -1) || at > toS) continue;
    keep.push(i);
    times.push(at);
  }
  return { keep, t: times };
}

const hex = (random: Random, n: number): string =>
  Array.from({ length: n }, () => Math.floor(random.between(0, 16)).toString(16)).join('');
