/**
 * THE table of fields: every list of fields anywhere (samples, metrics, page, trends) derives from it.
 *
 * v2 names are canonical. `v1` and `v2` name the place of the value: `file` or `memory.stat#key`;
 * `null` means that this version does not have it. v1 sums are the `total_*` keys, because `rss` and `cache`
 * do not include child groups. Source: Linux Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.
 */
type Unit = 'bytes' | 'count' | 'seconds';

/** The causes that a growing field may indicate. */
export type GrowthCause =
  | 'page-cache'
  | 'active-cache'
  | 'locked-cache'
  | 'heap'
  | 'metaspace'
  | 'native'
  | 'threads'
  | 'shmem'
  | 'huge-pages'
  | 'sock'
  | 'slab'
  | 'page-tables'
  | 'kernel'
  | 'process';

/** The sources that are read at every tick, under the names that the log and the API use. `hsperfdata`: the counters of the JVM, or its answers. */
export type SourceName = 'cgroup' | 'procfs' | 'hsperfdata';

interface Columns {
  readonly unit: Unit;
  readonly kind: 'gauge' | 'counter';
  /** The source that reads it: sources/cgroup by `v1` and `v2`, sources/process by `status`, sources/jvm in jvm-values.ts. */
  readonly source: SourceName;
  /** The key of /proc/PID/status that has it; null: another source reads the field. */
  readonly status: string | null;
  /** The cause that its growth indicates; null: the field alone indicates none. */
  readonly cause: GrowthCause | null;
  /** Whether its trend is estimated. False for LRU lists and fields that only repeat others; counters have no trend. */
  readonly evaluated: boolean;
  /** Whether it is low when a process starts. False for page cache, which may outlive the process. */
  readonly perProcess: boolean;
  /** Whether it rises until a collection and then falls. Its trend is then that of its troughs. */
  readonly sawtooth: boolean;
  /** Whether it is a sum of other fields. Its growth then does not show which of them grows. */
  readonly isSum: boolean;
  /** Its name within a sentence. */
  readonly shortName: string | null;
}

export interface FieldRow extends Columns {
  readonly id: FieldName;
  readonly title: string;
  readonly v1: string | null;
  readonly v2: string | null;
  /** true: the kernel can reclaim it under pressure; false: it cannot; null: mixed, or not a separate kind of memory. */
  readonly reclaimable: boolean | null;
  /**
   * The field that it is a part of; null: it overlaps others, or is not memory of the cgroup. Parts of one field do not overlap. Parts are used
   * for the sum if the kernel does not report it, for unreclaimable memory, and, below `kernel`, for the ledger.
   */
  readonly partOf: FieldId | null;
  readonly help: string;
}

/** The values of most rows. */
const USUAL: Columns = {
  unit: 'bytes',
  kind: 'gauge',
  source: 'cgroup',
  status: null,
  cause: null,
  evaluated: true,
  perProcess: false,
  sawtooth: false,
  isSum: false,
  shortName: null,
};

const row = <const Id extends string, const Part extends string = never, const From extends SourceName = 'cgroup'>(
  id: Id,
  title: string,
  v1: string | null,
  v2: string | null,
  reclaimable: boolean | null,
  help: string,
  { partOf = null, source = 'cgroup' as From, ...rest }: Partial<Columns> & Choices<Part, From> = {},
) => ({ ...USUAL, id, title, v1, v2, reclaimable, help, ...rest, partOf, source });

/** Columns whose value is part of a row's type, so that other types can be derived from it. */
interface Choices<Part, From> {
  readonly partOf?: Part | null;
  readonly source?: From;
}

