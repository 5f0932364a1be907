import { type ByField, entriesOf } from './fields.ts';
/** The ranges that the page offers, and that `from=verdict` of /api/v1/samples chooses from: name, seconds (null: all there is), title. */
export const RANGES: readonly (readonly [name: string, seconds: number | null, title: string])[] = [
  ['15m', 900, '15 minutes'],
  ['1h', 3600, '1 hour'],
  ['6h', 21_600, '6 hours'],
  ['1d', 86_400, '1 day'],
  ['7d', 604_800, '7 days'],
  ['all', null, 'all there is'],
];

/** The smallest range that holds all that a verdict rests on, in seconds: a week's drift is not to be seen in an hour. null: all there is. */
export function smallestRangeFor(fields: Readonly<ByField<{ readonly windowSeconds: number }>>): number | null {
  const window = Math.max(0, ...entriesOf(fields).map(([, f]) => f.windowSeconds));
  return RANGES.find(([, seconds]) => seconds !== null && seconds >= window * 0.98)?.[1] ?? (window > 0 ? null : 3600);
}
