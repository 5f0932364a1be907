import type { FieldName } from '../fields.ts';
import type { HistoryEvent } from '../sample/types.ts';
import type { FileDescription, Limit } from '../sources/types.ts';
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

/** Growth of one row of files, as columns of equal length. */
export interface FileTrack extends FileDescription {
  readonly t: Float64Array;
  readonly sizeBytes: Float64Array;
  readonly residentBytes: Float64Array;
}
