import { type ContainerKey, isNoContainer, keyOf, keyText } from '../inputs/prometheus/container-key.ts';
import { formerLives, type Life, STEP_S } from './former-pods.ts';
import type { PrometheusApi, TimeRange } from './http/prometheus-api.ts';
import type { Owners } from './owners.ts';
import { anyOf, type Matcher, selectorText } from './read/matchers.ts';
import type { LabelNames } from './shards.ts';
import type { Owner } from './types.ts';

export interface FormerPodsQuestion {
  /** Selects the containers of a namespace, by the metric that each has. */
  readonly listed: readonly Matcher[];
  readonly labels: LabelNames;
  readonly range: TimeRange;
  readonly owners: Owners;
  readonly running: ReadonlyMap<string, ContainerKey>;
}

/** Each run of a job has a pod of its own, which is no life of another. */
const NO_LIVES: ReadonlySet<string> = new Set(['Job', 'CronJob', 'Node']);
const hasLives = (owner: Owner | null): owner is Owner => owner !== null && !NO_LIVES.has(owner.kind ?? '');
/** More pods than these for each that runs are no lives of a service. */
const MOST_PODS = 50;
/** Pods that are asked for at once: a selector of some KiB. */
const PODS_AT_ONCE = 100;
const MOST_POINTS = 5000;
/** A container that has run for this share of the range needs no other lives. */
const LONG_ENOUGH = 0.5;

/** For running containers, by their keys: the containers of former pods of the same workload that are their earlier lives, the newest first. */
export async function findFormerPods(
  api: PrometheusApi,
  { listed, labels, range, owners, running }: FormerPodsQuestion,
): Promise<Map<string, ContainerKey[]>> {
  const found = new Map<string, ContainerKey[]>();
  if (labels.pod === null || labels.container === null) return found;
  const keys = [...running.values()];
  const clusters = [...new Set(keys.map(({ cluster }) => cluster))];
  const alive = new Set(keys.map(({ pod }) => pod));
  // Names are a small part of what all series of the range are, and mostly nothing was replaced.
  const gone = (await api.labelValues(labels.pod, [selectorText(listed)], range)).filter(
    (pod) => !alive.has(pod) && clusters.some((cluster) => hasLives(owners.of({ cluster, namespace: keys[0]!.namespace, pod }))),
  );
  const workloads = new Map<string, Map<string, ContainerKey>>();
  const add = (key: ContainerKey): void => {
    const owner = owners.of(key);
    if (!hasLives(owner)) return;
    const workload = JSON.stringify([key.cluster, owner.kind, owner.name, key.container]);
    workloads.set(workload, (workloads.get(workload) ?? new Map<string, ContainerKey>()).set(keyText(key), key));
  };
  for (const key of keys) add(key);
  for (const pods of inGroups(gone, PODS_AT_ONCE))
    for (const row of await api.series([selectorText([...listed, anyOf(labels.pod, pods)])], range)) {
      const key = keyOf(row);
      if (!isNoContainer(row, key)) add(key);
    }
  const replaced = [...workloads.values()].filter((lives) => {
    const runs = [...lives.keys()].filter((key) => running.has(key)).length;
    return runs > 0 && runs < lives.size && lives.size <= MOST_PODS * runs;
  });
  const lives = await livesOf(api, [...new Set(replaced.flatMap((some) => [...some.values()].map(({ pod }) => pod)))], {
    listed,
    range,
    by: [api.clusterLabel, labels.namespace, labels.pod, labels.container],
    podLabel: labels.pod,
  });
  for (const some of replaced) {
    const own = [...some.keys()].flatMap((key) => lives.get(key) ?? []);
    for (const [head, chain] of formerLives(own, ({ key }) => running.has(keyText(key))))
      if (chain.length > 0 && head.from > range.from + LONG_ENOUGH * (range.to - range.from))
        found.set(
          keyText(head.key),
          chain.map(({ key }) => key),
        );
  }
  return found;
}

function* inGroups<T>(items: readonly T[], size: number): Iterable<T[]> {
  for (let at = 0; at < items.length; at += size) yield items.slice(at, at + size);
}

async function livesOf(
  api: PrometheusApi,
  pods: readonly string[],
  { listed, range, by, podLabel }: { listed: readonly Matcher[]; range: TimeRange; by: readonly string[]; podLabel: string },
): Promise<Map<string, Life>> {
  const step = Math.max(STEP_S, Math.ceil((range.to - range.from) / MOST_POINTS));
  const lives = new Map<string, Life>();
  for (const group of inGroups(pods, PODS_AT_ONCE)) {
    const some = selectorText([...listed, anyOf(podLabel, group)]);
    const rows = await api.range(`count by (${by.join(',')}) (last_over_time(${some}[${step}s]))`, range, step);
    for (const { labels, t } of rows) {
      const key = keyOf(labels);
      if (t.length > 0) lives.set(keyText(key), { key, from: t[0]!, to: t[t.length - 1]! });
    }
  }
  return lives;
}
