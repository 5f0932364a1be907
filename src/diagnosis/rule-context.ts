import { type ByField, type FieldId, fieldRow } from '../fields.ts';
import { joinWithAnd } from '../format.ts';
import { type Series, valueIn } from '../history/series.ts';
import { headroom, limitLessOthers, limitWithSwap, swapInUse, unreclaimable, unreclaimableWithSwap } from '../memory-facts.ts';
import type { CountedObjects } from '../sources/process/kernel-objects.ts';
import type { ProcessNames } from '../sources/process/process-names.ts';
import type { ShmemHolder } from '../sources/process/shmem-holder.ts';
import type { JvmReading, Limit } from '../sources/types.ts';
import type { Cause, Eta, Evaluation, FieldTrend } from '../trends/types.ts';
import { DAY_S, MINUTE_S } from '../units.ts';
import { type AnonGrowth, heapShare } from './growth/anon-growth.ts';
import type { DiskGrowth, GrownFiles } from './growth/file-growth.ts';
import type { LeftByRuns } from './growth/left-by-runs.ts';
import { isHeapInShmem } from './growth/shared-heap.ts';
import type { Allocator } from './ledger/allocator.ts';
import { wasRenewed } from './renewed-fields.ts';
import type { Steady } from './steady.ts';
import type { OomKilled, TargetInfo } from './types.ts';

/** Everything that a rule may use. It contains only values, so the same context always gives the same findings. */
export interface RuleContext {
  readonly atMs: number;
  readonly target: TargetInfo;
  readonly evaluation: Evaluation;
  readonly series: Series;
  /** The growth of anonymous memory by part; null: its parts were not read often enough, or their growth is too small. */
  readonly anonGrowth: AnonGrowth | null;
  /** The files that explain the growth of page cache and of shared memory. */
  readonly grown: GrownFiles;
  readonly disks: readonly DiskGrowth[];
  readonly jvm: JvmReading | null;
  /** The allocator that serves malloc in the JVM; null: its mappings were not read. */
  readonly allocator: Allocator | null;
  /** From the downward API; null: not known. */
  readonly pod: PodResources;
  /** The end of the container, if this is its final verdict; null: it is running. */
  readonly ended: { readonly atMs: number; readonly oomKilled: boolean } | null;
  /** The end of the run before this one, of the same container or of one in the same cgroup; null: none is known. */
  readonly lastEnd: LastEnd | null;
  /** Other JVMs of the container that are separate targets. */
  readonly otherJvms: readonly OtherJvm[];
  /** What earlier runs have left in shared memory; null: nothing is known to be left. */
  readonly leftByRuns: LeftByRuns | null;
  /** The process that maps most of the shared memory, where that grows; null: none does, or it was not asked. */
  readonly shmemHolder: ShmemHolder | null;
  /** What may hold most kernel memory, where that grows; empty: there are few such objects, or they were not counted. */
  readonly kernelObjects: readonly CountedObjects[];
  /** What the processes are called that hold files; without those that are not known. */
  readonly processNames: ProcessNames;
  /** The statements that the verdict before has made. */
  readonly steady: Steady;
}

export interface OtherJvm {
  readonly pid: number;
  /** As the process is called in the ledger. */
  readonly name: string;
  /** The trend of its heap floor in its own verdict; null: not known yet. */
  readonly heapRises: boolean | null;
  /** What its own verdict says if its heap is the first cause, with the slope of the floor; null: it is not. */
  readonly heap: (Pick<Evaluation, 'leak' | 'confidence' | 'etas'> & { readonly bytesPerHour: number }) | null;
  /** How far its heap may grow and how far it has; null: not known. */
  readonly heapPlan: { readonly maxBytes: number; readonly committedBytes: number } | null;
  /** Path and query of its verdict in the API. */
  readonly address: string;
}

export interface LastEnd {
  readonly atMs: number;
  readonly oomKilled: OomKilled;
  /** Path and query of its final verdict in the API. */
  readonly address: string;
}

export interface PodResources {
  readonly memoryRequestBytes: number | null;
  readonly ephemeralStorageLimitBytes: number | null;
}

