import { timeProblem } from '../clock.ts';
import type { FieldId, FieldName } from '../fields.ts';
import { NO_PARTS } from '../history/part-readings.ts';
import type { Series } from '../history/series.ts';
import { plausible } from '../plausible.ts';
import { InputError, isObject, medianStep, wrong } from './series-file.ts';

/** Fields of the metric names of cAdvisor, Micrometer and the JMX exporter. */
const METRICS: Readonly<Record<string, FieldId>> = {
  container_memory_usage_bytes: 'usage',
  container_memory_working_set_bytes: 'working_set',
  container_memory_rss: 'anon',
  container_memory_cache: 'file',
  container_memory_mapped_file: 'file_mapped',
  container_memory_total_active_file_bytes: 'active_file',
  container_memory_total_inactive_file_bytes: 'inactive_file',
  container_memory_kernel_usage: 'kernel',
  container_memory_swap: 'swap',
  container_threads: 'threads',
  jvm_threads_live_threads: 'threads',
  jvm_threads_current: 'threads',
};
const LIMITS = new Set(['container_spec_memory_limit_bytes', 'kube_pod_container_resource_limits']);
const HEAPS = new Set(['jvm_memory_used_bytes', 'jvm_memory_bytes_used']);

interface Row {
  readonly metric?: Readonly<Record<string, string>>;
  readonly values?: readonly (readonly [number, string])[];
}

export const isPrometheus = (json: unknown): boolean =>
  typeof json === 'object' && json !== null && 'data' in json && 'status' in json;

/** Parses the answer of a Prometheus range query (`/api/v1/query_range`, resultType matrix) for one container. @throws InputError */
export function parsePrometheus(json: unknown): Series {
  const data = (json as { data?: { resultType?: unknown; result?: unknown } }).data;
  if (data?.resultType !== 'matrix' || !Array.isArray(data.result)) {
    throw new InputError(
      `data.resultType must be "matrix" (the answer of query_range), found ${JSON.stringify(data?.resultType)}`,
    );
  }
  const columns = new Map<FieldId, Map<number, number>>();
  let limit: number | null = null;
  data.result.forEach((row: Row, i) => {
    if (!isObject(row)) throw wrong(`data.result[${i}]`, '{metric, values}', row);
    const labels = (isObject(row.metric) ? row.metric : {}) as Readonly<Record<string, string>>;
    const name = String(labels.__name__ ?? '');
    if (!Array.isArray(row.values)) throw new InputError(`data.result[${i}].values must be an array of [time, "value"]`);
    if (LIMITS.has(name)) {
      const last = plausible(Number(row.values[row.values.length - 1]?.[1]));
      if (last !== null && last > 0) limit = last;
      return;
    }
    const id = HEAPS.has(name) ? heapField(labels) : Object.hasOwn(METRICS, name) ? METRICS[name] : undefined;
    if (id === undefined) return;
    const column = columns.get(id) ?? new Map<number, number>();
    // Pools of one heap are separate series, which are added. The same field of two containers must not be added.
    if (column.size > 0 && !HEAPS.has(name)) {
      throw new InputError(
        `data.result[${i}] gives ${id} a second time: ask for one container, with a selector such as {pod="…",container="…"}`,
      );
    }
    for (const [j, pair] of row.values.entries()) {
      const [t, text] = Array.isArray(pair) ? (pair as unknown as readonly [number, unknown]) : [Number.NaN];
      const problem = timeProblem(t);
      if (problem !== null) throw new InputError(`data.result[${i}].values[${j}]: must be [time, "value"]; ${problem}`);
      const v = typeof text === 'string' ? plausible(Number(text)) : null;
      if (v !== null) column.set(t, (column.get(t) ?? 0) + v);
    }
    columns.set(id, column);
  });
  if (columns.size === 0) {
    throw new InputError(
      `data.result contains no series that memhound knows; expected ${Object.keys(METRICS).slice(0, 4).join(', ')} or jvm_memory_used_bytes`,
    );
  }
  const t = Float64Array.from([...new Set([...columns.values()].flatMap((c) => [...c.keys()]))].sort((a, b) => a - b));
  if (t.length < 2) throw new InputError('data.result has fewer than two points in time');
  const fields: ReadonlyMap<FieldName, Float64Array> = new Map(
    [...columns].map(([id, c]) => [id, t.map((at) => c.get(at) ?? Number.NaN)] as const),
  );
  return { t, fields, intervalS: medianStep(t), limitBytes: limit, heapMaxBytes: null, events: [], files: [], parts: NO_PARTS };
}

function heapField(labels: Readonly<Record<string, string>>): FieldId | undefined {
  if (labels.area === 'heap') return 'heap_used';
  return labels.id === 'Metaspace' ? 'metaspace' : undefined;
}
