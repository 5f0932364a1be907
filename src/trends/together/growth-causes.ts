import { type FieldId, type GrowthCause, KERNEL_FIELDS, partsOf } from '../../fields.ts';
import { HOUR_S, KIB, MIB } from '../../units.ts';
import type { FieldEvaluation } from '../field/field-trend.ts';
import { type GrowthRate, growthRateOf } from '../field/growth-rate.ts';
import { MIN_POSTERIOR } from '../field/reported-trend.ts';
import type { CauseShare } from '../types.ts';
import { type Fields, grows } from './cause-confidence.ts';
import type { CoMovement } from './co-movement.ts';

/** The causes are derived from this. */
export interface Growth {
  readonly fields: Fields;
  /** Anonymous memory outside the heap; null: the JVM's counters do not separate the two. */
  readonly native: FieldEvaluation | null;
  /** Page cache that is locked in memory; null: not known, or there is none. */
  readonly locked: FieldEvaluation | null;
  readonly moved: CoMovement;
}

/** A cause that applies. */
interface Share {
  readonly bytesPerHour: number;
  /** The low end of its interval. */
  readonly atLeast?: number;
  /** The probability that it does not grow. */
  readonly doubt?: number;
  readonly reclaimable: boolean;
}

/** The share of each cause; null: it does not apply. docs/verdict.md describes the rules. */
const CAUSES: Readonly<Record<GrowthCause, (growth: Growth) => Share | null>> = {
  heap: ({ fields }) => ownGrowth(fields, 'heap_used'),
  metaspace,
  threads,
  native,
  shmem: ({ fields }) => ownGrowth(fields, 'shmem'),
  'huge-pages': ({ fields }) => ownGrowth(fields, 'hugetlb'),
  'locked-cache': lockedCache,
  sock: ({ fields }) => ownGrowth(fields, 'sock'),
  slab,
  'page-tables': pageTables,
  kernel,
  'page-cache': pageCache,
  'active-cache': activeCache,
  // No field divides the memory of processes; the ledger over time finds this cause.
  process: () => null,
};

const GROWTH_CAUSES = Object.keys(CAUSES) as GrowthCause[];

/** Unreclaimable causes first, then the faster first. */
export const byWeight = (a: CauseShare, b: CauseShare): number =>
  Number(a.reclaimable) - Number(b.reclaimable) || b.bytesPerHour - a.bytesPerHour;

/** Growth of several causes, or of their parts, in bytes an hour. */
export const sumPerHour = (shares: readonly Pick<CauseShare, 'bytesPerHour'>[]): number =>
  shares.reduce((sum, { bytesPerHour }) => sum + bytesPerHour, 0);

/** What is all but certain to grow counts as it is, what is likely to an eighth, and what other evidence must support to an eighth of that. */
const CERTAIN_DOUBT = 0.005;
const LIKELY_DOUBT = 1 - MIN_POSTERIOR;
const weightOf = ({ doubt = 0 }: Share): number => (doubt <= CERTAIN_DOUBT ? 1 : doubt <= LIKELY_DOUBT ? 1 / 8 : 1 / 64);

/**
 * The causes of growth, by what each grows by at least, weighted by how sure its growth is. Noise of the largest field does not come before a smaller
 * one that surely grows, and a trifle that is sure does not come before what is likely and far larger.
 */
export function causesOf(growth: Growth): CauseShare[] {
  const causes = GROWTH_CAUSES.flatMap((cause): (Share & { cause: GrowthCause })[] => {
    const share = CAUSES[cause](growth);
    return share === null ? [] : [{ ...share, cause }];
  });
  const weighed = (share: Share): number => weightOf(share) * Math.max(0, share.atLeast ?? share.bytesPerHour);
  return causes
    .sort((a, b) => Number(a.reclaimable) - Number(b.reclaimable) || weighed(b) - weighed(a) || b.bytesPerHour - a.bytesPerHour)
    .map(({ cause, bytesPerHour, reclaimable }) => ({ cause, bytesPerHour, reclaimable, what: null }));
}

