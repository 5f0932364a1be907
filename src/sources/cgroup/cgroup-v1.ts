import { type ByField, type FieldId, fieldName } from '../../fields.ts';
import type { CgroupReading } from '../types.ts';
import { fieldsOfStat, filesOfFields, readFields } from './field-places.ts';
import { ParseError, parseFlat, parseLimit, parseNumber, tighter } from './flat-keyed.ts';

/** The files of a v1 memory cgroup that are read, by name. */
export const V1_FILES: readonly string[] = [...filesOfFields('v1'), 'memory.limit_in_bytes'];

const TOTAL = 'total_';
/** Keys of memory.stat that the table maps to a canonical name; the rest keep their own. Without `total_`. */
const NAMED: ReadonlyMap<string, FieldId> = new Map([...fieldsOfStat('v1')].map(([key, id]) => [key.slice(TOTAL.length), id]));

/**
 * A v1 memory cgroup from the texts of its files. Sums are the `total_*` keys, which include child groups: `rss` and `cache`
 * alone are this group's own. Source: Linux Documentation/admin-guide/cgroup-v1/memory.rst. @throws ParseError
 */
export function parseCgroupV1(files: Readonly<Record<string, string>>): CgroupReading {
  const text = files['memory.stat'];
  const usageText = files['memory.usage_in_bytes'];
  if (text === undefined || usageText === undefined)
    throw new ParseError('a v1 memory cgroup must have memory.stat and memory.usage_in_bytes');
  const stat = parseFlat('memory.stat', text);
  const usage = parseNumber('memory.usage_in_bytes', usageText);
  const values: ByField<number> = { usage };
  const hasTotals = stat.has('total_cache');
  for (const [key, value] of stat) {
    if (key.startsWith('hierarchical_')) continue;
    // Without use_hierarchy older kernels give no totals at all; then the group's own figures are all there is.
    if (hasTotals !== key.startsWith(TOTAL)) continue;
    const plain = hasTotals ? key.slice(TOTAL.length) : key;
    values[NAMED.get(plain) ?? fieldName(plain)] = value;
  }
  Object.assign(values, readFields('v1', files));
  values.working_set = Math.max(0, usage - (values.inactive_file ?? 0));
  const limitText = files['memory.limit_in_bytes'];
  const hierarchical = /^hierarchical_memory_limit (\d+)$/m.exec(text)?.[1];
  return {
    version: 1,
    values,
    limitBytes: tighter(
      limitText === undefined ? null : parseLimit('memory.limit_in_bytes', limitText),
      hierarchical === undefined ? null : parseLimit('memory.stat hierarchical_memory_limit', hierarchical),
    ),
  };
}
