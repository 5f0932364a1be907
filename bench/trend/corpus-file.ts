import { type FieldName, fieldName } from '../../src/fields.ts';
import { NO_PARTS } from '../../src/history/part-readings.ts';
import type { Series } from '../../src/history/series.ts';

/** One labelled series of a corpus: `{interval_s, limit_bytes, t, fields, aux}`, null for a gap. */
export interface CorpusTrace {
  readonly id?: string;
  readonly interval_s: number;
  readonly limit_bytes: number | null;
  readonly heap_max_bytes?: number | null;
  readonly t: readonly number[];
  readonly fields: Readonly<Record<string, readonly (number | null)[]>>;
  readonly aux?: { readonly pids?: readonly (number | null)[]; readonly events?: readonly { t: number; type: string }[] };
}

const column = (values: readonly (number | null)[]): Float64Array => Float64Array.from(values, (value) => value ?? Number.NaN);

export function toSeries(trace: CorpusTrace): Series {
  const fields = new Map<FieldName, Float64Array>();
  for (const [id, values] of Object.entries(trace.fields)) fields.set(fieldName(id), column(values));
  if (trace.aux?.pids !== undefined) fields.set('threads', column(trace.aux.pids));
  return {
    t: Float64Array.from(trace.t),
    fields,
    intervalS: trace.interval_s,
    limitBytes: trace.limit_bytes ?? 'max',
    heapMaxBytes: trace.heap_max_bytes ?? null,
    events: (trace.aux?.events ?? []).flatMap((event) =>
      event.type === 'restart' || event.type === 'oom_kill' ? [{ t: event.t, type: event.type }] : [],
    ),
    files: [],
    parts: NO_PARTS,
  };
}