const TABLE = [
  row(
    'usage',
    'Usage',
    'memory.usage_in_bytes',
    'memory.current',
    null,
    'All memory charged to the cgroup, page cache included',
    { isSum: true },
  ),
  row(
    'working_set',
    'Working set',
    null,
    null,
    null,
    'Usage less inactive_file: what kubectl top shows and node-pressure eviction goes by',
    { isSum: true, shortName: 'working set' },
  ),
  row(
    'anon',
    'Anonymous',
    'memory.stat#total_rss',
    'memory.stat#anon',
    false,
    'Heap, stacks and other private memory; v1 calls it rss, and counts swap cache with it',
    { partOf: 'usage', cause: 'native', perProcess: true },
  ),
  row('file', 'Page cache', 'memory.stat#total_cache', 'memory.stat#file', null, 'Page cache, tmpfs and shared memory included', {
    partOf: 'usage',
    cause: 'page-cache',
  }),
  row(
    'active_file',
    'Active file',
    'memory.stat#total_active_file',
    'memory.stat#active_file',
    true,
    'Page cache that was used more than once: reclaimable, yet part of the working set',
    { partOf: 'file', cause: 'active-cache' },
  ),
  row(
    'inactive_file',
    'Inactive file',
    'memory.stat#total_inactive_file',
    'memory.stat#inactive_file',
    true,
    'Page cache that is first to be reclaimed',
    { partOf: 'file' },
  ),
  row(
    'shmem',
    'tmpfs and shared memory',
    'memory.stat#total_shmem',
    'memory.stat#shmem',
    false,
    'Swap-backed file pages: tmpfs, /dev/shm; counted as cache, but the kernel cannot take it back without swap',
    { partOf: 'file', cause: 'shmem' },
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
    { evaluated: false },
  ),
  row(
    'file_writeback',
    'File pages under writeback',
    'memory.stat#total_writeback',
    'memory.stat#file_writeback',
    true,
    'Page cache on its way to disk',
    { evaluated: false },
  ),
  row(
    'active_anon',
    'Active anon list',
    'memory.stat#total_active_anon',
    'memory.stat#active_anon',
    false,
    'LRU list, not a type: anon and shmem',
    { evaluated: false },
  ),
  row(
    'inactive_anon',
    'Inactive anon list',
    'memory.stat#total_inactive_anon',
    'memory.stat#inactive_anon',
    false,
    'LRU list, not a type: anon and shmem',
    { evaluated: false },
  ),
  row(
    'unevictable',
    'Unevictable',
    'memory.stat#total_unevictable',
    'memory.stat#unevictable',
    false,
    'mlocked pages and the like',
    { cause: 'locked-cache' },
  ),
  row(
    'hugetlb',
    'Huge pages',
    null,
    'memory.stat#hugetlb',
    false,
    'Reserved huge pages (hugetlbfs, -XX:+UseLargePages), where the kernel charges them to the memory cgroup',
    { partOf: 'usage', cause: 'huge-pages' },
  ),
  row(
    'kernel',
    'Kernel memory',
    'memory.kmem.usage_in_bytes',
    'memory.stat#kernel',
    null,
    'All kernel memory; v1: the one kmem figure; v2 before 5.18: summed from its parts',
    { partOf: 'usage', cause: 'slab' },
  ),
  row('slab', 'Slab', null, 'memory.stat#slab', null, 'Kernel objects, reclaimable and not', {
    partOf: 'kernel',
    cause: 'slab',
    perProcess: true,
  }),
  row('slab_reclaimable', 'Reclaimable slab', null, 'memory.stat#slab_reclaimable', true, 'Dentries, inodes, buffer heads', {
    partOf: 'slab',
    cause: 'slab',
  }),
  row('slab_unreclaimable', 'Unreclaimable slab', null, 'memory.stat#slab_unreclaimable', false, 'Kernel objects that stay', {
    partOf: 'slab',
    cause: 'slab',
  }),
  row('kernel_stack', 'Kernel stacks', null, 'memory.stat#kernel_stack', false, 'One per thread', {
    partOf: 'kernel',
    cause: 'threads',
    perProcess: true,
  }),
  row('pagetables', 'Page tables', null, 'memory.stat#pagetables', false, 'Page tables of the processes', {
    partOf: 'kernel',
    cause: 'page-tables',
    perProcess: true,
  }),
  row('sec_pagetables', 'Secondary page tables', null, 'memory.stat#sec_pagetables', false, 'KVM and IOMMU page tables', {
    partOf: 'kernel',
    cause: 'page-tables',
  }),
  row('percpu', 'Per-CPU', null, 'memory.stat#percpu', false, 'Per-CPU kernel data', { partOf: 'kernel', cause: 'kernel' }),
  row('vmalloc', 'vmalloc', null, 'memory.stat#vmalloc', false, 'Kernel memory mapped by vmalloc', {
    partOf: 'kernel',
    cause: 'kernel',
  }),
  row(
    'sock',
    'Socket buffers',
    'memory.kmem.tcp.usage_in_bytes',
    'memory.stat#sock',
    false,
    'Network buffers; not part of kernel',
    { partOf: 'usage', cause: 'sock', perProcess: true },
  ),
  row('swap', 'Swap', 'memory.stat#total_swap', 'memory.swap.current', null, 'Swapped out; not part of usage', {
    evaluated: false,
  }),
  row(
    'held_elsewhere',
    'Held by others of the limit',
    null,
    null,
    null,
    'Where the limit is that of a visible group above, such as the pod: what cannot be reclaimed outside of this container',
  ),
  row(
    'held_by_ended',
    'Held by ended containers',
    null,
    null,
    null,
    'The part of it that no running container of the pod has: tmpfs files and shared memory of containers that ended',
    { evaluated: false },
  ),
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
  row(
    'high',
    'Throttling limit',
    null,
    'memory.high',
    null,
    'Above it the kernel slows the tasks down and reclaims; absent where there is none',
    { evaluated: false },
  ),
  row(
    'high_hits',
    'Throttlings',
    null,
    'memory.events#high',
    null,
    'Times that usage was above memory.high and tasks were slowed down',
    { unit: 'count', kind: 'counter' },
  ),
  row(
    'psi_full_seconds',
    'Stalled on memory',
    null,
    'memory.pressure#full',
    null,
    'PSI: time in which all tasks waited for memory',
    { unit: 'seconds', kind: 'counter' },
  ),
  row(
    'under_oom',
    'Under OOM',
    'memory.oom_control#under_oom',
    null,
    null,
    '1 while tasks wait since the OOM killer is switched off',
    { unit: 'count', evaluated: false },
  ),
  row('memsw_usage', 'Usage and swap', 'memory.memsw.usage_in_bytes', null, null, 'v1 counts swap together with usage', {
    evaluated: false,
  }),
  row('swap_limit', 'Swap limit', null, 'memory.swap.max', null, 'Most that may be swapped out; absent where there is no limit', {
    evaluated: false,
  }),
  row(
    'memsw_limit',
    'Limit of usage and swap',
    'memory.memsw.limit_in_bytes',
    null,
    null,
    'v1 limits swap together with usage; absent where there is no limit',
    { evaluated: false },
  ),
  row('threads', 'Threads', null, null, null, 'Threads of the target process', {
    source: 'procfs',
    status: 'Threads',
    unit: 'count',
    cause: 'threads',
    perProcess: true,
    shortName: 'threads',
  }),
  row('rss', 'Process RSS', null, null, null, 'VmRSS of the target process', {
    source: 'procfs',
    status: 'VmRSS',
    isSum: true,
  }),
  row(
    'process_pagetables',
    'Page tables of the process',
    null,
    null,
    false,
    'VmPTE of the target process; cgroup v1 counts them in kernel memory alone',
    { source: 'procfs', status: 'VmPTE', cause: 'page-tables', perProcess: true },
  ),
  row('heap_used', 'Java heap used', null, null, false, 'Sum of the used bytes of the heap spaces', {
    source: 'hsperfdata',
    partOf: 'anon',
    cause: 'heap',
    perProcess: true,
    sawtooth: true,
    shortName: 'heap',
  }),
  row('heap_committed', 'Java heap committed', null, null, false, 'Sum of the capacities of the generations', {
    source: 'hsperfdata',
    evaluated: false,
    perProcess: true,
  }),
  row('old_used', 'Old generation used', null, null, false, 'Used bytes of the oldest generation', {
    source: 'hsperfdata',
    partOf: 'heap_used',
    sawtooth: true,
  }),
  row('metaspace', 'Metaspace', null, null, false, 'Metaspace used; the JVM renews it at a collection', {
    source: 'hsperfdata',
    partOf: 'anon',
    cause: 'metaspace',
    perProcess: true,
    shortName: 'metaspace',
  }),
  row('classes', 'Loaded classes', null, null, null, 'Classes loaded less unloaded', {
    source: 'hsperfdata',
    unit: 'count',
    shortName: 'classes',
  }),
  row('gc_count', 'Collections', null, null, null, 'Collections of all collectors', {
    source: 'hsperfdata',
    unit: 'count',
    kind: 'counter',
  }),
  row('full_gc_count', 'Full collections', null, null, null, 'Collections of the old generation', {
    source: 'hsperfdata',
    unit: 'count',
    kind: 'counter',
  }),
  row('gc_seconds', 'Time in collections', null, null, null, 'Seconds spent collecting', {
    source: 'hsperfdata',
    unit: 'seconds',
    kind: 'counter',
  }),
] as const;