interface Uncertainty {
  /** Half of the interval, in bytes an hour. */
  readonly error: number;
  readonly doubt: number;
}

/** How uncertain the growth of what grows is; of several, as of errors that are independent. */
function uncertaintyOf(fields: Fields, ...ids: FieldId[]): Uncertainty {
  const each = ids.filter((id) => grows(fields, id)).map((id) => uncertaintyOfField(fields.get(id)!));
  return { error: Math.hypot(...each.map(({ error }) => error)), doubt: Math.max(0, ...each.map(({ doubt }) => doubt)) };
}

function uncertaintyOfField({ slopeBytesPerHour, low, p, basis }: FieldEvaluation): Uncertainty {
  const slope = slopeBytesPerHour ?? 0;
  const { rSquared, bursts } = basis.statistics;
  const ofNoise = rSquared === undefined || bursts !== undefined ? 0 : DOUBT_OF_NOISE * (1 - rSquared);
  const doubt = Math.max(p ?? 1, ofNoise);
  return { error: (p ?? 1) > MAX_DOUBT ? slope : slope - (low ?? 0), doubt };
}

/**
 * The less of a movement its line explains, the more its probability rests on the noise models. Two leaks at once are rare, so beside one that is
 * nearly all of what its field moves by, the noise of a larger field is less likely to hide another.
 */
const DOUBT_OF_NOISE = 1 / 5;

/** What grows with less certainty may as well not grow. Above what evidence that adds up leaves (`joint-evidence.ts`). */
const MAX_DOUBT = 0.15;

const slopeOf = (fields: Fields, id: FieldId): number => fields.get(id)?.slopeBytesPerHour ?? 0;

/** Growth of a field in bytes an hour; 0: it does not grow. */
const growthOf = (fields: Fields, id: FieldId): number => (grows(fields, id) ? slopeOf(fields, id) : 0);

const unreclaimable = (bytesPerHour: number, { error, doubt }: Uncertainty): Share => ({
  bytesPerHour,
  atLeast: bytesPerHour - error,
  doubt,
  reclaimable: false,
});

/** A kind of memory that is a cause if it grows, and that the kernel cannot reclaim. */
const ownGrowth = (fields: Fields, id: FieldId): Share | null =>
  grows(fields, id) ? unreclaimable(slopeOf(fields, id), uncertaintyOf(fields, id)) : null;

/** Metaspace, and the native memory that its class loaders need. */
function metaspace(growth: Growth): Share | null {
  const { fields } = growth;
  return grows(fields, 'metaspace')
    ? unreclaimable(slopeOf(fields, 'metaspace') + nativeOfClassLoaders(growth), uncertaintyOf(fields, 'metaspace'))
    : null;
}

const threadsGrow = (fields: Fields): boolean => grows(fields, 'threads') || grows(fields, 'kernel_stack');

/** A thread's stack is reserved with this size unless -Xss says otherwise (linux-x64), and its kernel stack has 16 KiB. */
const MAX_STACK_BYTES = MIB;
const KERNEL_STACK_BYTES = 16 * KIB;
/** Kernel memory of a thread on cgroup v1, which has one figure for all of it: its stack of 16 KiB, its task, page tables of its stack. */
export const MAX_KERNEL_PER_THREAD_BYTES = 40 * KIB;

/** Maximum growth of anon by the stacks of new threads, in bytes per hour. A thread uses at most its whole stack. */
function maxStackGrowth(fields: Fields): number {
  const started = growthOf(fields, 'threads') || growthOf(fields, 'kernel_stack') / KERNEL_STACK_BYTES;
  return started * MAX_STACK_BYTES;
}

/**
 * Kernel stacks (on cgroup v1, all kernel memory of threads), and growth of anon up to the size of the stacks, unless the heap or metaspace grows
 * too. The user stack of a thread is anon.
 */
