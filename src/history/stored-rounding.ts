import { type FieldName, fieldRow } from '../fields.ts';

export const roundToMilli = (v: number): number => Math.round(v * 1000) / 1000;

/** How the values of a field are rounded on disk, and with it means in memory, which a restart reads from there: to bytes, counts or milliseconds. */
export const roundingOf = (id: FieldName): ((v: number) => number) =>
  fieldRow(id).unit === 'seconds' ? roundToMilli : Math.round;
