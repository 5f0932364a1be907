import type { Random } from '../random.ts';
import type { Place, StoredSeries } from './installs.ts';

/** What spoils the samples of a container on their way into a server. The memory itself, and so its truth, stays the same. */
export type Dirt = (series: readonly StoredSeries[], place: Place, random: Random) => StoredSeries[];

const isCgroup = ({ labels }: StoredSeries): boolean => /(^|:)container_/.test(labels.__name__ ?? '');

/** The samples of cAdvisor that `keep` says; those of kube-state-metrics stay. */
const thinned =
  (keep: (tMs: number, random: Random) => boolean) =>
  (series: readonly StoredSeries[], random: Random): StoredSeries[] =>
    series.map((one) => {
      if (!isCgroup(one)) return one;
      const kept = one.tMs.flatMap((at, i) => (keep(at, random) ? [i] : []));
      return { ...one, tMs: kept.map((i) => one.tMs[i]!), v: kept.map((i) => one.v[i]!) };
    });

const fromMs = ({ toS, hours }: Place): number => (toS - hours * 3600) * 1000;
/** A moment, as a share of the range. */
const momentMs = (place: Place, share: number): number => fromMs(place) + share * place.hours * 3_600_000;

const appSeries = (series: readonly StoredSeries[], metric: string): StoredSeries[] =>
  series.filter(({ labels }) => labels.__name__ === metric && 'image' in labels);

const withoutLabels = (one: StoredSeries, ...names: readonly string[]): StoredSeries => ({
  ...one,
  labels: Object.fromEntries(Object.entries(one.labels).filter(([name]) => !names.includes(name))),
});

