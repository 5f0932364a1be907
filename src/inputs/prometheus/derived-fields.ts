import type { FieldId } from '../../fields.ts';

type Columns = Map<FieldId, Float64Array>;

/**
 * Fields that cAdvisor does not report, and that follow from those that it does. Both are needed for an honest answer: without shmem a growing
 * tmpfs would be page cache, and without kernel memory a growing usage would have no cause.
 *
 * shmem: page cache (`file`) has three parts: the two lists of files, and tmpfs. kernel: usage is anon, file and kernel memory, socket buffers
 * of cgroup v2 included. Source: Linux, cgroup-v2.rst, `memory.stat`.
 */
export function addDerivedFields(columns: Columns): void {
  const difference = (id: FieldId, whole: FieldId, ...parts: readonly FieldId[]): void => {
    const of = columns.get(whole);
    const less = parts.map((part) => columns.get(part));
    if (columns.has(id) || of === undefined || less.includes(undefined)) return;
    columns.set(
      id,
      // The sum over-reads and lags its parts by up to a charge batch, so a small negative difference is 0.
      of.map((value, i) =>
        Math.max(
          0,
          less.reduce((rest, column) => rest - column![i]!, value),
        ),
      ),
    );
  };
  difference('shmem', 'file', 'active_file', 'inactive_file');
  difference('kernel', 'usage', 'anon', 'file');
}
