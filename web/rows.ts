import type { SamplesAnswer } from '../src/outlets/status.ts';

type Columns = Record<string, (number | null)[]>;

/** The rows on show, from the API and then from the live channel: one for all charts, so that none of them stays behind. */
export interface Rows extends SamplesAnswer {
  readonly t: number[];
  readonly fields: Columns;
}

/** A copy that may grow. */
export const growing = (samples: SamplesAnswer): Rows => ({
  ...samples,
  t: [...samples.t],
  fields: Object.fromEntries(Object.entries(samples.fields).map(([id, column]) => [id, [...column]])),
});

/**
 * One live row at the right edge. Rows closer than the range's own resolution are not joined but replaced, and what is older than `oldest` is
 * let go: a page that stays open does not grow.
 * True: a row more than before.
 */
export function extend(rows: Rows, t: number, value: (id: string) => number | null, oldest: number, most: number): boolean {
  const { t: times, fields } = rows;
  const last = times.length - 1;
  if (last >= 0 && t <= times[last]!) return false;
  const resolution = last > 0 ? (t - times[0]!) / most : 0;
  const replaces = last > 0 && t - times[last - 1]! < resolution;
  const columns = Object.entries(fields);
  if (replaces) times.pop();
  times.push(t);
  for (const [id, column] of columns) {
    if (replaces) column.pop();
    column.push(value(id));
  }
  let gone = 0;
  while (times.length - gone > most || (times.length - gone > 2 && times[gone]! < oldest)) gone++;
  if (gone > 0) {
    times.splice(0, gone);
    for (const [, column] of columns) column.splice(0, gone);
  }
  return !replaces;
}
