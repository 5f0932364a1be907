import type { FieldId } from '../../fields.ts';
import { KIB, MIB } from '../../units.ts';
import type { FieldEvaluation } from '../field/field-trend.ts';
import type { Cause, CauseShare } from '../types.ts';
import { type Fields, grows } from './cause-confidence.ts';
import type { CoMovement } from './co-movement.ts';

/** What the causes are derived from. */
interface Growth {
  readonly fields: Fields;
  /** Anonymous memory beside the heap; null where the JVM's figures do not tell the two apart. */
  readonly native: FieldEvaluation | null;
  readonly moved: CoMovement;
}

/** A cause that applies. */
interface Share {
  readonly bytesPerHour: number;
  readonly reclaimable: boolean;
}

/** The share of each cause; null where it does not apply. The rules are those of docs/verdict.md. */
const CAUSES: readonly (readonly [Cause, (growth: Growth) => Share | null])[] = [
  ['heap', heap],
  ['metaspace', metaspace],
  ['threads', threads],
  ['native', native],
  ['shmem', shmem],
  ['slab', slab],
  ['page-cache', pageCache],
];

/** The causes of growth: those that cannot be reclaimed first, the faster before the slower. */
export function causesOf(growth: Growth): CauseShare[] {
  const causes = CAUSES.flatMap(([cause, shareOf]): CauseShare[] => {
    const share = shareOf(growth);
    return share === null ? [] : [{ cause, bytesPerHour: share.bytesPerHour, reclaimable: share.reclaimable, what: null }];
  });
  return causes.sort((a, b) => Number(a.reclaimable) - Number(b.reclaimable) || b.bytesPerHour - a.bytesPerHour);
}

const slopeOf = (fields: Fields, id: FieldId): number => fields.get(id)?.slopeBytesPerHour ?? 0;

/** Bytes an hour by which a field grows, 0 where it does not grow. */
const growthOf = (fields: Fields, id: FieldId): number => (grows(fields, id) ? slopeOf(fields, id) : 0);

const unreclaimable = (bytesPerHour: number): Share => ({ bytesPerHour, reclaimable: false });

function heap({ fields }: Growth): Share | null {
  return grows(fields, 'heap_used') ? unreclaimable(slopeOf(fields, 'heap_used')) : null;
}

/** Metaspace, with the native memory that its class loaders bring. */
function metaspace(growth: Growth): Share | null {
  const { fields } = growth;
  return grows(fields, 'metaspace') ? unreclaimable(slopeOf(fields, 'metaspace') + nativeOfClassLoaders(growth)) : null;
}

const threadsGrow = (fields: Fields): boolean => grows(fields, 'threads') || grows(fields, 'kernel_stack');

/** A thread's stack is reserved with this size unless -Xss says otherwise (linux-x64), and its kernel stack has 16 KiB. */
const MAX_STACK_BYTES = MIB;
const KERNEL_STACK_BYTES = 16 * KIB;

/** Bytes an hour that the stacks of new threads can take of anon: more than its stack no thread takes. */
function maxStackGrowth(fields: Fields): number {
  const started = growthOf(fields, 'threads') || growthOf(fields, 'kernel_stack') / KERNEL_STACK_BYTES;
  return started * MAX_STACK_BYTES;
}

/** Kernel stacks, and what grows in anon up to the stacks' size, unless the heap or metaspace grows too: a thread's own stack is anon. */
function threads({ fields }: Growth): Share | null {
  if (!threadsGrow(fields)) return null;
  const anonIsOfOthers = grows(fields, 'heap_used') || grows(fields, 'metaspace');
  const stacks = anonIsOfOthers ? 0 : Math.min(growthOf(fields, 'anon'), maxStackGrowth(fields));
  return unreclaimable(Math.max(0, slopeOf(fields, 'kernel_stack')) + stacks);
}