/** The newest value of a field in bytes (or its unit); null: it is a gap, or the field is missing. */
export function newestValue(context: Pick<RuleContext, 'series'>, field: FieldId): number | null {
  const { t, fields } = context.series;
  // If a source failed, the newest tick has a gap. So a few ticks before it are tried too, but not more.
  for (let row = t.length - 1; row >= Math.max(0, t.length - 5); row--) {
    const value = valueIn(fields, field, row);
    if (Number.isFinite(value)) return value!;
  }
  return null;
}

/** Bytes that the kernel cannot reclaim; null: not known. */
export const unreclaimableNow = (context: Pick<RuleContext, 'series' | 'target'>): number | null =>
  unreclaimable((field) => newestValue(context, field), context.target.cgroup.version);

/** Bytes that are swapped out; null: this container does not use swap. */
export const swappedNow = (context: Pick<RuleContext, 'series'>): number | null =>
  swapInUse((field) => newestValue(context, field));

/** Bytes of processes that the kernel cannot reclaim, in memory and in swap. */
export const unreclaimableWithSwapNow = (context: RuleContext): number | null =>
  unreclaimableWithSwap((field) => newestValue(context, field), context.target.cgroup.version);

/** The limit of memory, less what other containers hold of it where it is the pod's. */
export const memoryLimitNow = (context: Pick<RuleContext, 'series'>): Limit =>
  limitLessOthers((field) => newestValue(context, field), context.series.limitBytes);

/** Bytes until memory that the kernel cannot reclaim reaches that limit; null: there is none, or it is not known. */
export const roomNow = (context: Pick<RuleContext, 'series' | 'target'>): number | null =>
  headroom((field) => newestValue(context, field), memoryLimitNow(context), context.target.cgroup.version);

/** The limit of the processes' memory: the limit of memory, plus that of swap if swap is used. */
export const limitNow = (context: RuleContext): Limit =>
  limitWithSwap((field) => newestValue(context, field), context.series.limitBytes, context.target.cgroup.version);

/** Shares of the limit and of the cache. A log that is written at a few MB per second has half a minute of it unwritten, which is less. */
const MIN_UNWRITTEN_SHARE_OF_LIMIT = 0.2;
const MIN_UNWRITTEN_SHARE_OF_CACHE = 0.3;
/** Further from the limit than this, there is time to write the pages. */
const MIN_UNWRITTEN_SHARE_OF_ROOM = 0.5;

/** Dirty bytes of page cache, if there are so many that the kernel may not reclaim them in time; else null. */
export function unwrittenBytes(context: RuleContext): number | null {
  const [dirty, writeback] = [newestValue(context, 'file_dirty'), newestValue(context, 'file_writeback')];
  const file = newestValue(context, 'file');
  const limit = context.series.limitBytes;
  if ((dirty === null && writeback === null) || file === null || typeof limit !== 'number') return null;
  const bytes = (dirty ?? 0) + (writeback ?? 0);
  const room = limit - (newestValue(context, 'usage') ?? 0);
  const isMuch = bytes >= MIN_UNWRITTEN_SHARE_OF_LIMIT * limit && bytes >= MIN_UNWRITTEN_SHARE_OF_CACHE * file;
  return isMuch && bytes >= MIN_UNWRITTEN_SHARE_OF_ROOM * room ? bytes : null;
}

export const trendOf = (context: RuleContext, field: FieldId): FieldTrend | null => context.evaluation.fields[field] ?? null;

/** Slope of a field in bytes per hour if it grows, else 0. */
export function growthOf(context: RuleContext, field: FieldId): number {
  const trend = trendOf(context, field);
  return trend?.trend === 'growing' ? (trend.slopeBytesPerHour ?? 0) : 0;
}

/** Most of the growth of anonymous memory is in the heap from this share on. */
const MOSTLY_HEAP = 0.7;

/**
 * Bytes an hour by which memory grows as the Java heap fills, in anonymous or in shared memory; null: it does not. While the old generation has
 * hardly been collected, the heap is not called growing, although it is the part that grows.
 */
export function fillingHeapPerHour(context: RuleContext): number | null {
  const heap = trendOf(context, 'heap_used')?.slopeBytesPerHour ?? 0;
  const anon = trendOf(context, 'anon');
  const isHeap =
    heap >= MOSTLY_HEAP * (anon?.slopeBytesPerHour ?? Number.POSITIVE_INFINITY) ||
    // A heap that is collected and expands touches new pages, although what is in use rises by less.
    (context.anonGrowth === null ? commitsMostOf(context, anon) : heapShare(context.anonGrowth) >= MOSTLY_HEAP);
  if (anon?.trend === 'growing' && isHeap) return anon.slopeBytesPerHour;
  // It touches new pages in steps, at its collections, and most of what it allocates survives them.
  if (mostSurvives(context) && heap > 0) return heap;
  const shmem = trendOf(context, 'shmem');
  return shmem?.trend === 'growing' && isHeapInShmem(context.jvm, context.grown.shmem) ? (shmem.slopeBytesPerHour ?? 0) : null;
}

