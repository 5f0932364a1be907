import { type ByField, namesIn } from '../fields.ts';
import { aggregate } from './columns.ts';
import { FIELDS_KEPT_BY_MINIMUM, TIERS } from './history.ts';
import { emptySegment, type Segment } from './segment.ts';
import { roundingOf } from './stored-rounding.ts';

/** Steps of the tiers on disk, finest first: 0 is raw. */
export const TIER_STEPS: readonly number[] = [0, ...TIERS.map((tier) => tier.stepS).reverse()];

type Column = (number | null)[];
const value = (column: readonly (number | null)[] | undefined, i: number): number => column?.[i] ?? Number.NaN;

/**
 * Merges several segments of a tier, in order of time, into a coarser one. A row covers `stepS` seconds, never across a restart, and has the
 * time of its first sample. `fields` has the mean, or the minimum of a sawtooth, as in memory. `min` and `max` are kept if they differ, so
 * that no spike is lost.
 */
export function coarsen(segments: readonly Segment[], stepS: number): Segment {
  const last = segments.at(-1);
  if (last === undefined) throw new Error('coarsen: expected at least one segment, found none');
  const rows = segments
    .flatMap((segment) => segment.t.map((t, i) => ({ t, segment, i })))
    .sort((a, b) => a.t - b.t)
    .filter((row, i, all) => i === 0 || row.t > all[i - 1]!.t);
  const events = segments.flatMap((segment) => segment.events);
  const breaks = new Set(events.filter((e) => e.type === 'restart').map((e) => e.t));
  const bins: (typeof rows)[] = [];
  for (const row of rows) {
    const bin = bins.at(-1);
    if (bin && Math.floor(bin[0]!.t / stepS) === Math.floor(row.t / stepS) && !breaks.has(row.t)) bin.push(row);
    else bins.push([row]);
  }
  const fields: ByField<Column> = {};
  const min: ByField<Column> = {};
  const max: ByField<Column> = {};
  for (const id of new Set(segments.flatMap((segment) => namesIn(segment.fields)))) {
    const of = (bin: typeof rows, part: 'fields' | 'min' | 'max'): Float64Array =>
      Float64Array.from(bin, ({ segment, i }) => {
        const own = segment[part]?.[id];
        return value(own ?? segment.fields[id], i);
      });
    const round = roundingOf(id);
    const rounded = (v: number): number | null => (Number.isFinite(v) ? round(v) : null);
    const middle = bins.map((bin) => aggregate(of(bin, 'fields'), 0, bin.length, FIELDS_KEPT_BY_MINIMUM.has(id)));
    const low = bins.map((bin) => aggregate(of(bin, 'min'), 0, bin.length, true));
    const high = bins.map(
      (bin) =>
        -aggregate(
          of(bin, 'max').map((v) => -v),
          0,
          bin.length,
          true,
        ),
    );
    fields[id] = middle.map(rounded);
    if (low.some((v, i) => v < middle[i]!)) min[id] = low.map(rounded);
    if (high.some((v, i) => v > middle[i]!)) max[id] = high.map(rounded);
  }
  return {
    ...emptySegment(),
    epoch: last.epoch,
    epochStart: last.epochStart,
    limit: last.limit,
    heapMax: last.heapMax,
    step: stepS,
    // The last row of a merged segment has the time of the first sample that it covers, not of the last.
    until: last.until ?? last.t.at(-1) ?? null,
    t: bins.map((bin) => bin[0]!.t),
    fields,
    min,
    max,
    events,
  };
}