function threads(growth: Growth): Share | null {
  const { fields } = growth;
  if (!threadsGrow(fields)) return null;
  const anonIsOfOthers = grows(fields, 'heap_used') || grows(fields, 'metaspace');
  const stacks = anonIsOfOthers ? 0 : Math.min(growthOf(fields, 'anon'), maxStackGrowth(fields));
  const ofKernel = fields.has('kernel_stack') ? slopeOf(fields, 'kernel_stack') : (kernelOfThreads(growth)?.slope ?? 0);
  // Their number has no error in bytes, but it may be all that shows that they grow.
  const { doubt } = uncertaintyOf(fields, grows(fields, 'kernel_stack') ? 'kernel_stack' : 'threads');
  const ofStacks = Math.min(stacks, uncertaintyOf(fields, 'anon').error);
  const error = Math.hypot(uncertaintyOf(fields, 'kernel_stack').error, ofStacks);
  return unreclaimable(Math.max(0, ofKernel) + stacks, { error, doubt });
}

/** Growth of anon that no other cause explains. Without the JVM's counters, a small rest beside a known cause is not reported. */
function native(growth: Growth): Share | null {
  const { fields } = growth;
  if (!grows(fields, 'anon') || nativeOfClassLoaders(growth) > 0) return null;
  const anon = slopeOf(fields, 'anon');
  const uncertainty = uncertaintyOf(fields, 'anon', 'heap_used', 'metaspace');
  if (threadsGrow(fields)) {
    const rest = anonBesideKnown(fields) - maxStackGrowth(fields);
    return rest > MIN_REST_OF_ANON * anon ? unreclaimable(rest, uncertainty) : null;
  }
  const rest = anonBesideKnown(fields);
  if (growth.native !== null) {
    const slope = growth.native.slopeBytesPerHour ?? rest;
    return growth.native.trend === 'growing' && slope >= MIN_SHARE_OF_ANON * anon
      ? unreclaimable(slope, uncertaintyOfField(growth.native))
      : null;
  }
  return rest === anon || rest > MIN_REST_OF_ANON * anon ? unreclaimable(rest, uncertainty) : null;
}

const MIN_REST_OF_ANON = 0.5;
/** Less than this beside a heap that fills is what its collector takes. */
const MIN_SHARE_OF_ANON = 0.1;

/** Growth of anon less that of the heap and of metaspace. */
const anonBesideKnown = (fields: Fields): number =>
  growthOf(fields, 'anon') - growthOf(fields, 'heap_used') - growthOf(fields, 'metaspace');

/**
 * Class loaders need native memory beside the metaspace that counts as used: chunks that are mostly empty, and tables from malloc.
 * Loaders of one small class each need four times their used metaspace in addition (scenarios/ClassLoaderLeak.java). Up to this ratio the
 * growth belongs to the loaders; above it, it has a separate cause.
 */
const LOADER_NATIVE_RATIO = 5;

/** Growth of the native memory that class loaders need, in bytes an hour; 0: there is none, or so much that it has another cause. */
function nativeOfClassLoaders({ fields, native }: Growth): number {
  if (!grows(fields, 'metaspace') || threadsGrow(fields)) return 0;
  const rest = grows(fields, 'anon') ? anonBesideKnown(fields) : 0;
  const slope = native === null ? rest : native.trend === 'growing' ? (native.slopeBytesPerHour ?? rest) : 0;
  return slope <= LOADER_NATIVE_RATIO * slopeOf(fields, 'metaspace') ? Math.max(0, slope) : 0;
}

/** Page cache that mlock keeps in memory: `file` counts it, and the kernel cannot reclaim it. */
function lockedCache({ locked }: Growth): Share | null {
  return locked?.trend === 'growing' ? unreclaimable(locked.slopeBytesPerHour ?? 0, uncertaintyOfField(locked)) : null;
}

/** The cgroup counts shmem and locked page cache in `file`; the rest is reclaimable page cache. */
function pageCache(growth: Growth): Share | null {
  return pageCacheGrows(growth) ? { bytesPerHour: cacheSlope(growth), reclaimable: true } : null;
}

