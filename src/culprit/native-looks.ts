import { parseHistogram } from '../sources/jvm/class-histogram.ts';
import type { Group } from './questions.ts';
import type { BufferPools, KindGrowth, NativeKind, PoolGrowth } from './types.ts';

/*
 * Native memory by what the mappings show, and the buffers of java.nio outside the heap. It is what can be known without native memory
 * tracking, and beside it. Pure.
 */

/** How many buffers have memory outside the heap: each has one object that frees it. */
export interface BufferCounts {
  readonly direct: number;
  readonly mapped: number;
}

const FREES_DIRECT = 'java.nio.DirectByteBuffer$Deallocator';
/** JDK 8 and 11; since JDK 14 with a prefix. */
const UNMAPS = /^sun\.nio\.ch\.FileChannelImpl\$(?:Default|Sync)?Unmapper$/;

export function bufferCounts(histogram: string): BufferCounts {
  let [direct, mapped] = [0, 0];
  for (const { name, instances } of parseHistogram(histogram)) {
    if (name === FREES_DIRECT) direct += instances;
    else if (UNMAPS.test(name)) mapped += instances;
  }
  return { direct, mapped };
}

/** The pool of direct buffers at one time. */
export interface PoolAt {
  readonly atMs: number;
  readonly count: number;
  readonly bytes: number;
}

const nearest = (pool: readonly PoolAt[], atMs: number): PoolAt | null =>
  pool.reduce<PoolAt | null>(
    (best, one) => (best === null || Math.abs(one.atMs - atMs) < Math.abs(best.atMs - atMs) ? one : best),
    null,
  );

/** Direct buffers are blocks of malloc. Where their pool is known, the rest of malloc is another group. */
export const DIRECT_BUFFERS = 'direct buffers (java.nio)';
export const OTHER_MALLOC = 'malloc without the buffers of java.nio';
export const ALL_MALLOC = 'malloc, which has direct buffers as well';

/** The groups of a look at the mappings: malloc's arenas, its main heap and its large blocks are one, because a leak may be in all of them. */
export function groupsOfKinds(kinds: readonly NativeKind[], atMs: number, pool: readonly PoolAt[] | null): Group[] {
  const malloc = kinds.reduce((sum, kind) => sum + (kind.isMalloc ? kind.bytes : 0), 0);
  const known = pool === null ? null : nearest(pool, atMs);
  const group = (name: string, size: number): Group => ({ name, size, counts: {}, stand: null, parent: null });
  const direct = known === null ? 0 : Math.min(known.bytes, malloc);
  return [
    ...(known === null
      ? [group(ALL_MALLOC, malloc)]
      : [{ ...group(DIRECT_BUFFERS, direct), counts: { buffers: known.count } }, group(OTHER_MALLOC, malloc - direct)]),
    ...kinds.filter(({ isMalloc }) => !isMalloc).map(({ name, bytes }) => group(name, bytes)),
  ];
}

/** How each kind of mapping changed, the largest growth first. */
export function kindGrowth(first: readonly NativeKind[], last: readonly NativeKind[]): KindGrowth[] {
  const before = new Map(first.map(({ name, bytes }) => [name, bytes]));
  const after = new Map(last.map(({ name, bytes }) => [name, bytes]));
  return [...new Set([...before.keys(), ...after.keys()])]
    .map((name) => ({ name, before: before.get(name) ?? 0, after: after.get(name) ?? 0 }))
    .sort((a, b) => b.after - b.before - (a.after - a.before));
}

/** What was seen at one look of the buffers. */
export interface BuffersSeen extends BufferCounts {
  readonly atMs: number;
  /** null: the mappings could not be read. */
  readonly mappedFileBytes: number | null;
}

/** `pool`: null where this JDK does not tell, or nothing was recorded. */
export function poolsBetween(first: BuffersSeen, last: BuffersSeen, pool: readonly PoolAt[] | null): BufferPools {
  const [from, to] = pool === null ? [null, null] : [nearest(pool, first.atMs), nearest(pool, last.atMs)];
  const direct: PoolGrowth =
    from === null || to === null
      ? { count: { before: first.direct, after: last.direct }, bytes: null }
      : { count: { before: from.count, after: to.count }, bytes: { before: from.bytes, after: to.bytes } };
  const mapped: PoolGrowth = {
    count: { before: first.mapped, after: last.mapped },
    bytes:
      first.mappedFileBytes === null || last.mappedFileBytes === null
        ? null
        : { before: first.mappedFileBytes, after: last.mappedFileBytes },
  };
  return { direct, mapped };
}
