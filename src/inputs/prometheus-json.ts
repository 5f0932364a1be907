import { timeProblem } from '../clock.ts';
import { joinWithAnd, safeName } from '../format.ts';
import type { Series } from '../history/series.ts';
import { keyText } from './prometheus/container-key.ts';
import { containerSeries } from './prometheus/container-series.ts';
import type { LabelledSeries, Labels } from './prometheus/labelled-series.ts';
import { CGROUP_METRICS, roleOf } from './prometheus/metric-roles.ts';
import { InputError, isObject, wrong } from './series-file.ts';

export const isPrometheus = (json: unknown): boolean =>
  typeof json === 'object' && json !== null && 'status' in json && ('data' in json || 'error' in json);

/** What an answer of Prometheus contains beside its data. A server that warns has often left something out. */
export interface PrometheusAnswer<T> {
  readonly data: T;
  readonly warnings: readonly string[];
}

/**
 * Takes an answer of the HTTP API apart. `from`: the URL that gave it; null: a file.
 * @throws InputError with the server's own words, if it reports an error
 */
export function openAnswer(json: unknown, from: string | null = null): PrometheusAnswer<unknown> {
  if (!isObject(json))
    throw wrong(from === null ? 'the answer' : `the answer of ${from}`, 'a JSON object with status and data', json);
  if (json.status === 'error' || (json.data === undefined && json.error !== undefined)) {
    const type = typeof json.errorType === 'string' ? ` (${json.errorType})` : '';
    throw new InputError(`Prometheus reports an error${type}: ${safeName(String(json.error ?? 'without a text'), 500)}`);
  }
  const texts = (value: unknown): string[] =>
    Array.isArray(value) ? value.filter((text) => typeof text === 'string').map((text) => safeName(text, 500)) : [];
  return { data: json.data, warnings: texts(json.warnings) };
}

/** The series of an answer with resultType matrix. Native histograms have no value, and are left out. @throws InputError */
export function parseMatrix(data: unknown): LabelledSeries[] {
  const { resultType, result } = isObject(data) ? data : {};
  if (resultType !== 'matrix' || !Array.isArray(result)) {
    throw new InputError(`data.resultType must be "matrix" (the answer of query_range), found ${JSON.stringify(resultType)}`);
  }
  return result.flatMap((row: unknown, i): LabelledSeries[] => {
    if (!isObject(row)) throw wrong(`data.result[${i}]`, '{metric, values}', row);
    if (row.values === undefined && row.histograms !== undefined) return [];
    if (!Array.isArray(row.values)) throw new InputError(`data.result[${i}].values must be an array of [time, "value"]`);
    return [{ labels: labelsOf(row.metric), ...samples(row.values, `data.result[${i}].values`) }];
  });
}

/** The labels of a row; those that are no text are left out. */
export function labelsOf(metric: unknown): Labels {
  if (!isObject(metric)) return {};
  return Object.fromEntries(Object.entries(metric).filter(([, value]) => typeof value === 'string')) as Labels;
}

function samples(values: readonly unknown[], place: string): { readonly t: Float64Array; readonly v: Float64Array } {
  const t = new Float64Array(values.length);
  const v = new Float64Array(values.length);
  let isSorted = true;
  for (let i = 0; i < values.length; i++) {
    const pair = values[i];
    const [at, text] = Array.isArray(pair) ? (pair as readonly unknown[]) : [Number.NaN];
    const problem = timeProblem(at);
    if (problem !== null) throw new InputError(`${place}[${i}]: must be [time, "value"]; ${problem}`);
    t[i] = at as number;
    v[i] = typeof text === 'string' ? Number(text) : Number.NaN;
    if (i > 0 && !(t[i]! > t[i - 1]!)) isSorted = false;
  }
  return isSorted ? { t, v } : inOrder(t, v);
}

/** Samples in order of time; of several with the same time the last. */
export function inOrder(t: Float64Array, v: Float64Array): { readonly t: Float64Array; readonly v: Float64Array } {
  const byTime = new Map<number, number>();
  for (let i = 0; i < t.length; i++) byTime.set(t[i]!, v[i]!);
  const times = Float64Array.from(byTime.keys()).sort();
  return { t: times, v: times.map((at) => byTime.get(at)!) };
}

/** Parses the answer of a Prometheus range query (`/api/v1/query_range`, resultType matrix) for one container. @throws InputError */
export function parsePrometheus(json: unknown): PrometheusAnswer<Series> {
  const { data, warnings } = openAnswer(json);
  const rows = parseMatrix(data);
  const containers = [...containerSeries(rows)];
  const [only, second] = containers;
  if (only === undefined)
    throw new InputError(`${whyNothing(rows)}${warnings.map((text) => `; Prometheus warns: ${text}`).join('')}`);
  if (second !== undefined) {
    const named = containers.slice(0, 3).map(({ key }) => safeName(keyText(key) || 'one without labels'));
    throw new InputError(
      `data.result has ${containers.length} containers, such as ${joinWithAnd(named)}: ask for one, with a selector such as {namespace="…",pod="…",container="…"}; memhound fleet evaluates many`,
    );
  }
  return { data: only.series, warnings };
}

function whyNothing(rows: readonly LabelledSeries[]): string {
  if (rows.length === 0) return 'data.result is empty: no series matches the selector in this range of time; check both';
  const known = rows.filter(({ labels }) => roleOf(labels) !== null);
  if (known.length > 0) {
    return known.every(({ t }) => t.length < 2)
      ? 'data.result has fewer than two points in time'
      : 'data.result has only limits and cgroups that are no container (a pod, a slice, the pause container); select {container!="",container!="POD"}';
  }
  const name = rows.map(({ labels }) => labels.__name__).find((text) => text !== undefined);
  if (name === undefined)
    return 'data.result has series without a name, as functions and sums return them: query the metrics themselves';
  return `data.result contains no series that memhound knows, but ${safeName(name)}; expected ${CGROUP_METRICS.slice(0, 4).join(', ')}, the recording rules of kubernetes-mixin, or jvm_memory_used_bytes`;
}
