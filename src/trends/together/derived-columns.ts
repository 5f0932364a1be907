import type { FieldName } from '../../fields.ts';
import { type FieldReader, lockedPageCache, swapInUse } from '../../memory-facts.ts';
import { MIB } from '../../units.ts';
import type { OrderedSeries } from '../normalise.ts';

type Columns = ReadonlyMap<FieldName, Float64Array>;

/** A smaller amount of locked page cache is the program code that some processes lock. */
const MIN_LOCKED_BYTES = MIB;

/** Page cache that is locked in memory, by sample; NaN: not known. null: the kernel's lists are missing, or hardly any page is locked. */
export function lockedCacheColumn(fields: Columns): Float64Array | null {
  const unevictable = fields.get('unevictable');
  if (unevictable === undefined || !fields.has('active_anon') || !fields.has('inactive_anon')) return null;
  if (!unevictable.some((bytes) => bytes >= MIN_LOCKED_BYTES)) return null;
  return unevictable.map((bytes, row) => (Number.isFinite(bytes) ? lockedPageCache(rowReader(fields, row)) : Number.NaN));
}

const rowReader =
  (fields: Columns, row: number): FieldReader =>
  (id) => {
    const value = fields.get(id)?.[row];
    return value !== undefined && Number.isFinite(value) ? value : null;
  };

/** Newest known value of a field. */
export const newestReader =
  (fields: Columns): FieldReader =>
  (id) => {
    const value = fields.get(id)?.findLast(Number.isFinite);
    return value ?? null;
  };

export interface WithSwap {
  /** The series with swapped-out memory added to anon and usage. */
  readonly series: OrderedSeries;
  readonly anon: Float64Array;
  readonly usage: Float64Array | null;
  /** The sum of anon, shmem and swap. It does not change if tmpfs is swapped out. */
  readonly anonShmemAndSwap: Float64Array;
}

/** The columns that count the processes' memory in RAM and in swap. null: this container does not use swap. */
export function withSwap(series: OrderedSeries): WithSwap | null {
  const { fields } = series;
  const [anon, swap, shmem] = [fields.get('anon'), fields.get('swap'), fields.get('shmem')];
  if (anon === undefined || swap === undefined || swapInUse(newestReader(fields)) === null) return null;
  const plusSwap = (column: Float64Array): Float64Array => column.map((bytes, row) => bytes + swap[row]!);
  const anonAndSwap = plusSwap(anon);
  const usage = fields.get('usage');
  const usageAndSwap = usage === undefined ? null : plusSwap(usage);
  const counted = new Map(fields).set('anon' as FieldName, anonAndSwap);
  if (usageAndSwap !== null) counted.set('usage' as FieldName, usageAndSwap);
  return {
    series: { ...series, fields: counted },
    anon: anonAndSwap,
    usage: usageAndSwap,
    anonShmemAndSwap: shmem === undefined ? anonAndSwap : anonAndSwap.map((bytes, row) => bytes + shmem[row]!),
  };
}
