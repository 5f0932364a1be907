import type { FieldName } from '../../fields.ts';
import { type FieldReader, lockedPageCache } from '../../memory-facts.ts';
import { MIB } from '../../units.ts';

type Columns = ReadonlyMap<FieldName, Float64Array>;

/** Less locked page cache is the program code that some processes lock. */
const MIN_LOCKED_BYTES = MIB;

/** Page cache that is locked in memory, by sample; NaN where it is not known. null: the kernel's lists are not there, or hardly any is locked. */
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
