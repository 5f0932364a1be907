import { type ContainerKey, isNoContainer, keyOf, keyText } from '../inputs/prometheus/container-key.ts';
import { formerLives, type Life, STEP_S } from './former-pods.ts';
import type { PrometheusApi, TimeRange } from './http/prometheus-api.ts';
import type { Owners } from './owners.ts';
import { anyOf, type Matcher, selectorText } from './read/matchers.ts';
import type { LabelNames } from './shards.ts';

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
  const workloads = new Map<string, Map<string, ContainerKey>>();
  for (const row of await api.series([selectorText(listed)], range)) {
    const key = keyOf(row);
    const owner = owners.of(key);
    if (isNoContainer(row, key) || owner === null || NO_LIVES.has(owner.kind ?? '')) continue;
    const workload = JSON.stringify([key.cluster, owner.kind, owner.name, key.container]);
    workloads.set(workload, (workloads.get(workload) ?? new Map<string, ContainerKey>()).set(keyText(key), key));
  }
  const replaced = [...workloads.values()].filter((keys) => {
    const alive = [...keys.keys()].filter((key) => running.has(key)).length;
    return alive > 0 && alive < keys.size && keys.size <= MOST_PODS * alive;
  });
  const lives = await livesOf(api, [...new Set(replaced.flatMap((keys) => [...keys.values()].map(({ pod }) => pod)))], {
    listed,
    range,
    by: [api.clusterLabel, labels.namespace, labels.pod, labels.container],
    podLabel: labels.pod,
  });
  for (const keys of replaced) {
    const own = [...keys.keys()].flatMap((key) => lives.get(key) ?? []);
    for (const [head, chain] of formerLives(own, ({ key }) => running.has(keyText(key))))
      if (chain.length > 0 && head.from > range.from + LONG_ENOUGH * (range.to - range.from))
        found.set(
          keyText(head.key),
          chain.map(({ key }) => key),
        );
  }
  return found;
}

async function livesOf(
  api: PrometheusApi,
  pods: readonly string[],
  { listed, range, by, podLabel }: { listed: readonly Matcher[]; range: TimeRange; by: readonly string[]; podLabel: string },
): Promise<Map<string, Life>> {
  const step = Math.max(STEP_S, Math.ceil((range.to - range.from) / MOST_POINTS));
  const lives = new Map<string, Life>();
  for (let at = 0; at < pods.length; at += PODS_AT_ONCE) {
    const some = selectorText([...listed, anyOf(podLabel, pods.slice(at, at + PODS_AT_ONCE))]);
    const rows = await api.range(`count by (${by.join(',')}) (last_over_time(${some}[${step}s]))`, range, step);
    for (const { labels, t } of rows) {
      const key = keyOf(labels);
      if (t.length > 0) lives.set(keyText(key), { key, from: t[0]!, to: t[t.length - 1]! });
    }
  }
  return lives;
}