/**
 * Whether a heap of one space (Shenandoah), which is used region after region, committed most of what anonymous memory rose by on its newest line: a
 * recording has no mappings that show it.
 */
function commitsMostOf({ series: { t, fields } }: RuleContext, anon: FieldTrend | null): boolean {
  const [committed, used, old] = [fields.get('heap_committed'), fields.get('heap_used'), fields.get('old_used')];
  const line = anon?.basis.line ?? null;
  if (line === null || committed === undefined || used === undefined || old === undefined) return false;
  if (!old.every((bytes, row) => bytes === used[row] || !Number.isFinite(bytes))) return false;
  const known = committed.filter((bytes, row) => t[row]! >= line.fromT && Number.isFinite(bytes));
  const rose = (known.at(-1) ?? 0) - (known[0] ?? 0);
  return rose > 0 && rose >= MOSTLY_HEAP * line.slopePerSecond * (line.toT - line.fromT);
}

/** Whether most of what the heap allocates survives its young collections, and no collection of the old generation has told what of that is live. */
const mostSurvives = (context: RuleContext): boolean =>
  trendOf(context, 'heap_used')?.basis.statistics.survivedBytes !== undefined;

/** From this probability on, a field that rises is not flat, even if it is not reported as growing: such as a heap that fills until it is collected. */
const RISES = 0.9;

const risesUnreported = ({ basis, slopeBytesPerHour }: FieldTrend): boolean =>
  basis.statistics.significant === 1 && (basis.statistics.growing ?? 0) >= RISES && (slopeBytesPerHour ?? 0) > 0;

/** A rise by this share of the level is none of a flat field, before it has stood for half of the time; one of so little of all memory used is. */
const MIN_RISE = 0.2;
const MIN_SHARE_OF_USAGE = 0.05;
const MIN_STAND_SHARE = 1 / 2;

/** Whether a field rose by much in its window, whatever its newest line does. */
function roseByMuch({ basis: { statistics }, windowSeconds }: FieldTrend, usageBytes: number): boolean {
  const { rise, riseShare = 0, standsSeconds = 0 } = statistics;
  return (
    rise !== undefined &&
    riseShare >= MIN_RISE &&
    rise >= MIN_SHARE_OF_USAGE * usageBytes &&
    standsSeconds < MIN_STAND_SHARE * windowSeconds
  );
}

const CAUSE_OF_FIELD: ByField<Cause> = { heap_used: 'heap', threads: 'threads', metaspace: 'metaspace', classes: 'metaspace' };

const YOUNG_S = 30 * MINUTE_S;

/** A field, and what it may grow by in an hour and still be called flat beside other growth. */
export interface FlatCandidate {
  readonly id: FieldId;
  readonly negligiblePerHour: number;
}

/**
 * Short names of those of these fields that are known not to grow, or only by a negligible amount. If metaspace was not updated, the number of
 * loaded classes replaces it, because that is always up to date.
 */
