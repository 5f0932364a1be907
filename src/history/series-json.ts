import type { FieldColumns } from '../fields.ts';
import type { HistoryEvent } from '../sample/types.ts';
import type { Series } from './series.ts';

/** A series as JSON, in the format that `memhound analyze` reads. NaN becomes null; times are in seconds, to the millisecond. Pure. */
export interface SeriesJson {
  readonly interval_s: number;
  readonly limit_bytes: number | null;
  readonly heap_max_bytes: number | null;
  readonly t: readonly number[];
  readonly fields: FieldColumns;
  readonly aux: { readonly pids?: readonly (number | null)[]; readonly events: readonly HistoryEvent[] };
}

export function toSeriesJson(series: Series): SeriesJson {
  const fields: Record<string, (number | null)[]> = {};
  for (const [id, column] of series.fields) fields[id] = Array.from(column, (v) => (Number.isFinite(v) ? v : null));
  return {
    interval_s: series.intervalS,
    limit_bytes: typeof series.limitBytes === 'number' ? series.limitBytes : null,
    heap_max_bytes: typeof series.heapMaxBytes === 'number' ? series.heapMaxBytes : null,
    t: Array.from(series.t, (t) => Math.round(t * 1000) / 1000),
    fields,
    aux: { events: series.events },
  };
}
