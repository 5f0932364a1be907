import { type ByField, fieldName, KERNEL_FIELDS } from '../../fields.ts';
import type { CgroupReading } from '../types.ts';
import { filesOfFields, readFields } from './field-places.ts';
import { ParseError, Problems, parseFlat, parseLimit, parseNumber } from './flat-keyed.ts';

/** Names of the files that are read of a v2 memory cgroup. */
export const V2_FILES: readonly string[] = [...filesOfFields('v2'), 'memory.max'];

/** Parses the files of a v2 memory cgroup. Source: Linux Documentation/admin-guide/cgroup-v2.rst. @throws ParseError */
export function parseCgroupV2(files: Readonly<Record<string, string>>): CgroupReading {
  const text = files['memory.stat'];
  const current = files['memory.current'];
  if (text === undefined || current === undefined)
    throw new ParseError('a v2 memory cgroup must have memory.stat and memory.current');
  const usage = parseNumber('memory.current', current);
  const values: ByField<number> = { usage };
  for (const [key, value] of parseFlat('memory.stat', text)) values[fieldName(key)] = value;
  // Before Linux 5.18, memory.stat has no `kernel`. The sum of its parts is without memory of io_uring, pipes and bpf.
  values.kernel ??= KERNEL_FIELDS.reduce((sum, part) => sum + (values[part] ?? 0), 0);
  const problems = new Problems();
  Object.assign(values, readFields('v2', files, problems));
  values.working_set = Math.max(0, usage - (values.inactive_file ?? 0));
  const max = files['memory.max'];
  const limitBytes = max === undefined ? null : problems.attempt('memory.max', () => parseLimit('memory.max', max));
  return { version: 2, values, limitBytes, problems: problems.list };
}
