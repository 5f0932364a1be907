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
  const { t, fields, ...rest } = readerColumns(series);
  const json: Record<string, (number | null)[]> = {};
  for (const [id, column] of fields) json[id] = Array.from(column, (v) => (Number.isFinite(v) ? v : null));
  return { ...rest, t: Array.from(t), fields: json };
}

/** The same with columns as they are in memory, copied, since history's own change with the next sample. NaN is a gap, and null in JSON. */
export function readerColumns(series: Series) {
  return {
    interval_s: series.intervalS,
    limit_bytes: typeof series.limitBytes === 'number' ? series.limitBytes : null,
    heap_max_bytes: typeof series.heapMaxBytes === 'number' ? series.heapMaxBytes : null,
    t: series.t.map((t) => Math.round(t * 1000) / 1000),
    fields: new Map(series.fields),
    aux: { events: [...series.events] },
  };
}