/** Growth of anon that no other cause accounts for. Without the JVM's figures a small rest beside a known cause is not worth naming. */
function native(growth: Growth): Share | null {
  const { fields } = growth;
  if (!grows(fields, 'anon') || nativeOfClassLoaders(growth) > 0) return null;
  const anon = slopeOf(fields, 'anon');
  if (threadsGrow(fields)) {
    const rest = anonBesideKnown(fields) - maxStackGrowth(fields);
    return rest > MIN_REST_OF_ANON * anon ? unreclaimable(rest) : null;
  }
  const rest = anonBesideKnown(fields);
  if (growth.native !== null)
    return growth.native.trend === 'growing' ? unreclaimable(growth.native.slopeBytesPerHour ?? rest) : null;
  return rest === anon || rest > MIN_REST_OF_ANON * anon ? unreclaimable(rest) : null;
}

const MIN_REST_OF_ANON = 0.5;

/** Growth of anon less that of the heap and of metaspace. */
const anonBesideKnown = (fields: Fields): number =>
  growthOf(fields, 'anon') - growthOf(fields, 'heap_used') - growthOf(fields, 'metaspace');

/**
 * Class loaders bring native memory beside what metaspace counts as used: chunks of their own that are hardly filled, and tables from
 * malloc. Loaders of one small class each bring four times their used metaspace besides (scenarios/ClassLoaderLeak.java). Up to so much
 * is theirs; more is a cause of its own.
 */
const LOADER_NATIVE_RATIO = 5;

/** Bytes an hour of native memory that class loaders bring; 0 where there is none, or so much that it has another cause. */
function nativeOfClassLoaders({ fields, native }: Growth): number {
  if (!grows(fields, 'metaspace') || threadsGrow(fields)) return 0;
  const rest = grows(fields, 'anon') ? anonBesideKnown(fields) : 0;
  const slope = native === null ? rest : native.trend === 'growing' ? (native.slopeBytesPerHour ?? rest) : 0;
  return slope <= LOADER_NATIVE_RATIO * slopeOf(fields, 'metaspace') ? Math.max(0, slope) : 0;
}

function shmem({ fields }: Growth): Share | null {
  return grows(fields, 'shmem') ? unreclaimable(slopeOf(fields, 'shmem')) : null;
}

/** The cgroup counts shmem in `file`: page cache is the rest. */
function pageCache({ fields }: Growth): Share | null {
  return pageCacheGrows(fields) ? { bytesPerHour: slopeOf(fields, 'file') - growthOf(fields, 'shmem'), reclaimable: true } : null;
}

const MIN_REST_OF_FILE = 0.2;

const pageCacheGrows = (fields: Fields): boolean =>
  grows(fields, 'file') && slopeOf(fields, 'file') - growthOf(fields, 'shmem') > MIN_REST_OF_FILE * slopeOf(fields, 'file');

/**
 * Kernel memory that grows on its own, by the finest split that this kernel has. Where `kernel` alone is known (cgroup v1) it counts as
 * reclaimable, and whether it leaks is left open.
 */
function slab(growth: Growth): Share | null {
  const { fields } = growth;
  const share = (id: FieldId, reclaimable: boolean) => ({ bytesPerHour: slopeOf(fields, id), reclaimable });
  if (kernelGrowsAlone(growth, 'slab_unreclaimable')) return share('slab_unreclaimable', false);
  if (kernelGrowsAlone(growth, 'slab_reclaimable')) return share('slab_reclaimable', true);
  if (fields.has('slab_unreclaimable')) return null;
  const [whole, reclaimable] = fields.has('slab') ? (['slab', false] as const) : (['kernel', true] as const);
  return kernelGrowsAlone(growth, whole) ? share(whole, reclaimable) : null;
}

/**
 * Some 3 % of page cache on ext4 is slab that comes with it (buffer heads): up to this part of it belongs to the cache, and is no leak.
 * The cache may come in bursts and so not be called growing while the slab beside it is.
 */
const SLAB_SHARE_OF_CACHE = 0.08;

/** A field of kernel memory grows, and neither threads nor page cache account for it. */
function kernelGrowsAlone({ fields, moved }: Growth, id: FieldId): boolean {
  const cache = pageCacheGrows(fields) ? slopeOf(fields, 'file') : 0;
  return (
    grows(fields, id) &&
    !threadsGrow(fields) &&
    slopeOf(fields, id) > SLAB_SHARE_OF_CACHE * cache &&
    !moved.isExplainedByCache(id, fields.get(id)?.basis.line ?? null, SLAB_SHARE_OF_CACHE)
  );
}
