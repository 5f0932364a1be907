import { KIB } from '../units.ts';

/** A column of bytes as it is stored, in KiB: a value for each time, null where it is not known; or one value for all of them. */
export type StoredColumn = number | null | readonly (number | null)[];

/** Readings that are stored: enough for the slope of a line. */
const MAX_ROWS = 24;

/** The rows that are stored of `n`: the first, the last, and others evenly between them. */
export function storedRows(n: number): number[] {
  const kept = Math.min(n, MAX_ROWS);
  return Array.from({ length: kept }, (_, i) => (kept < 2 ? 0 : Math.round((i * (n - 1)) / (kept - 1))));
}

export function storedColumn(values: ArrayLike<number>, rows: readonly number[]): StoredColumn {
  const kept = rows.map((row) => (Number.isFinite(values[row]) ? Math.round(values[row]! / KIB) : null));
  return kept.every((value) => value === kept[0]) ? (kept[0] ?? null) : kept;
}

/** Bytes at `n` times; NaN: not known. */
export const readColumn = (column: StoredColumn, n: number): number[] =>
  Array.from({ length: n }, (_, i) => bytesOf(isList(column) ? (column[i] ?? null) : column));

const isList = (column: StoredColumn): column is readonly (number | null)[] => Array.isArray(column);
const bytesOf = (kib: number | null): number => (kib === null ? Number.NaN : kib * KIB);

export const newestKib = (column: StoredColumn): number => (isList(column) ? column.at(-1) : column) ?? 0;