const cacheSlope = (growth: Growth): number =>
  slopeOf(growth.fields, 'file') - growthOf(growth.fields, 'shmem') - (lockedCache(growth)?.bytesPerHour ?? 0);

const MIN_REST_OF_FILE = 0.2;

const pageCacheGrows = (growth: Growth): boolean =>
  grows(growth.fields, 'file') && cacheSlope(growth) > MIN_REST_OF_FILE * slopeOf(growth.fields, 'file');

/** A smaller share of the active list's growth is new page cache, as with a log that is read while it is written. */
const MIN_REST_OF_ACTIVE = 0.5;

/** Less than this share of a rise of usage that may go on is what becomes active of a file that is written in bursts. */
const MIN_ACTIVE_OF_RISE = 0.25;

/** Existing page cache that is used again moves to the active list. The working set grows by it, and usage does not. */
function activeCache(growth: Growth): Share | null {
  const { fields } = growth;
  if (!grows(fields, 'active_file') || !grows(fields, 'working_set')) return null;
  const rise = fields.get('usage')?.undecidedRise ?? null;
  const becameActive = (seconds: number): number => (slopeOf(fields, 'active_file') * seconds) / HOUR_S;
  if (rise !== null && becameActive(rise.roseSeconds + rise.standsSeconds) < MIN_ACTIVE_OF_RISE * rise.amount) return null;
  const rest = slopeOf(fields, 'active_file') - (pageCacheGrows(growth) ? cacheSlope(growth) : 0);
  return rest > MIN_REST_OF_ACTIVE * slopeOf(fields, 'active_file') ? { bytesPerHour: rest, reclaimable: true } : null;
}

/** Page tables need 0.2 % of densely mapped memory. Up to this share they belong to the memory that they map. */
const PAGE_TABLE_SHARE = 0.01;
/** Page tables that the stack of a thread and its first blocks of malloc need. */
const PAGE_TABLES_PER_THREAD_BYTES = 32 * KIB;

/** Page tables that grow by more than the memory that they map requires. On cgroup v1, only those of the target process are known. */
function pageTables({ fields, moved }: Growth): Share | null {
  const known = fields.has('pagetables') ? (['pagetables', 'sec_pagetables'] as const) : (['process_pagetables'] as const);
  // What they map may be called steady, in its noise or as it has just stopped.
  const isOwn = (id: FieldId): boolean =>
    grows(fields, id) && !moved.isExplainedByMappings(id, fields.get(id)!.basis.line, PAGE_TABLE_SHARE);
  const slope = known.reduce((sum, id) => sum + (isOwn(id) ? growthOf(fields, id) : 0), 0);
  const mapped = growthOf(fields, 'anon') + growthOf(fields, 'shmem') + growthOf(fields, 'file_mapped');
  const ofOthers = PAGE_TABLE_SHARE * mapped + PAGE_TABLES_PER_THREAD_BYTES * growthOf(fields, 'threads');
  return slope > ofOthers ? unreclaimable(slope, uncertaintyOf(fields, ...known)) : null;
}

/** Other kernel memory: per-CPU data, vmalloc, and memory that the kernel does not count separately (pipes, io_uring, bpf). */
function kernel(growth: Growth): Share | null {
  const { fields } = growth;
  if (threadsGrow(fields)) return null;
  const rest = otherKernelRate(growth);
  const slope = growthOf(fields, 'percpu') + growthOf(fields, 'vmalloc') + (rest?.slope ?? 0);
  const parts: readonly FieldId[] = ['percpu', 'vmalloc', ...(rest === null ? [] : (['kernel'] as const))];
  return slope > 0 ? unreclaimable(slope, uncertaintyOf(fields, ...parts)) : null;
}

/** What new threads take of kernel memory on cgroup v1, which has one figure for all of it; null: it does not grow. */
export function kernelOfThreads({ fields }: Growth): GrowthRate | null {
  const kernel = fields.get('kernel');
  if (kernel === undefined || !grows(fields, 'kernel') || !grows(fields, 'threads')) return null;
  const { slope, low, high } = growthRateOf(kernel);
  const most = slopeOf(fields, 'threads') * MAX_KERNEL_PER_THREAD_BYTES;
  return { slope: Math.min(slope, most), low: Math.min(low, most), high: Math.min(high, most) };
}

