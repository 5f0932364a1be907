import type { FieldName } from '../fields.ts';
import type { Series } from '../history/series.ts';

/** Samples in true order with strictly rising times, and the position of each recorded event among them. */
export interface OrderedSeries {
  readonly t: Float64Array;
  readonly fields: ReadonlyMap<FieldName, Float64Array>;
  /** Index of the first sample of a new run, for each recorded restart or OOM kill. */
  readonly restarts: readonly number[];
  /** Of these, the first samples after OOM kills. By index, for a clock that was set moves the stamps of samples and not those of events. */
  readonly oomKills: readonly number[];
  /** First samples after OOM kills of other processes, which the container's own process outlived. */
  readonly processKills: readonly number[];
}

/**
 * The file's order is the order of happening, so a stamp that goes back is a clock that was set back, and everything
 * before it is shifted to meet it. Only when stamps go back often is the file merely unsorted, and then it is sorted.
 * Of samples with the same stamp the last one counts. A step forward looks like a gap, and stays.
 */
export function normalise(series: Series): OrderedSeries {
  if (isSorted(series.t)) return { t: series.t, fields: series.fields, ...eventIndexes(series, series.t, null) };
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
  for (let k = 0; k < stamps.length; k++) t[k] = stamps[k]! - shift; // the last clock is the one that counts
  const fields = new Map<FieldName, Float64Array>();
  for (const [id, column] of series.fields)
    fields.set(
      id,
      Float64Array.from(keep, (index) => column[index] ?? Number.NaN),
    );
  return { t, fields, ...eventIndexes(series, series.t, keep) };
}

/** Nothing to put right, as in nearly all histories. */
function isSorted(t: Float64Array): boolean {
  let last = Number.NEGATIVE_INFINITY;
  // By index: an iterator makes an object a row, where code is interpreted.
  for (let i = 0; i < t.length; i++) {
    const at = t[i]!;
    if (!(at > last) || at === Number.POSITIVE_INFINITY) return false;
    last = at;
  }
  return true;
}

/** Index (among `keep`, or all) of the first sample that its own clock puts at or after each event. */
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
    const first = keep === null ? t.findIndex((at) => at >= event.t) : keep.findIndex((index) => t[index]! >= event.t);
    if (first <= 0) continue;
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
