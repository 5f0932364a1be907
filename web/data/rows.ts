import { type ByField, entriesOf, type FieldName } from '../../src/fields.ts';
import type { SamplesAnswer } from '../../src/outlets/status.ts';

type Columns = ByField<(number | null)[]>;

/** The rows that are shown, from the API and then from the live channel. All charts use one object, so that they always agree. */
export interface Rows extends SamplesAnswer {
  readonly t: number[];
  readonly fields: Columns;
}

/** A copy that may grow. */
export const copyRows = (samples: SamplesAnswer): Rows => ({
  ...samples,
  t: [...samples.t],
  fields: Object.fromEntries(entriesOf(samples.fields).map(([id, column]) => [id, [...column]])),
});

/** The values of a live tick. */
export interface Tick {
  readonly t: number;
  readonly ids: Iterable<FieldName>;
  readonly value: (id: FieldName) => number | null;
}

/** Limits of the rows: `oldest` is the start of the range, `most` the number of rows, `step` the usual seconds between two ticks. */
export interface RowLimits {
  readonly oldest: number;
  readonly most: number;
  readonly step: number;
}

/** The change of the rows by a tick, for charts with derived columns: whether the last row was replaced, and the number of rows removed at the start. */
export interface RowChange {
  readonly replaced: boolean;
  readonly removed: number;
}

/** A tick that is this many steps late leaves a gap. */
const GAP_STEPS = 2.5;

/**
 * Adds one live row at the right edge. A row closer than the range's resolution replaces the last one, and rows older than the range are
 * removed, so that a page that stays open does not grow. After a break, a row of nulls is added first, so that no line is drawn across it.
 * null: the tick is not newer than the last row.
 */
export function appendRow(rows: Rows, { t, ids, value }: Tick, { oldest, most, step }: RowLimits): RowChange | null {
  const { t: times, fields } = rows;
  const last = times.length - 1;
  if (last >= 0 && t <= times[last]!) return null;
  for (const id of ids) fields[id] ??= new Array<null>(times.length).fill(null);
  const columns = entriesOf(fields);
  const resolution = last > 0 ? (t - times[0]!) / most : 0;
  const replaced = last > 0 && t - times[last - 1]! < resolution;
  const late = last >= 0 && !replaced && t - times[last]! > Math.max(GAP_STEPS * step + 1, resolution * GAP_STEPS);
  if (replaced) times.pop();
  if (late) times.push((times[last]! + t) / 2);
  times.push(t);
  for (const [id, column] of columns) {
    if (replaced) column.pop();
    if (late) column.push(null);
    column.push(value(id));
  }
  let gone = 0;
  while (times.length - gone > most || (times.length - gone > 2 && times[gone]! < oldest)) gone++;
  if (gone > 0) {
    times.splice(0, gone);
    for (const [, column] of columns) column.splice(0, gone);
  }
  return { replaced, removed: gone };
}