/** The id of a field of the table. */
export type FieldId = Row['id'];

type Row = (typeof TABLE)[number];

/** The fields that one source reads. */
export type FieldIdFrom<From extends SourceName> = Extract<Row, { readonly source: From }>['id'];

type IdOfPart<R, Sum extends string> = R extends { readonly id: infer Id; readonly partOf: infer Part }
  ? [Part & Sum] extends [never]
    ? never
    : Id
  : never;

/** The fields into which kernel memory is divided, down to the smallest. */
export type KernelPartField = Exclude<IdOfPart<Row, 'kernel'>, 'slab'> | IdOfPart<Row, 'slab'>;

declare const other: unique symbol;
/** The id of a field, or a key of memory.stat that the table does not name. A sample or a series may contain both. */
export type FieldName = FieldId | (string & { readonly [other]: true });

/** A value for each field; unknown ones are absent. */
export type ByField<T> = Partial<Record<FieldName, T>>;

export type FieldValues = Readonly<ByField<number>>;

/** Columns by field, as in JSON: null if a field has no value in a row. */
export type FieldColumns = Readonly<ByField<readonly (number | null)[]>>;

/** A name that comes from the kernel, a file or a request. */
export const fieldName = (text: string): FieldName => text as FieldName;

export const namesIn = (byField: Readonly<ByField<unknown>>): FieldName[] => Object.keys(byField).map(fieldName);

