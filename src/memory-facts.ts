import { type FieldId, type FieldName, type FieldValues, fieldsWhere, KERNEL_FIELDS } from './fields.ts';
import { MIB } from './units.ts';

/*
 * Facts about a container's memory that rules, trends, views and the page share. Pure.
 * Source: Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.
 */

/** Value of a field in bytes; null: not known. */
export type FieldReader = (id: FieldId) => number | null;

/** A function that reads a sample's values, or another record, by field. A value that is absent or not finite is null. */
export const readerOf =
  (values: FieldValues): FieldReader =>
  (id) => {
    const value = values[id];
    return value !== undefined && Number.isFinite(value) ? value : null;
  };

/** Kinds of memory that the kernel cannot take back without swap. They do not overlap: LRU lists, which hold the same pages again, are part of nothing in the table. On cgroup v1 only `kernel` stands for the kernel's. */
export const UNRECLAIMABLE_FIELDS = fieldsWhere(
  ({ source, partOf, reclaimable }) => source === 'cgroup' && partOf !== null && reclaimable === false,
);

/**
 * Bytes that the kernel cannot reclaim without swap: anon, shmem, huge pages, kernel memory less reclaimable slab, socket buffers,
 * and page cache that is locked in memory. At the limit only these lead to an OOM kill. null: anon is not known.
 *
 * cgroup v1 does not report how much of its kernel memory is reclaimable, so all of it counts. Its socket buffers have a separate limit
 * (memory.kmem.tcp.limit_in_bytes), so they do not count here.
 */
export function unreclaimable(read: FieldReader, version: 1 | 2): number | null {
  const anon = read('anon');
  if (anon === null) return null;
  const kernel = Math.max(0, (read('kernel') ?? sumOf(read, KERNEL_FIELDS)) - (read('slab_reclaimable') ?? 0));
  const sock = version === 2 ? (read('sock') ?? 0) : 0;
  return anon + (read('shmem') ?? 0) + (read('hugetlb') ?? 0) + kernel + sock + lockedPageCache(read);
}

const ONLY_V1 = fieldsWhere(({ v1, v2 }) => v1 !== null && v2 === null);
const ONLY_V2 = fieldsWhere(({ v1, v2 }) => v1 === null && v2 !== null);

/** The cgroup version of a series, derived from the fields that only one version has, because the series does not contain it. */
export function versionOf(fields: { has(id: FieldName): boolean }): 1 | 2 {
  const has = (id: FieldId): boolean => fields.has(id);
  if (ONLY_V1.some(has)) return 1;
  return ONLY_V2.some(has) || (has('sock') && !has('kernel')) ? 2 : 1;
}

const sumOf = (read: FieldReader, ids: readonly FieldId[]): number => ids.reduce((sum, id) => sum + (read(id) ?? 0), 0);

/** Page cache on the unevictable list (mlock, ramfs). The list contains locked anon too, which is the part of anon and shmem that is not on their own lists. */
export function lockedPageCache(read: FieldReader): number {
  const unevictable = read('unevictable');
  const [active, inactive] = [read('active_anon'), read('inactive_anon')];
  if (unevictable === null || active === null || inactive === null) return 0;
  const shmem = read('shmem') ?? 0;
  const lockedAnon = Math.max(0, (read('anon') ?? 0) + shmem - active - inactive);
  return Math.min(Math.max(0, unevictable - lockedAnon), Math.max(0, (read('file') ?? 0) - shmem));
}

/** A smaller amount of swap belongs to processes that were idle at some time. */
const MIN_SWAP_BYTES = MIB;

/** Bytes that are swapped out; null: the kernel does not use swap for this container. */
export function swapInUse(read: FieldReader): number | null {
  const swap = read('swap');
  return swap !== null && swap >= MIN_SWAP_BYTES ? swap : null;
}

/** A limit less what others hold of it, where the container shares it. */
export const limitLessOthers = (read: FieldReader, limit: number | 'max' | null): number | 'max' | null =>
  typeof limit === 'number' ? Math.max(0, limit - (read('held_elsewhere') ?? 0)) : limit;

/**
 * The common limit of unreclaimable memory and swap, less what other containers hold of a limit that is the pod's: memory.memsw.limit_in_bytes on v1, memory.max and memory.swap.max on v2. If swap is not
 * used, it is the limit of memory. null: the limit of swap is not known, or only the node's swap limits it.
 */
export function limitWithSwap(read: FieldReader, limit: number | 'max' | null, version: 1 | 2 = 2): number | 'max' | null {
  const own = limitLessOthers(read, limit);
  if (swapInUse(read) === null) return own;
  if (version === 1) return read('memsw_limit');
  const swapLimit = read('swap_limit');
  return typeof own === 'number' && swapLimit !== null ? own + swapLimit : null;
}

/** Unreclaimable bytes of processes: in memory, and in swap if it is used. */
export function unreclaimableWithSwap(read: FieldReader, version: 1 | 2 = 2): number | null {
  const bytes = unreclaimable(read, version);
  return bytes === null ? null : bytes + (swapInUse(read) ?? 0);
}

/** Unreclaimable memory of this share of its limit is close to an OOM kill. */
export const NEAR_LIMIT_SHARE = 0.9;

/** Bytes until unreclaimable memory reaches the limit; null: one of the two is not known, or there is no limit. */
export function headroom(read: FieldReader, limitBytes: number | 'max' | null, version: 1 | 2): number | null {
  const bytes = unreclaimable(read, version);
  return bytes === null || typeof limitBytes !== 'number' ? null : Math.max(0, limitBytes - bytes);
}

/** Anon of a JVM of usual size beside heap and metaspace: code cache, stacks, tables, malloc. A guess, to choose a point in an interval. */
const TYPICAL_NATIVE_BYTES = 32 * MIB;

/**
 * The resident part of a heap in anon, in bytes. It is between used and committed; within that, it is anon less metaspace and the native memory
 * of a usual JVM.
 */
export function residentHeap(anon: number, metaspace: number, { used, committed }: { used: number; committed: number }): number {
  const most = Math.min(anon, committed);
  return Math.min(most, Math.max(Math.min(most, used), anon - metaspace - TYPICAL_NATIVE_BYTES));
}
