import type { FieldId } from '../../fields.ts';
import { hasSameTimes, type LabelledSeries, mergeReplicas, usualStep } from './labelled-series.ts';

/** The series of one run of a container, by field. A field has several if replicas report it. */
export type RunFields = ReadonlyMap<FieldId, readonly LabelledSeries[]>;

export interface Run {
  /** Runs of different pods are never one run, although the pod that is replaced overlaps the one that replaces it. */
  readonly pod: string;
  readonly fields: RunFields;
}

/**
 * A sample that carries its own time leaves no staleness marker, so a range query repeats the last one for five minutes (Prometheus,
 * `--query.lookback-delta`). Runs that overlap longer are one run, which two servers or two jobs have scraped.
 */
const LOOKBACK_S = 300;
/** The shortest overlap of replicas: twice that of a lookback, since a step may be long. */
const REPLICA_OVERLAP_S = 2 * LOOKBACK_S;

interface Extent {
  readonly run: Run;
  readonly from: number;
  readonly to: number;
}

function extentOf(run: Run): Extent {
  let from = Number.POSITIVE_INFINITY;
  let to = Number.NEGATIVE_INFINITY;
  for (const { t } of [...run.fields.values()].flat()) {
    if (t.length === 0) continue;
    from = Math.min(from, t[0]!);
    to = Math.max(to, t[t.length - 1]!);
  }
  return { run, from, to };
}

/** Runs in order of time. Those that overlap long are merged; of the others each ends where the next begins (`until`). */
export function orderedRuns(runs: readonly Run[]): { readonly run: Run; readonly until: number }[] {
  const extents = runs
    .map(extentOf)
    .filter(({ from }) => Number.isFinite(from))
    .sort((a, b) => a.from - b.from || a.to - b.to);
  const merged: Extent[] = [];
  for (const next of extents) {
    const last = merged[merged.length - 1];
    if (last !== undefined && last.run.pod === next.run.pod && Math.min(last.to, next.to) - next.from > REPLICA_OVERLAP_S) {
      merged[merged.length - 1] = { run: joined(last.run, next.run), from: last.from, to: Math.max(last.to, next.to) };
    } else merged.push(next);
  }
  return merged.map(({ run }, i) => ({ run, until: merged[i + 1]?.from ?? Number.POSITIVE_INFINITY }));
}

function joined(a: Run, b: Run): Run {
  const fields = new Map(a.fields);
  for (const [field, list] of b.fields) fields.set(field, [...(fields.get(field) ?? []), ...list]);
  return { pod: a.pod, fields };
}

/** The fields of a run over common times, which are those of its fullest field before `until`. */
export function columnsOf(
  { fields }: Run,
  until: number,
): { readonly t: Float64Array; readonly columns: Map<FieldId, Float64Array> } {
  const single = [...fields].map(([field, list]) => [field, mergeReplicas(list)] as const);
  const fullest = single.reduce<Float64Array>((most, [, { t }]) => (t.length > most.length ? t : most), new Float64Array(0));
  let end = fullest.length;
  while (end > 0 && fullest[end - 1]! >= until) end--;
  const t = fullest.subarray(0, end);
  return { t, columns: new Map(single.map(([field, series]) => [field, alignTo(t, series)])) };
}

/** The values of a series at other times. Targets are scraped at different moments, so a value belongs to the nearest time within half a step. */
export function alignTo(t: Float64Array, series: LabelledSeries): Float64Array {
  const { t: times, v } = series;
  if (hasSameTimes(times, t)) return v;
  const tolerance = Math.max(usualStep({ t }) ?? LOOKBACK_S, usualStep(series) ?? 0) / 2;
  const out = new Float64Array(t.length).fill(Number.NaN);
  for (let i = 0, k = 0; i < t.length && times.length > 0; i++) {
    const at = t[i]!;
    while (k + 1 < times.length && Math.abs(times[k + 1]! - at) <= Math.abs(times[k]! - at)) k++;
    if (Math.abs(times[k]! - at) <= tolerance) out[i] = v[k]!;
  }
  return out;
}