export const DIRT = {
  none: (series) => [...series],

  /** The server was down for an hour, and the node was not reachable for more than a day. */
  gaps: (series, place, random) => {
    const long = random.between(0.2, 0.8);
    const holes = [long, random.between(0.05, 0.9)].map((share, k) => [
      momentMs(place, share),
      momentMs(place, share) + (k === 0 ? 30 : 1) * 3_600_000,
    ]);
    return thinned((at) => !holes.some(([a, b]) => at >= a! && at < b!))(series, random);
  },

  /** One scrape in ten fails. */
  'lost scrapes': (series, _, random) => thinned(() => !random.chance(0.1))(series, random),

  /** The interval was four times as long until some day. */
  'another interval before': (series, place, random) => {
    const until = momentMs(place, random.between(0.3, 0.7));
    const stepMs = place.stepS * 1000;
    return thinned((at) => at >= until || Math.floor(at / stepMs) % 4 === 0)(series, random);
  },

  /** Scrapes are late by up to a tenth of the interval. */
  jitter: (series, place, random) => {
    const late = (at: number): number => at + Math.floor(random.between(0, 100 * place.stepS));
    const moved = new Map<number, number>();
    const movedTo = (at: number): number => {
      const known = moved.get(at) ?? late(at);
      moved.set(at, known);
      return known;
    };
    return series.map((one) => (isCgroup(one) ? { ...one, tMs: one.tMs.map(movedTo) } : one));
  },

  /** Swap that wrapped below 0, kernel memory that is always 0, and now and then a scrape in which a value is 0. */
  'impossible values': (series, _, random) => {
    const spoilt = series.map((one) =>
      isCgroup(one) && !one.labels.__name__!.includes('spec_')
        ? { ...one, v: one.v.map((value) => (random.chance(0.002) ? 0 : value)) }
        : one,
    );
    const more = appSeries(series, 'container_memory_rss').flatMap((one): StoredSeries[] => [
      {
        ...one,
        labels: { ...one.labels, __name__: 'container_memory_swap' },
        v: one.v.map(() => (random.chance(0.3) ? 1.8446744073709548e19 : 0)),
      },
      { ...one, labels: { ...one.labels, __name__: 'container_memory_kernel_usage' }, v: one.v.map(() => 0) },
    ]);
    return [...spoilt, ...more];
  },

  /** The kubelet's /metrics/resource is scraped, too: it has the working set and the start time, without the labels that tell runs apart. */
  'both endpoints of the kubelet': (series, { stepS }) => {
    const sets = appSeries(series, 'container_memory_working_set_bytes');
    const replicas = new Set(sets.map(({ labels }) => labels.prometheus_replica));
    const crossing = (__name__: string, value: (one: StoredSeries, i: number) => number): StoredSeries[] =>
      [...replicas].map((replica) => {
        const own = sets.filter(({ labels }) => labels.prometheus_replica === replica);
        const { id: _, name: _n, image: _i, job: _j, ...labels } = own[0]!.labels;
        return {
          labels: { ...labels, __name__, job: 'kubelet', metrics_path: '/metrics/resource' },
          tMs: own.flatMap(({ tMs }) => tMs.map((at) => at + 0.3 * stepS * 1000)),
          v: own.flatMap((one) => one.tMs.map((_t, i) => value(one, i))),
        };
      });
    return [
      ...series,
      ...crossing('container_memory_working_set_bytes', ({ v }, i) => v[i]!),
      ...crossing('container_start_time_seconds', ({ tMs }) => Math.floor(tMs[0]! / 1000) - 5),
    ];
  },

  /** The last samples of a process that ends, and the first of one that starts, have nearly nothing. */
  'nearly nothing at the ends of runs': (series) =>
    series.map((one) =>
      isCgroup(one) && !/spec_|start_time/.test(one.labels.__name__!)
        ? { ...one, v: one.v.map((value, i) => (i === 0 ? value * 0.02 : value)) }
        : one,
    ),

  /** One replica of Prometheus was replaced by another at some time. */
  'a replica took over': (series, place, random) => {
    const at = momentMs(place, random.between(0.3, 0.7));
    return series.flatMap((one) => {
      if (!isCgroup(one)) return [one];
      const part = (replica: string, keep: (tMs: number) => boolean, shiftMs: number): StoredSeries => {
        const kept = one.tMs.flatMap((t, i) => (keep(t) ? [i] : []));
        return {
          labels: { ...one.labels, prometheus_replica: replica },
          tMs: kept.map((i) => one.tMs[i]! + shiftMs),
          v: kept.map((i) => one.v[i]!),
        };
      };
      return [part('a', (t) => t < at, 0), part('b', (t) => t >= at - 7_200_000, 11_000)];
    });
  },

  /** `id`, `name` and `image` were dropped to save memory, and the start time was kept. */
  'no id': (series) =>
    series
      .filter((one) => !isCgroup(one) || /:/.test(one.labels.__name__!) || 'image' in one.labels)
      .flatMap((one) => {
        if (!isCgroup(one)) return [one];
        const plain = withoutLabels(one, 'id', 'name', 'image');
        if (one.labels.__name__ !== 'container_memory_rss') return [plain];
        const began = Math.floor(one.tMs[0]! / 1000) - 5;
        return [
          plain,
          { labels: { ...plain.labels, __name__: 'container_start_time_seconds' }, tMs: one.tMs, v: one.v.map(() => began) },
        ];
      })
      .reduce<StoredSeries[]>(joinedByLabels, []),

  /** A node got another name, so its containers' series have other labels, and nothing was restarted. */
  'node renamed': (series, place, random) => {
    const at = momentMs(place, random.between(0.2, 0.8));
    return series.flatMap((one) => {
      if (!isCgroup(one)) return [one];
      const part = (name: string, keep: (tMs: number) => boolean): StoredSeries => {
        const kept = one.tMs.flatMap((t, i) => (keep(t) ? [i] : []));
        return {
          labels: { ...one.labels, node: name, instance: `${name}:10250` },
          tMs: kept.map((i) => one.tMs[i]!),
          v: kept.map((i) => one.v[i]!),
        };
      };
      return [part('old', (t) => t < at), part('new', (t) => t >= at)].filter(({ tMs }) => tMs.length > 0);
    });
  },

  /** Since an upgrade the node's agent names the same cgroups by other paths. */
  'another path of the cgroup': (series, place, random) => {
    const at = momentMs(place, random.between(0.3, 0.7));
    return series.flatMap((one): StoredSeries[] => {
      const { id } = one.labels;
      if (!isCgroup(one) || id === undefined) return [one];
      const part = (path: string, keep: (tMs: number) => boolean): StoredSeries => {
        const kept = one.tMs.flatMap((tMs, i) => (keep(tMs) ? [i] : []));
        return { labels: { ...one.labels, id: path }, tMs: kept.map((i) => one.tMs[i]!), v: kept.map((i) => one.v[i]!) };
      };
      const scope = `/kubepods.slice/cri-containerd-${id.split('/').at(-1)}.scope`;
      return [part(id, (t) => t < at), part(scope, (t) => t >= at)].filter(({ tMs }) => tMs.length > 0);
    });
  },

  /** Only what a dashboard shows was kept. */
  'rss and working set only': (series) =>
    series.filter((one) => !isCgroup(one) || /memory_(rss|working_set_bytes)$|spec_/.test(one.labels.__name__!)),

  /** The labels of a kubelet are not honoured: it has a namespace of its own. */
  'namespace of the kubelet': (series) =>
    series.map((one) => {
      const { namespace, ...rest } = one.labels;
      if (!isCgroup(one) || namespace === undefined) return one;
      return { ...one, labels: { ...rest, namespace: 'kube-system', exported_namespace: namespace } };
    }),

  /** cAdvisor runs as a pod, and its labels are not honoured. */
  'labels of an exporter': (series) =>
    series.map((one) => {
      if (!isCgroup(one)) return one;
      const own: Record<string, string> = { namespace: 'monitoring', pod: 'cadvisor-x7k2p', container: 'cadvisor' };
      const labels = Object.entries(one.labels).map(([name, value]) => [name in own ? `exported_${name}` : name, value]);
      return { ...one, labels: { ...own, ...Object.fromEntries(labels) } };
    }),

  /** The limit was twice as high until some day. */
  'limit was lowered': (series, place, random) => {
    const at = momentMs(place, random.between(0.3, 0.7));
    return series.map((one) =>
      /spec_memory_limit/.test(one.labels.__name__!)
        ? { ...one, v: one.v.map((value, i) => (one.tMs[i]! < at ? 2 * value : value)) }
        : one,
    );
  },
} satisfies Readonly<Record<string, Dirt>>;

/** A server has one series for equal labels. */
function joinedByLabels(all: StoredSeries[], one: StoredSeries): StoredSeries[] {
  const id = JSON.stringify(one.labels);
  const at = all.findIndex(({ labels }) => JSON.stringify(labels) === id);
  if (at < 0) return [...all, one];
  const known = all[at]!;
  all[at] = { labels: one.labels, tMs: [...known.tMs, ...one.tMs], v: [...known.v, ...one.v] };
  return all;
}
