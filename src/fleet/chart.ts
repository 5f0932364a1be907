import type { FieldName } from '../fields.ts';
import type { Series } from '../history/series.ts';
import type { Chart } from './types.ts';

/** Points of a chart: about as many as it has pixels to show. */
const CHART_POINTS = 160;

/** Means of equal spans of time; null where no sample falls into one. */
export function chartOf({ t, fields, events }: Series, field: FieldName): Chart | null {
  const column = fields.get(field);
  const [from, to] = [t[0], t[t.length - 1]];
  if (column === undefined || from === undefined || to === undefined || !(to > from)) return null;
  const points = Math.min(CHART_POINTS, t.length);
  const indexOf = (at: number): number => Math.max(0, Math.min(points - 1, Math.floor(((at - from) / (to - from)) * points)));
  const sums = new Float64Array(points);
  const counts = new Float64Array(points);
  for (let i = 0; i < t.length; i++) {
    if (!Number.isFinite(column[i])) continue;
    const k = indexOf(t[i]!);
    sums[k] = sums[k]! + column[i]!;
    counts[k] = counts[k]! + 1;
  }
  const values = Array.from(sums, (sum, k) => (counts[k]! > 0 ? Math.round(sum / counts[k]!) : null));
  return { field, from, to, values, restarts: events.filter(({ type }) => type === 'restart').map((event) => indexOf(event.t)) };
}
