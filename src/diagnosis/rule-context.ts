import { type FieldId, fieldRow } from '../fields.ts';
import { joinWithAnd } from '../format.ts';
import type { Series } from '../history/series.ts';
import { heldBytes, limitWithSwap, swapInUse, unreclaimable } from '../memory-facts.ts';
import type { JvmReading, Limit } from '../sources/types.ts';
import type { Eta, Evaluation, FieldTrend } from '../trends/types.ts';
import { DAY_S } from '../units.ts';
import type { AnonGrowth } from './growth/anon-growth.ts';
import type { DiskGrowth, GrownFiles } from './growth/file-growth.ts';
import type { Allocator } from './ledger/allocator.ts';
import type { OomKilled, TargetInfo } from './types.ts';

/** All that a rule may look at: values only, so that the same context gives the same findings anywhere. */
export interface RuleContext {
  readonly atMs: number;
  readonly target: TargetInfo;
  readonly evaluation: Evaluation;
  readonly series: Series;
  /** What grew in anonymous memory, part by part; null: its parts were not read often enough, or hardly grew. */
  readonly anonGrowth: AnonGrowth | null;
  /** Those that explain the growth of page cache and of shared memory. */
  readonly grown: GrownFiles;
  readonly disks: readonly DiskGrowth[];
  readonly jvm: JvmReading | null;
  /** What serves malloc in the JVM; null where its mappings were not read. */
  readonly allocator: Allocator | null;
  /** From the downward API; null where it is not known. */
  readonly pod: PodResources;
  /** Set where the container has ended and this is its final verdict; null while it runs. */
  readonly ended: { readonly atMs: number; readonly oomKilled: boolean } | null;
  /** The end before this run, of the same container or of one that ran in the same cgroup; null: none is known. */
  readonly lastEnd: LastEnd | null;
  /** Other JVMs of the container that are targets of their own. */
  readonly otherJvms: readonly OtherJvm[];
}

export interface OtherJvm {
  readonly pid: number;
  /** What its own verdict says of its heap's floor after collections; null: nothing yet. */
  readonly heapRises: boolean | null;
  /** Path and query at which its verdict is served. */
  readonly address: string;
}

export interface LastEnd {
  readonly atMs: number;
  readonly oomKilled: OomKilled;
  /** Path and query at which its final verdict is served. */
  readonly address: string;
}

export interface PodResources {
  readonly memoryRequestBytes: number | null;
  readonly ephemeralStorageLimitBytes: number | null;
}

/** The newest value of a field in bytes (or its unit), null where it is a gap or not there. */
export function newestValue(context: Pick<RuleContext, 'series'>, field: FieldId): number | null {
  const column = context.series.fields.get(field);
  if (!column) return null;
  // A source that failed leaves a gap in the newest tick: look back a few ticks, but no further.
  for (let i = column.length - 1; i >= Math.max(0, column.length - 5); i--) if (Number.isFinite(column[i])) return column[i]!;
  return null;
}

/** Bytes that the kernel cannot take back; null where that is not known. */
export const unreclaimableNow = (context: RuleContext): number | null =>
  unreclaimable((field) => newestValue(context, field), context.target.cgroup.version);

/** Bytes that are swapped out; null where this container does not use swap. */
export const swappedNow = (context: Pick<RuleContext, 'series'>): number | null =>
  swapInUse((field) => newestValue(context, field));

/** Bytes that processes hold and that the kernel cannot take back, in memory and in swap. */
export const heldNow = (context: RuleContext): number | null =>
  heldBytes((field) => newestValue(context, field), context.target.cgroup.version);

/** The limit of what processes hold: that of memory, with that of swap where swap is used. */
export const limitNow = (context: RuleContext): Limit =>
  limitWithSwap((field) => newestValue(context, field), context.series.limitBytes, context.target.cgroup.version);

/** Of the limit, and of the cache. A log that is written at some MB a second has half a minute of it unwritten, which is less. */
const MIN_UNWRITTEN_SHARE_OF_LIMIT = 0.2;
const MIN_UNWRITTEN_SHARE_OF_CACHE = 0.3;
/** Far from the limit there is time to write. */
const MIN_UNWRITTEN_SHARE_OF_ROOM = 0.5;

