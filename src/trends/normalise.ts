import type { FieldName } from '../fields.ts';
import type { Series } from '../history/series.ts';
import { lowerBound } from './field/block-means.ts';
import { isAscending } from './moves.ts';

/** Samples in order of time, with strictly rising times, and the index of each recorded event among them. */
export interface OrderedSeries {
  readonly t: Float64Array;
  readonly fields: ReadonlyMap<FieldName, Float64Array>;
  /** Index of the first sample after each recorded restart or OOM kill. */
  readonly restarts: readonly number[];
  /** The part of `restarts` that comes from OOM kills. An index, because a changed clock moves the times of samples but not those of events. */
  readonly oomKills: readonly number[];
  /** First samples after OOM kills of other processes, which the container's own process outlived. */
  readonly processKills: readonly number[];
}

/**
 * Orders the samples. The file is taken to be in order of time: if a timestamp goes back, the clock was set back, and all samples before it
 * are shifted. If timestamps go back often, the file is unsorted, and it is sorted. The last of several samples with the same timestamp is
 * kept. A step forward looks like a gap and is left as it is. `ascends`: another implementation of `isAscending`.
 */
export function normalise(series: Series, ascends: typeof isAscending = isAscending): OrderedSeries {
  // As in nearly all histories.
  if (ascends(series.t)) return { t: series.t, fields: series.fields, ...eventIndexes(series, series.t, null) };
  const n = series.t.length;
  const order: number[] = [];
  for (let i = 0; i < n; i++) if (Number.isFinite(series.t[i])) order.push(i);
  let back = 0;
  for (let k = 1; k < order.length; k++) if (series.t[order[k]!]! < series.t[order[k - 1]!]!) back++;
  const unsorted = back > Math.max(3, order.length / 100);
  if (unsorted) order.sort((a, b) => series.t[a]! - series.t[b]! || a - b);
  const nominal = series.intervalS > 0 ? series.intervalS : 60;
  const keep: number[] = [];
  const stamps: number[] = [];
  let shift = 0;
  for (const index of order) {
    const raw = series.t[index]!;
    const last = stamps[stamps.length - 1] ?? Number.NEGATIVE_INFINITY;
    if (raw + shift < last) shift = last + nominal - raw;
    const at = raw + shift;
    if (at === last) {
      keep[keep.length - 1] = index;
    } else {
      keep.push(index);
      stamps.push(at);
    }
  }
  const t = new Float64Array(stamps.length);
  for (let k = 0; k < stamps.length; k++) t[k] = stamps[k]! - shift; // times follow the newest setting of the clock
  const fields = new Map<FieldName, Float64Array>();
  for (const [id, column] of series.fields)
    fields.set(
      id,
      Float64Array.from(keep, (index) => column[index] ?? Number.NaN),
    );
  return { t, fields, ...eventIndexes(series, series.t, keep) };
}

/** Index (in `keep`, or in all samples if that is null) of the first sample whose own timestamp is at or after each event. */
function eventIndexes(
  { events }: Series,
  t: Float64Array,
  keep: readonly number[] | null,
): Pick<OrderedSeries, 'restarts' | 'oomKills' | 'processKills'> {
  const restarts = new Set<number>();
  const kills = new Set<number>();
  const processKills = new Set<number>();
  for (const event of events) {
    if (event.type === 'memhound_start') continue;
    const first = keep === null ? lowerBound(t, event.t, 0, t.length) : keep.findIndex((index) => t[index]! >= event.t);
    if (first <= 0 || first === t.length) continue;
    if (event.type === 'process_oom_kill') {
      processKills.add(first);
      continue;
    }
    restarts.add(first);
    if (event.type === 'oom_kill') kills.add(first);
  }
  const sorted = (indexes: Set<number>) => [...indexes].sort((a, b) => a - b);
  return { restarts: sorted(restarts), oomKills: sorted(kills), processKills: sorted(processKills) };
}