export function flatFieldNames(context: RuleContext, among: readonly (FieldId | FlatCandidate)[]): string[] {
  const candidates = among.map((one): FlatCandidate => (typeof one === 'string' ? { id: one, negligiblePerHour: 0 } : one));
  const isRenewed = (id: FieldId): boolean => context.steady.keep(`${id} is renewed`, wasRenewed(context, id));
  const renewed = candidates.flatMap((one): FlatCandidate[] =>
    isRenewed(one.id) ? [one] : one.id === 'metaspace' ? [{ ...one, id: 'classes' }] : [],
  );
  const usageBytes = newestValue(context, 'usage') ?? 0;
  const isFlat = ({ id, negligiblePerHour }: FlatCandidate): boolean => {
    const field = trendOf(context, id);
    // The mappings may show that metaspace grows before its counter does.
    const isCause = context.evaluation.causes.some(({ cause }) => cause === CAUSE_OF_FIELD[id]);
    if (field === null || isCause) return false;
    const { trend, slopeBytesPerHour } = field;
    const isNegligible = slopeBytesPerHour !== null && slopeBytesPerHour < negligiblePerHour;
    // A floor that rises is a leak, however slow. Before its first collections a heap rises by what was allocated.
    if (trend === 'growing') return isNegligible && id !== 'heap_used';
    if (isBytes(id) && roseByMuch(field, usageBytes)) return false;
    return ['stable', 'cyclic', 'shrinking'].includes(trend) && (isNegligible || !risesUnreported(field));
  };
  // Beside other growth a field may be flat that is not flat by itself: two statements, of which a verdict may need both.
  const beside = ({ negligiblePerHour }: FlatCandidate): string => (negligiblePerHour > 0 ? ' beside other growth' : '');
  const flat = renewed.filter((one) => context.steady.keep(`${one.id} is flat${beside(one)}`, isFlat(one))).map(({ id }) => id);
  // In the first half hour a list that is still true stays as it is, although more is known from second to second.
  const isYoung = (trendOf(context, 'usage')?.windowSeconds ?? 0) < YOUNG_S;
  const listed = context.steady.keep(`flat of ${candidates.map((one) => `${one.id}${beside(one)}`).join(', ')}`, flat, {
    isSilent: (published) => isYoung && published.length > 0 && published.every((id) => isNamedIn(flat, id)),
    atOnce: (published) => published.length > 0,
  });
  return listed.map((id) => fieldRow(id).shortName ?? id);
}

const isBytes = (id: FieldId): boolean => fieldRow(id).unit === 'bytes';

/** Metaspace and the number of loaded classes say the same. */
const isNamedIn = (ids: readonly FieldId[], id: FieldId): boolean =>
  ids.includes(id) || (id === 'classes' && ids.includes('metaspace')) || (id === 'metaspace' && ids.includes('classes'));

export const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** "All of it" begins at the first share and stays down to the second. No single evaluation below the third one leaves it standing. */
const ALL_SHARE = 0.93;
const STILL_ALL_SHARE = 0.87;
const NOT_ALL_SHARE = 0.8;

/**
 * The share of a part's slope in `whole`: "all of it", "82 % of it". `high`: the upper end of the part's interval. In a short window a share may be
 * all of it within the error of the slope.
 */
export function shareText({ steady }: RuleContext, part: number, whole: number, high: number | null = null): string {
  const share = whole > 0 ? part / whole : 1;
  const mayBeAll = share >= NOT_ALL_SHARE && high !== null && high >= ALL_SHARE * whole;
  return steady.keep('all of the growth', share >= ALL_SHARE || mayBeAll, {
    // A cause that grows faster than the whole has all of it: more would be no share.
    atOnce: () => share < NOT_ALL_SHARE || share > 1,
    isSilent: (isAll) => isAll && share >= STILL_ALL_SHARE,
  })
    ? 'all of it'
    : `${Math.round(share * 100)} % of it`;
}

/** The time to this event; null: none is forecast. */
export function etaOf(context: RuleContext, event: Eta['event']): Eta | null {
  const now = context.evaluation.etas.find((e) => e.event === event) ?? null;
  return context.steady.keep(`time to ${event}`, now, {
    same: (a, b) => (a === null) === (b === null),
    atOnce: (before) => before === null,
  });
}

/** Within a day, an operator should act now. */
export const isImminent = (seconds: number | null): boolean => seconds !== null && seconds < DAY_S;

/** Severity of growth that ends in an OOM kill: critical within a day. */
export const oomSeverity = (context: RuleContext): 'critical' | 'warn' =>
  isImminent(etaOf(context, 'oom-kill')?.seconds ?? null) ? 'critical' : 'warn';

/** "heap and threads are flat"; an empty text if no field is known to be flat. */
export const areFlatText = (names: readonly string[]): string =>
  names.length === 0 ? '' : `${joinWithAnd(names)} ${names.length > 1 || /s$/.test(names[0]!) ? 'are' : 'is'} flat`;

/** Whether the JVM's own figures of its heap are known; true where there is no JVM. */
export const isHeapCounted = ({ target, jvm, series }: Pick<RuleContext, 'target' | 'jvm' | 'series'>): boolean =>
  target.jvm === null || jvm !== null || series.fields.has('heap_used');
