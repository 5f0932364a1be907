import { FIELDS } from '../../fields.ts';
import type { CgroupReading } from '../types.ts';
import { ParseError, parseFlat, parseLimit, parseNumber, tighter } from './flat-keyed.ts';

/** The files of a v1 memory cgroup that are read, by name. */
export const V1_FILES = [
  'memory.stat',
  'memory.usage_in_bytes',
  'memory.limit_in_bytes',
  'memory.soft_limit_in_bytes',
  'memory.max_usage_in_bytes',
  'memory.failcnt',
  'memory.kmem.usage_in_bytes',
  'memory.kmem.tcp.usage_in_bytes',
  'memory.memsw.usage_in_bytes',
  'memory.memsw.limit_in_bytes',
  'memory.oom_control',
] as const;

/** Keys of memory.stat that the table maps to a canonical name; the rest keep their own, without `total_`. */
const NAMED = new Map(
  FIELDS.flatMap((f) =>
    f.v1?.startsWith('memory.stat#total_') ? [[f.v1.slice('memory.stat#total_'.length), f.id] as const] : [],
  ),
);

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
  const values: Record<string, number> = { usage: parseNumber('memory.usage_in_bytes', usageText) };
  const hasTotals = stat.has('total_cache');
  for (const [key, value] of stat) {
    if (key.startsWith('hierarchical_')) continue;
    // Without use_hierarchy older kernels give no totals at all; then the group's own figures are all there is.
    if (hasTotals !== key.startsWith('total_')) continue;
    const plain = hasTotals ? key.slice('total_'.length) : key;
    values[NAMED.get(plain) ?? plain] = value;
  }
  const number = (name: string, id: string): void => {
    const source = files[name];
    if (source !== undefined) values[id] = parseNumber(name, source);
  };
  number('memory.kmem.usage_in_bytes', 'kernel');
  number('memory.kmem.tcp.usage_in_bytes', 'sock');
  number('memory.failcnt', 'limit_hits');
  number('memory.memsw.usage_in_bytes', 'memsw_usage');
  const oom = files['memory.oom_control'];
  if (oom !== undefined) {
    const control = parseFlat('memory.oom_control', oom);
    // oom_kill is there since 4.13.
    if (control.has('oom_kill')) values.oom_kill = control.get('oom_kill')!;
    if (control.has('under_oom')) values.under_oom = control.get('under_oom')!;
  }
  values.working_set = Math.max(0, values.usage! - (values.inactive_file ?? 0));
  const limitText = files['memory.limit_in_bytes'];
  const hierarchical = /^hierarchical_memory_limit (\d+)$/m.exec(text)?.[1];
  const peak = files['memory.max_usage_in_bytes'];
  return {
    version: 1,
    values,
    limitBytes: tighter(
      limitText === undefined ? null : parseLimit('memory.limit_in_bytes', limitText),
      hierarchical === undefined ? null : parseLimit('memory.stat hierarchical_memory_limit', hierarchical),
    ),
    highBytes: null,
    peakBytes: peak === undefined ? null : parseNumber('memory.max_usage_in_bytes', peak),
    pressure: null,
  };
}