/** Bytes of page cache that wait to be written, where they are so many that the kernel may not reclaim them in time; null where not. */
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

/** Slope of a field in bytes an hour if it grows, else 0. */
export function growthOf(context: RuleContext, field: FieldId): number {
  const trend = trendOf(context, field);
  return trend?.trend === 'growing' ? (trend.slopeBytesPerHour ?? 0) : 0;
}

/** A value that did not change says something only if it was renewed as often as this in its window. */
const MIN_RENEWALS = 2;

/** Fields that a JVM renews at a collection only: metaspace in its counters; the heap with some collectors, and then it is older than what is read now. */
const isRenewedAtCollection = ({ jvm }: RuleContext, id: FieldId): boolean =>
  (id === 'metaspace' && jvm?.source !== 'attach') ||
  (id === 'heap_used' && jvm !== null && jvm.heapUsed.atMs < jvm.heapCommitted.atMs);

/** Collections in the window of a field's trend; null where nobody counts them. */
function collectionsInWindow({ series, jvm }: RuleContext, windowSeconds: number): number | null {
  const counts = series.fields.get('gc_count');
  if (counts === undefined) return jvm?.collector === 'Epsilon' ? 0 : null;
  const from = (series.t[series.t.length - 1] ?? 0) - windowSeconds;
  const known = counts.filter((count, i) => Number.isFinite(count) && series.t[i]! >= from);
  return known.length === 0 ? 0 : known[known.length - 1]! - known[0]!;
}

function wasRenewed(context: RuleContext, id: FieldId): boolean {
  if (!isRenewedAtCollection(context, id)) return true;
  const collections = collectionsInWindow(context, trendOf(context, id)?.windowSeconds ?? 0);
  return collections === null || collections >= MIN_RENEWALS;
}

/**
 * Short names of those of these fields that are known not to grow, or by less than is worth a word. Where metaspace was not renewed, loaded
 * classes stand for it: they are counted at all times.
 */
export function flatFieldNames(context: RuleContext, among: readonly FieldId[], negligiblePerHour = 0): string[] {
  const renewed = among.flatMap((id): FieldId[] => (wasRenewed(context, id) ? [id] : id === 'metaspace' ? ['classes'] : []));
  const flat = renewed.filter((id) => {
    const { trend = '', slopeBytesPerHour = null } = trendOf(context, id) ?? {};
    return (
      ['stable', 'cyclic', 'shrinking'].includes(trend) ||
      (trend === 'growing' && slopeBytesPerHour !== null && slopeBytesPerHour < negligiblePerHour)
    );
  });
  return flat.map((id) => fieldRow(id).shortName ?? id);
}

export const capitalise = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** "all of it", "82 % of it": how much of `whole` a part's slope is. */
export function shareText(part: number, whole: number): string {
  const share = whole > 0 ? part / whole : 1;
  return share >= 0.93 ? 'all of it' : `${Math.round(share * 100)} % of it`;
}

/** The time to this event, null where none is foreseen. */
export function etaOf(context: RuleContext, event: Eta['event']): Eta | null {
  return context.evaluation.etas.find((e) => e.event === event) ?? null;
}

/** Within a day: somebody should look now. */
export const isImminent = (seconds: number | null): boolean => seconds !== null && seconds < DAY_S;

/** "heap and threads are flat", the empty text where nothing is known to be flat. */
export const areFlatText = (names: readonly string[]): string =>
  names.length === 0 ? '' : `${joinWithAnd(names)} ${names.length > 1 || /s$/.test(names[0]!) ? 'are' : 'is'} flat`;

/** Whether the JVM's own figures of its heap are known; true where there is no JVM. */
export const isHeapCounted = ({ target, jvm, series }: Pick<RuleContext, 'target' | 'jvm' | 'series'>): boolean =>
  target.jvm === null || jvm !== null || series.fields.has('heap_used');
