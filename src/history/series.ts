import type { FieldName } from '../fields.ts';
import type { HistoryEvent } from '../sample/types.ts';
import type { FileDescription, Limit } from '../sources/types.ts';

/**
 * Columns by field: the value that history hands to trends, and the only thing that trends sees.
 * In memory a gap is NaN (typed arrays have no null); at every JSON edge it is null.
 */
export interface Series {
  /** Epoch seconds. Raw from files may be unsorted or doubled; `normalise` in trends puts that right. */
  readonly t: Float64Array;
  readonly fields: ReadonlyMap<FieldName, Float64Array>;
  /** Nominal seconds between samples. */
  readonly intervalS: number;
  /** In force at the end. */
  readonly limitBytes: Limit;
  /** -Xmx, in force at the end; null: no JVM or not known. */
  readonly heapMaxBytes: Limit;
  readonly events: readonly HistoryEvent[];
  /** Files behind the page cache, where they were seen. */
  readonly files: readonly FileTrack[];
}

/** How one row of the files grew. Columns of equal length. */
export interface FileTrack extends FileDescription {
  readonly t: Float64Array;
  readonly sizeBytes: Float64Array;
  readonly residentBytes: Float64Array;
}
