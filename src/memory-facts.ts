import { type FieldId, type FieldName, type FieldValues, fieldsWhere, KERNEL_FIELDS } from './fields.ts';
import { MIB } from './units.ts';

/*
 * Facts about a container's memory that rules, trends, views and the page share. Pure.
 * Source: Linux, Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst.
 */

/** Value of a field in bytes; null where it is not known. */
export type FieldReader = (id: FieldId) => number | null;

/** A reader of a sample's values or of another record by field; what is absent or not finite is null. */
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
 * Bytes that the kernel cannot take back without swap: anon, shmem, huge pages, kernel memory less reclaimable slab, socket buffers,
 * and page cache that is locked in memory. At the limit these alone lead to an OOM kill. null where anon is not known.
 *
 * cgroup v1 does not say how much of its kernel memory can be reclaimed, so all of it counts; and its socket buffers have a limit of their
 * own (memory.kmem.tcp.limit_in_bytes), so they do not count against this one.
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

/** The cgroup version of a series, which does not say it: by the fields that only one of the two has. */
export function versionOf(fields: { has(id: FieldName): boolean }): 1 | 2 {
  const has = (id: FieldId): boolean => fields.has(id);
  if (ONLY_V1.some(has)) return 1;
  return ONLY_V2.some(has) || (has('sock') && !has('kernel')) ? 2 : 1;
}

const sumOf = (read: FieldReader, ids: readonly FieldId[]): number => ids.reduce((sum, id) => sum + (read(id) ?? 0), 0);

/** Page cache on the unevictable list (mlock, ramfs). The list holds locked anon as well: that is what anon and shmem have beyond their own lists. */
export function lockedPageCache(read: FieldReader): number {
  const unevictable = read('unevictable');
  const [active, inactive] = [read('active_anon'), read('inactive_anon')];
  if (unevictable === null || active === null || inactive === null) return 0;
  const shmem = read('shmem') ?? 0;
  const lockedAnon = Math.max(0, (read('anon') ?? 0) + shmem - active - inactive);
  return Math.min(Math.max(0, unevictable - lockedAnon), Math.max(0, (read('file') ?? 0) - shmem));
}

/** Less swap is that of processes that were idle once. */
const MIN_SWAP_BYTES = MIB;

/** Bytes that are swapped out, where the kernel uses swap for this container; null where it does not. */
export function swapInUse(read: FieldReader): number | null {
  const swap = read('swap');
  return swap !== null && swap >= MIN_SWAP_BYTES ? swap : null;
}

/**
 * The limit that memory which cannot be reclaimed and swap have together: memory.memsw.limit_in_bytes on v1, memory.max and memory.swap.max
 * on v2. Where swap is not used it is the limit alone; null: the limit of swap is not known, or the node's swap is the only one.
 */
export function limitWithSwap(read: FieldReader, limit: number | 'max' | null, version: 1 | 2 = 2): number | 'max' | null {
  if (swapInUse(read) === null) return limit;
  if (version === 1) return read('memsw_limit');
  const swapLimit = read('swap_limit');
  return typeof limit === 'number' && swapLimit !== null ? limit + swapLimit : null;
}

/** What processes hold that cannot be reclaimed: in memory, and in swap where it is used. */
export function heldBytes(read: FieldReader, version: 1 | 2 = 2): number | null {
  const bytes = unreclaimable(read, version);
  return bytes === null ? null : bytes + (swapInUse(read) ?? 0);
}

/** Bytes until memory that cannot be reclaimed meets the limit; null where one of the two is not known or there is no limit. */
export function headroom(read: FieldReader, limitBytes: number | 'max' | null, version: 1 | 2): number | null {
  const bytes = unreclaimable(read, version);
  return bytes === null || typeof limitBytes !== 'number' ? null : Math.max(0, limitBytes - bytes);
}

/** What a JVM of usual size has in anon beside heap and metaspace: code cache, stacks, tables, malloc. A guess, to place a point in an interval. */
const TYPICAL_NATIVE_BYTES = 32 * MIB;

/**
 * The resident part of a heap that lies in anon: between what is used and what is committed, and within that what anon has beyond
 * metaspace and a usual JVM's native memory. Bytes.
 */
export function residentHeap(anon: number, metaspace: number, { used, committed }: { used: number; committed: number }): number {
  const most = Math.min(anon, committed);
  return Math.min(most, Math.max(Math.min(most, used), anon - metaspace - TYPICAL_NATIVE_BYTES));
}
