import { type ByField, type FieldId, fieldName } from '../../fields.ts';
import type { CgroupReading } from '../types.ts';
import { fieldsOfStat, filesOfFields, readFields } from './field-places.ts';
import { ParseError, Problems, parseFlat, parseLimit, parseNumber, tighter } from './flat-keyed.ts';

/** Names of the files that are read of a v1 memory cgroup. */
export const V1_FILES: readonly string[] = [...filesOfFields('v1'), 'memory.limit_in_bytes'];

const TOTAL = 'total_';
/** Keys of memory.stat, without `total_`, that have a field id of their own in the table of fields. The others keep their key as id. */
const NAMED: ReadonlyMap<string, FieldId> = new Map([...fieldsOfStat('v1')].map(([key, id]) => [key.slice(TOTAL.length), id]));

/**
 * Parses the files of a v1 memory cgroup. It uses the `total_*` keys, which include child groups; `rss` and `cache` do not.
 * Source: Linux Documentation/admin-guide/cgroup-v1/memory.rst. @throws ParseError
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
  // No iterator: V8's interpreter makes two objects for each of its values.
  stat.forEach((value, key) => {
    // Without use_hierarchy, older kernels write no totals. Then the values of the group itself are used.
    if (hasTotals !== key.startsWith(TOTAL)) return;
    const plain = hasTotals ? key.slice(TOTAL.length) : key;
    values[NAMED.get(plain) ?? fieldName(plain)] = value;
  });
  const problems = new Problems();
  Object.assign(values, readFields('v1', files, problems));
  values.working_set = Math.max(0, usage - (values.inactive_file ?? 0));
  const limitOf = (file: string, limit: string) => problems.attempt(file, () => parseLimit(file, limit));
  const limitText = files['memory.limit_in_bytes'];
  const hierarchical = /^hierarchical_memory_limit (\d+)$/m.exec(text)?.[1];
  return {
    version: 1,
    values,
    limitBytes: tighter(
      limitText === undefined ? null : limitOf('memory.limit_in_bytes', limitText),
      hierarchical === undefined ? null : limitOf('memory.stat hierarchical_memory_limit', hierarchical),
    ),
    problems: problems.list,
  };
}
