import type { FieldName } from '../fields.ts';
import type { HistoryEvent } from '../sample/types.ts';
import type { FileDescription, FileHolders, Limit } from '../sources/types.ts';
import { DecodedColumns } from './decoded-columns.ts';
import type { PartColumns } from './part-readings.ts';

/**
 * Columns by field: the only input that history passes to trends. In memory a gap is NaN, because typed arrays have no null. In JSON it
 * is null.
 */
export interface Series {
  /** Epoch seconds. Times from files may be unsorted or repeated; `normalise` in trends corrects that. */
  readonly t: Float64Array;
  readonly fields: ReadonlyMap<FieldName, Float64Array>;
  /** Nominal seconds between samples. */
  readonly intervalS: number;
  /** Limit at the end of the series. */
  readonly limitBytes: Limit;
  /** -Xmx at the end of the series; null: no JVM or not known. */
  readonly heapMaxBytes: Limit;
  readonly events: readonly HistoryEvent[];
  /** Files in the page cache, if they were scanned. */
  readonly files: readonly FileTrack[];
  /** The ledger over time, as far as it was read. */
  readonly parts: PartColumns;
}

/** The value of a field in one row, without the column where it is encoded; undefined: there is no such column or row. */
export const valueIn = (fields: Series['fields'], id: FieldName, row: number): number | undefined =>
  fields instanceof DecodedColumns ? fields.valueAt(id, row) : fields.get(id)?.[row];

/** Growth of a file, or of a group of files, as columns of equal length. A NaN at the beginning: it was not there yet. */
export interface FileTrack extends FileDescription, FileHolders {
  readonly mtimeMs: number | null;
  readonly isOwn: boolean;
  readonly t: Float64Array;
  readonly sizeBytes: Float64Array;
  readonly allocatedBytes: Float64Array;
  readonly residentBytes: Float64Array;
  /** Free space of its file system at those times; null: not recorded. */
  readonly freeBytes: Float64Array | null;
  /** Files of the group that were followed one by one; none where it is one file. */
  readonly members: readonly FileTrack[];
}
