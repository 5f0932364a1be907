import { type ByField, entriesOf } from './fields.ts';
import { DAY_S, HOUR_S, MINUTE_S } from './units.ts';

/** The ranges of the page, from which `from=verdict` of /api/v1/samples chooses too: name, seconds (null: the whole history), title. */
export const RANGES: readonly (readonly [name: string, seconds: number | null, title: string])[] = [
  ['15m', 15 * MINUTE_S, '15 minutes'],
  ['1h', HOUR_S, '1 hour'],
  ['6h', 6 * HOUR_S, '6 hours'],
  ['1d', DAY_S, '1 day'],
  ['7d', 7 * DAY_S, '7 days'],
  ['all', null, 'all there is'],
];

/** The shortest range that contains all data behind a verdict, in seconds, because a week's drift is not visible in an hour. null: the whole history. */
export function smallestRangeFor(fields: Readonly<ByField<{ readonly windowSeconds: number }>>): number | null {
  const window = Math.max(0, ...entriesOf(fields).map(([, f]) => f.windowSeconds));
  return RANGES.find(([, seconds]) => seconds !== null && seconds >= window * 0.98)?.[1] ?? (window > 0 ? null : HOUR_S);
}
