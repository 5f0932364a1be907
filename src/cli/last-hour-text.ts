import { entriesOf, type FieldName, fieldRow } from '../fields.ts';
import { bytesText, durationText } from '../format.ts';
import type { SeriesJson } from '../history/series-json.ts';
import { SECOND_MS } from '../units.ts';

/** The course of the fields of a container in its last hour, one line each: at its start, at its end, and the highest value. */
export function lastHourText({ t, fields }: SeriesJson): string[] {
  const [first, last] = [t[0], t.at(-1)];
  if (first === undefined || last === undefined) return ['The last hour has no samples.'];
  const lines = entriesOf(fields).flatMap(([id, column]) => {
    const values = (column ?? []).filter((value) => value !== null);
    const [from, to] = [values[0], values.at(-1)];
    if (from === undefined || to === undefined || !isShown(id)) return [];
    const texts = [from, to, values.reduce((a, b) => Math.max(a, b))].map((value) => valueText(id, value).padStart(9));
    return [`  ${id.padEnd(20)} ${texts.join(' ')}`];
  });
  const until = new Date(last * SECOND_MS).toISOString();
  return [
    `The last ${durationText(last - first)}, until ${until}`,
    `  ${'field'.padEnd(20)} ${['first', 'last', 'highest'].map((head) => head.padStart(9)).join(' ')}`,
    ...lines,
  ];
}

/** What usage is made of, sums, and what a sentence names. */
const isShown = (id: FieldName): boolean => {
  const { isSum, partOf, shortName } = fieldRow(id);
  return isSum || partOf === 'usage' || shortName !== null;
};

const valueText = (id: FieldName, value: number): string =>
  fieldRow(id).unit === 'bytes' ? bytesText(value) : String(Math.round(value));