export const entriesOf = <T>(byField: Readonly<ByField<T>>): [FieldName, T][] => Object.entries(byField) as [FieldName, T][];

/** Unknown values are absent. */
export const withoutNulls = (values: Readonly<ByField<number | null>>): FieldValues =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as FieldValues;

export const FIELDS: readonly (FieldRow & { readonly id: FieldId })[] = TABLE;

/** Ids of the rows that match, in the table's order. */
export const fieldsWhere = (has: (row: FieldRow) => boolean): readonly FieldId[] => FIELDS.filter(has).map(({ id }) => id);

/** The level of a counter does not count as growth. */
export const isEvaluated = ({ kind, evaluated }: FieldRow): boolean => kind === 'gauge' && evaluated;

/** The fields whose sum a field is, in the table's order. */
export const partsOf = (sum: FieldId): readonly FieldId[] => fieldsWhere(({ partOf }) => partOf === sum);

/** The same down to the smallest parts: each part is replaced by its parts. */
export const smallestPartsOf = (sum: FieldId): readonly FieldId[] =>
  partsOf(sum).flatMap((part) => (partsOf(part).length === 0 ? [part] : smallestPartsOf(part)));

/** Fields whose sum is kernel memory on cgroup v2. They replace it if the kernel does not report the sum. */
export const KERNEL_FIELDS = partsOf('kernel');

const byId: ReadonlyMap<string, FieldRow> = new Map(FIELDS.map((f) => [f.id, f]));

export const isField = (id: string): id is FieldId => byId.has(id);

/** Keys of memory.stat that count events or pages. */
const COUNTED = /^(?:pg|p?swp|workingset_|zswp|thp_|numa_)/;
/** Further keys of memory.stat that are bytes and whose trend is estimated, from the kernel's documentation. `rss_huge` is from v1. */
export const OTHER_SIZES: ReadonlySet<string> = new Set([
  'anon_thp',
  'file_thp',
  'shmem_thp',
  'rss_huge',
  'zswap',
  'zswapped',
  'zswap_incomp',
]);
/** Further keys that only repeat other values, so their trend is not estimated. */
export const REPEATED_SIZES: ReadonlySet<string> = new Set(['swapcached', 'dirty', 'writeback']);

/** The table's row, or a plain one for a key of memory.stat that the table does not name. */
export const fieldRow = (id: FieldName): FieldRow => byId.get(id) ?? plainRow(id);

const plainRow = (id: FieldName): FieldRow => ({
  ...USUAL,
  id,
  title: id,
  // A key that the kernel adds later has no known unit, so it is shown as a number and not evaluated.
  unit: OTHER_SIZES.has(id) || REPEATED_SIZES.has(id) ? 'bytes' : 'count',
  kind: COUNTED.test(id) ? 'counter' : 'gauge',
  evaluated: OTHER_SIZES.has(id),
  v1: null,
  v2: `memory.stat#${id}`,
  reclaimable: null,
  partOf: null,
  help: `memory.stat ${id}, as the kernel gives it`,
});
