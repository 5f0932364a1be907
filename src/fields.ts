/**
 * THE table of fields: every list of fields anywhere (samples, metrics, page, trends) derives from it.
 *
 * v2 names are canonical. `v1` and `v2` say where the kernel gives the value: `file` or `memory.stat#key`;
 * `null` means that this version does not have it. v1 sums are the `total_*` keys, since `rss` and `cache`
 * alone leave out child groups. Source: Linux Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.
 */
type Unit = 'bytes' | 'count' | 'seconds';

export interface FieldRow {
  readonly id: string;
  readonly title: string;
  readonly unit: Unit;
  readonly kind: 'gauge' | 'counter';
  readonly source: 'cgroup' | 'procfs' | 'jvm';
  readonly v1: string | null;
  readonly v2: string | null;
  /** true: the kernel can take it back under pressure; false: it cannot; null: mixed, or not memory of its own. */
  readonly reclaimable: boolean | null;
  readonly help: string;
}

const row = <const Id extends string>(
  id: Id,
  title: string,
  v1: string | null,
  v2: string | null,
  reclaimable: boolean | null,
  help: string,
  rest: Partial<Pick<FieldRow, 'unit' | 'kind' | 'source'>> = {},
) =>
  ({ id, title, unit: 'bytes', kind: 'gauge', source: 'cgroup', v1, v2, reclaimable, help, ...rest }) as FieldRow & {
    readonly id: Id;
  };

