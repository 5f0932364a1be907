import type { LabelledSeries } from '../../inputs/prometheus/labelled-series.ts';
import { usualStep } from '../../inputs/prometheus/labelled-series.ts';
import { HOUR_S, MINUTE_S } from '../../units.ts';
import type { PrometheusApi, TimeRange } from '../http/prometheus-api.ts';
import { ExportReader } from './export.ts';
import { anyOf, type Matcher, selectorText } from './matchers.ts';
import { RangeReader } from './query-range.ts';
import { RemoteReader } from './remote-read.ts';
import type { SeriesReader } from './series-reader.ts';

export type Way = SeriesReader['way'];

/** How a server is read, as plain data that a thread can be given. */
export interface ReadPlan {
  readonly way: Way;
  /** Seconds between samples. */
  readonly stepSeconds: number;
}

export function readerFor(api: PrometheusApi, { way, stepSeconds }: ReadPlan): SeriesReader {
  const reader =
    way === 'remote-read'
      ? new RemoteReader(api.client)
      : way === 'export'
        ? new ExportReader(api.client)
        : new RangeReader(api, stepSeconds);
  return {
    way,
    mostSamples: reader.mostSamples,
    read: async (...question) => api.named(await reader.read(...question)),
  };
}

/** A typical scrape interval, where no samples show one. */
const DEFAULT_STEP_S = MINUTE_S;

/**
 * The way that costs least, of those that the server has: streamed chunks, then VictoriaMetrics' export, then range queries. `sample` selects
 * series that exist, whose pod is in the label `pod`; null: in none.
 */
export async function chooseReader(
  api: PrometheusApi,
  sample: readonly Matcher[],
  pod: string | null,
  { to }: TimeRange,
  wanted: Way | null,
): Promise<ReadPlan> {
  const recent = { from: to - HOUR_S, to };
  const stepSeconds = await scrapeInterval(api, await someOf(api, sample, pod, to), recent);
  if (wanted !== null) return { way: wanted, stepSeconds };
  // A range without samples: the question is only how the server answers.
  const nothing = [{ name: '__name__', operator: '=', value: 'memhound_no_such_metric' } as const];
  if (await new RemoteReader(api.client).isSupported(nothing, recent)) return { way: 'remote-read', stepSeconds };
  if (await new ExportReader(api.client).isSupported(nothing, recent)) return { way: 'export', stepSeconds };
  return { way: 'query-range', stepSeconds };
}

/** Pods whose samples tell the scrape interval. */
const MOST_PODS = 20;

/** A selector of some of the series: the samples of an hour of a large fleet would not fit into memory. */
async function someOf(
  api: PrometheusApi,
  sample: readonly Matcher[],
  pod: string | null,
  at: number,
): Promise<readonly Matcher[]> {
  if (pod === null) return sample;
  const rows = await api.instant(`topk(${MOST_PODS}, ${selectorText(sample)})`, at);
  const pods = [...new Set(rows.flatMap(({ labels }) => labels[pod] ?? []))];
  return pods.length === 0 ? sample : [...sample, anyOf(pod, pods)];
}

/** The scrape interval, from raw samples of an hour: a range selector returns samples as they were scraped. */
async function scrapeInterval(api: PrometheusApi, sample: readonly Matcher[], { to }: TimeRange): Promise<number> {
  const rows: LabelledSeries[] = await api.instant(`${selectorText(sample)}[1h]`, to);
  const steps = rows.map(usualStep).filter((step): step is number => step !== null);
  steps.sort((a, b) => a - b);
  return Math.max(1, Math.round(steps[steps.length >> 1] ?? DEFAULT_STEP_S));
}