const MIN_REST_OF_KERNEL = 0.5;

/** Growth rate of kernel memory without a separate name; null: it does not grow, or its parts are not known (cgroup v1). */
export function otherKernelRate(growth: Growth): GrowthRate | null {
  const { fields } = growth;
  if (!fields.has('slab') && !fields.has('slab_reclaimable')) return null;
  const whole = fields.get('kernel');
  if (whole === undefined || !kernelGrowsAlone(growth, 'kernel')) return null;
  const sum = (ids: readonly FieldId[]) => ids.reduce((all, id) => all + Math.max(0, slopeOf(fields, id)), 0);
  const slab = Math.max(sum(['slab']), sum(partsOf('slab')));
  const named = slab + sum(KERNEL_FIELDS.filter((id) => id !== 'slab'));
  const { slope, low, high } = growthRateOf(whole);
  return slope - named > MIN_REST_OF_KERNEL * slope ? { slope: slope - named, low: low - named, high: high - named } : null;
}

/**
 * Kernel memory that grows without another cause, by the finest split that this kernel reports. If only `kernel` is known (cgroup v1), it
 * counts as reclaimable, and `leak` stays null.
 */
function slab(growth: Growth): Share | null {
  const { fields } = growth;
  const share = (id: FieldId, reclaimable: boolean): Share => ({
    ...unreclaimable(slopeOf(fields, id), uncertaintyOf(fields, id)),
    reclaimable,
  });
  if (kernelGrowsAlone(growth, 'slab_unreclaimable')) return share('slab_unreclaimable', false);
  if (kernelGrowsAlone(growth, 'slab_reclaimable')) return share('slab_reclaimable', true);
  if (fields.has('slab_unreclaimable')) return null;
  const [whole, reclaimable] = fields.has('slab') ? (['slab', false] as const) : (['kernel', true] as const);
  // On cgroup v1, the page tables of the process are the only known part of kernel memory.
  const tables = whole === 'kernel' ? (pageTables(growth)?.bytesPerHour ?? 0) : 0;
  const rest = slopeOf(fields, whole) - tables;
  return kernelGrowsAlone(growth, whole) && rest > MIN_REST_OF_KERNEL * slopeOf(fields, whole)
    ? { ...unreclaimable(rest, uncertaintyOf(fields, whole)), reclaimable }
    : null;
}

/**
 * On ext4, page cache needs about 3 % of its size in slab (buffer heads). Slab growth up to this share of the cache's growth belongs to the
 * cache, and is not a leak. The cache may grow in bursts, so that its trend is not growing while that of its slab is.
 */
const SLAB_SHARE_OF_CACHE = 0.08;

/** A thread's task, its credentials and its open files take less slab than this many of its kernel stacks. */
const MAX_SLAB_OF_STACKS = 2;

/** Whether threads grow, and explain the growth of a field of kernel memory. Where their stacks have no figure of their own, they explain any. */
const isOfThreads = (fields: Fields, id: FieldId): boolean =>
  threadsGrow(fields) &&
  (!grows(fields, 'kernel_stack') ||
    id === 'kernel' ||
    slopeOf(fields, id) <= MAX_SLAB_OF_STACKS * slopeOf(fields, 'kernel_stack'));

/** Whether a field of kernel memory grows and neither threads nor page cache explain it. */
function kernelGrowsAlone(growth: Growth, id: FieldId): boolean {
  const { fields, moved } = growth;
  const cache = pageCacheGrows(growth) ? slopeOf(fields, 'file') : 0;
  return (
    grows(fields, id) &&
    !isOfThreads(fields, id) &&
    slopeOf(fields, id) > SLAB_SHARE_OF_CACHE * cache &&
    !moved.isExplainedByCache(id, fields.get(id)?.basis.line ?? null, SLAB_SHARE_OF_CACHE)
  );
}