export const FIELDS = [
  row('usage', 'Usage', 'memory.usage_in_bytes', 'memory.current', null, 'All memory charged to the cgroup, page cache included'),
  row(
    'working_set',
    'Working set',
    null,
    null,
    null,
    'Usage less inactive_file: what kubectl top shows and node-pressure eviction goes by',
  ),
  row(
    'anon',
    'Anonymous',
    'memory.stat#total_rss',
    'memory.stat#anon',
    false,
    'Heap, stacks and other private memory; v1 calls it rss, and counts swap cache with it',
  ),
  row('file', 'Page cache', 'memory.stat#total_cache', 'memory.stat#file', null, 'Page cache, tmpfs and shared memory included'),
  row(
    'active_file',
    'Active file',
    'memory.stat#total_active_file',
    'memory.stat#active_file',
    true,
    'Page cache that was used more than once: reclaimable, yet part of the working set',
  ),
  row(
    'inactive_file',
    'Inactive file',
    'memory.stat#total_inactive_file',
    'memory.stat#inactive_file',
    true,
    'Page cache that is first to be reclaimed',
  ),
  row(
    'shmem',
    'tmpfs and shared memory',
    'memory.stat#total_shmem',
    'memory.stat#shmem',
    false,
    'Swap-backed file pages: tmpfs, /dev/shm; counted as cache, but the kernel cannot take it back without swap',
  ),
  row(
    'file_mapped',
    'Mapped files',
    'memory.stat#total_mapped_file',
    'memory.stat#file_mapped',
    true,
    'Page cache that is mapped into a process',
  ),
  row(
    'file_dirty',
    'Dirty file pages',
    'memory.stat#total_dirty',
    'memory.stat#file_dirty',
    true,
    'Page cache not yet written to disk',
  ),
  row(
    'file_writeback',
    'File pages under writeback',
    'memory.stat#total_writeback',
    'memory.stat#file_writeback',
    true,
    'Page cache on its way to disk',
  ),
  row(
    'active_anon',
    'Active anon list',
    'memory.stat#total_active_anon',
    'memory.stat#active_anon',
    false,
    'LRU list, not a type: anon and shmem',
  ),
  row(
    'inactive_anon',
    'Inactive anon list',
    'memory.stat#total_inactive_anon',
    'memory.stat#inactive_anon',
    false,
    'LRU list, not a type: anon and shmem',
  ),
  row(
    'unevictable',
    'Unevictable',
    'memory.stat#total_unevictable',
    'memory.stat#unevictable',
    false,
    'mlocked pages and the like',
  ),
  row(
    'kernel',
    'Kernel memory',
    'memory.kmem.usage_in_bytes',
    'memory.stat#kernel',
    null,
    'All kernel memory; v1: the one kmem figure; v2 before 5.18: summed from its parts',
  ),
  row('slab', 'Slab', null, 'memory.stat#slab', null, 'Kernel objects, reclaimable and not'),
  row('slab_reclaimable', 'Reclaimable slab', null, 'memory.stat#slab_reclaimable', true, 'Dentries, inodes, buffer heads'),
  row('slab_unreclaimable', 'Unreclaimable slab', null, 'memory.stat#slab_unreclaimable', false, 'Kernel objects that stay'),
  row('kernel_stack', 'Kernel stacks', null, 'memory.stat#kernel_stack', false, 'One per thread'),
  row('pagetables', 'Page tables', null, 'memory.stat#pagetables', false, 'Page tables of the processes'),
  row('sec_pagetables', 'Secondary page tables', null, 'memory.stat#sec_pagetables', false, 'KVM and IOMMU page tables'),
  row('percpu', 'Per-CPU', null, 'memory.stat#percpu', false, 'Per-CPU kernel data'),
  row('vmalloc', 'vmalloc', null, 'memory.stat#vmalloc', false, 'Kernel memory mapped by vmalloc'),
  row(
    'sock',
    'Socket buffers',
    'memory.kmem.tcp.usage_in_bytes',
    'memory.stat#sock',
    false,
    'Network buffers; not part of kernel',
  ),
  row('swap', 'Swap', 'memory.stat#total_swap', 'memory.swap.current', null, 'Swapped out; not part of usage'),
  row(
    'oom_kill',
    'OOM kills',
    'memory.oom_control#oom_kill',
    'memory.events#oom_kill',
    null,
    'Processes killed by the OOM killer',
    { unit: 'count', kind: 'counter' },
  ),
  row('limit_hits', 'Limit hits', 'memory.failcnt', 'memory.events#max', null, 'Times that usage met the limit', {
    unit: 'count',
    kind: 'counter',
  }),
  row('rss', 'Process RSS', null, null, null, 'VmRSS of the target process', { source: 'procfs' }),
  row('threads', 'Threads', null, null, null, 'Threads of the target process', { source: 'procfs', unit: 'count' }),
  row('heap_used', 'Java heap used', null, null, false, 'Sum of the used bytes of the heap spaces', { source: 'jvm' }),
  row('heap_committed', 'Java heap committed', null, null, false, 'Sum of the capacities of the generations', { source: 'jvm' }),
  row('old_used', 'Old generation used', null, null, false, 'Used bytes of the oldest generation', { source: 'jvm' }),
  row('metaspace', 'Metaspace', null, null, false, 'Metaspace used; the JVM renews it at a collection', { source: 'jvm' }),
  row('classes', 'Loaded classes', null, null, null, 'Classes loaded less unloaded', { source: 'jvm', unit: 'count' }),
  row('gc_count', 'Collections', null, null, null, 'Collections of all collectors', {
    source: 'jvm',
    unit: 'count',
    kind: 'counter',
  }),
  row('full_gc_count', 'Full collections', null, null, null, 'Collections of the old generation', {
    source: 'jvm',
    unit: 'count',
    kind: 'counter',
  }),
  row('gc_seconds', 'Time in collections', null, null, null, 'Seconds spent collecting', {
    source: 'jvm',
    unit: 'seconds',
    kind: 'counter',
  }),
] as const satisfies readonly FieldRow[];

/**
 * The id of a field of the table. Further keys of memory.stat are fields under their own name, so APIs take any string.
 * @public
 */
export type FieldId = (typeof FIELDS)[number]['id'];

const byId: ReadonlyMap<string, FieldRow> = new Map(FIELDS.map((f) => [f.id, f]));

export const isField = (id: string): boolean => byId.has(id);

/** Keys of memory.stat that count events or pages and are no size. */
const COUNTED = /^(?:pg|workingset_|zswp|thp_|swp|numa_|.*_hits$|under_oom$)/;

/** The table's row, or a plain one for a key of memory.stat that the table does not name. */
export const fieldRow = (id: string): FieldRow => byId.get(id) ?? plainRow(id);

const plainRow = (id: string): FieldRow => ({
  id,
  title: id,
  unit: COUNTED.test(id) ? 'count' : 'bytes',
  kind: COUNTED.test(id) ? 'counter' : 'gauge',
  source: 'cgroup',
  v1: null,
  v2: `memory.stat#${id}`,
  reclaimable: null,
  help: `memory.stat ${id}, as the kernel gives it`,
});
