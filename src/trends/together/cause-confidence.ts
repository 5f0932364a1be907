import { type FieldId, type FieldName, fieldsWhere } from '../../fields.ts';
import { headroom, versionOf } from '../../memory-facts.ts';
import type { Limit } from '../../sources/types.ts';
import { DAY_S, HOUR_S, MIB, MINUTE_S } from '../../units.ts';
import { type FieldEvaluation, MANY_COLLECTIONS } from '../field/field-trend.ts';
import type { Cause, CauseBasis, CauseShare, Eta } from '../types.ts';
import type { Waiting, WaitsForCollection } from './waits-for-collection.ts';

export type Fields = ReadonlyMap<FieldName, FieldEvaluation>;

export interface Limits {
  readonly limit: Limit;
  readonly heapMax: Limit;
}

/** Anonymous memory outside the heap, if the JVM's counters separate the two. */
export interface NativeTrend {
  readonly field: FieldEvaluation;
  /** Bytes of the committed heap that were in use in no sample. Growth of less than this may be the heap's first use. */
  readonly untouchedBytes: number;
}

export const grows = (fields: Fields, id: FieldId): boolean => fields.get(id)?.trend === 'growing';

/** Fields whose growth indicates a cause. */
const fieldsOf = (cause: Cause): readonly FieldId[] => fieldsWhere((row) => row.cause === cause);

/**
 * Growth that may still be bounded is reported with at most this confidence. One example is anonymous memory of a JVM below -Xmx that rises
 * while the heap does not: a leak, or first use of heap pages. Another is a modest rise within part of one day, which may be daily load.
 */
const BOUNDED_GROWTH_CONFIDENCE = 0.75;

/** The facts that are known only after the fields are combined. */
export interface DerivedTrends {
  readonly native: NativeTrend | null;
  /** Page cache that is locked in memory; null: not known, or there is none. */
  readonly locked: FieldEvaluation | null;
  /** The kernel has swapped out some of what the processes hold. */
  readonly isSwapped: boolean;
  /** Whether native memory that grows may wait for a collection; null: the JVM does not count them. */
  readonly waits: WaitsForCollection | null;
}

/** The growing fields that indicate a cause, each with the field that decides when its growth ends. */
function growingFields(cause: Cause, fields: Fields, { native, locked }: DerivedTrends): GrowingField[] {
  if (cause === 'native' && native !== null) return [{ id: 'anon', part: 'outside-heap', field: native.field }];
  if (cause === 'locked-cache') return locked === null ? [] : [{ id: 'unevictable', part: 'locked', field: locked }];
  const whole = (id: FieldId): GrowingField => ({ id, part: null, field: fields.get(id)! });
  const growing = fieldsOf(cause).flatMap((id) => (grows(fields, id) ? [whole(id)] : []));
  // Kernel memory without a separate name is known only from the sum.
  return growing.length === 0 && cause === 'kernel' && grows(fields, 'kernel') ? [whole('kernel')] : growing;
}

interface GrowingField {
  readonly id: FieldId;
  readonly part: CauseBasis['trends'][number]['part'];
  readonly field: FieldEvaluation;
}

/** Whether native memory, where it grows, may wait for a collection that frees it. If the kernel swaps it out, the limit is reached before one. */
export function nativeWaits(fields: Fields, { native, waits, isSwapped }: DerivedTrends, etas: readonly Eta[]): Waiting {
  const field = native?.field ?? fields.get('anon');
  const end = isSwapped ? 0 : (etas.find(({ event }) => event === 'oom-kill')?.seconds ?? null);
  return field === undefined || waits === null ? 'counts' : waits(field, end);
}

/**
 * The confidence in a cause, with what it is computed from. `isStartUp`: whether growth for so many seconds may be the start of the run. `waiting`:
 * whether native memory may wait for a collection.
 */
export function causeBasis(
  { cause }: CauseShare,
  fields: Fields,
  limits: Limits,
  derived: DerivedTrends,
  isStartUp: (grewSeconds: number) => boolean = () => false,
  waiting: Waiting = 'counts',
): CauseBasis {
  const growing = growingFields(cause, fields, derived);
  const posterior = Math.max(0, ...growing.map(({ field }) => field.posterior));
  const cappedBy =
    cause === 'native' && mayBeHeapExpansion(fields, limits, derived.native)
      ? 'heap-expansion'
      : cause === 'native' && waiting !== 'counts'
        ? 'collection'
        : growing.every(({ id, field }) => {
              const room = headroomOf(id, fields, limits);
              const mayStart = isStartUp(grewSeconds(field)) && !(cause === 'heap' && fillsForCertain(field, room));
              return mayBeDailyLoad(field, room, mayStart);
            })
          ? 'daily-load'
          : cause === 'heap' && growing.every(({ field }) => maySoftReferencesHold(field, limits))
            ? 'soft-references'
            : null;
  return {
    cause,
    trends: growing.map(({ id, part, field }) => ({
      field: id,
      part,
      slopeBytesPerHour: field.slopeBytesPerHour,
      low: field.low,
      high: field.high,
      posterior: field.posterior,
    })),
    posterior,
    cappedBy,
    confidence: cappedBy === null ? posterior : Math.min(posterior, BOUNDED_GROWTH_CONFIDENCE),
  };
}

/** A warm-up may last this long, at any rate. If the limit is reached sooner than the second time, the confidence is not reduced. */
const START_UP_S = 10 * MINUTE_S;
const IMMINENT_S = HOUR_S;
/** All kinds of memory grow at once for this long. */
const COLD_START_S = 5 * MINUTE_S;
const IMMINENT_AT_START_S = 30 * MINUTE_S;
/**
 * A pool of threads, of buffers or of objects fills as straight as a leak, within seconds or minutes, up to a size that fits the container. So an
 * end tells the two apart only from here on: nearer than this many times the time of the growth, or so near that nothing that fits is left.
 */
const FILLING_S = 30;
const MAX_TIMES_AHEAD = 24;
const NEARLY_THERE = 1 / 4;
/** In the first seconds of growth its pace is that of a moment. */
const MOMENT_S = 10;

/**
 * Whether growth for `grewSeconds` in a run of `runSeconds` may be its start: the JVM loads classes, compiles and fills its pools of threads, all at
 * once. Not if unreclaimable memory or the heap reaches its limit soon.
 */
export const mayBeStartUp = (runSeconds: number, grewSeconds: number, etas: readonly Eta[]): boolean =>
  runSeconds <= COLD_START_S && !etas.some((eta) => isNear(eta, grewSeconds));

function isNear({ event, seconds }: Pick<Eta, 'event' | 'seconds'>, grewSeconds: number): boolean {
  if (event === 'reclaim') return false;
  if (grewSeconds >= FILLING_S) return seconds < Math.min(IMMINENT_AT_START_S, MAX_TIMES_AHEAD * grewSeconds);
  // A heap is there to be filled: soft references and caches fill it up to -Xmx.
  return event === 'oom-kill' && grewSeconds >= MOMENT_S && seconds < NEARLY_THERE * grewSeconds;
}

/** Whether many collections show that what they leave reaches -Xmx within the hour. At the start a few may show a live set that is being built. */
const fillsForCertain = (field: FieldEvaluation, room: number): boolean =>
  (field.basis.statistics.fullCollections ?? 0) >= MANY_COLLECTIONS &&
  grewSeconds(field) >= FILLING_S &&
  room <= ((field.slopeBytesPerHour ?? 0) / HOUR_S) * IMMINENT_S;

/**
 * Whether all that the floor of the heap has risen by may be held by soft references alone. HotSpot keeps an object that nobody reads for a second
 * for each free MiB below -Xmx (-XX:SoftRefLRUPolicyMSPerMB), and frees all of them before it throws an OutOfMemoryError. Where the limit comes
 * before -Xmx, they end in an OOM kill as a leak does. An end that is near is told of in any case.
 */
function maySoftReferencesHold(field: FieldEvaluation, { limit, heapMax }: Limits): boolean {
  if (field.dailyLoadExcluded || typeof heapMax !== 'number' || (typeof limit === 'number' && heapMax >= limit)) return false;
  const free = heapMax - field.levelNow;
  const seconds = (free / (field.slopeBytesPerHour ?? 0)) * HOUR_S;
  return grewSeconds(field) < free / MIB && !isNear({ event: 'heap-exhausted', seconds }, grewSeconds(field));
}

/** For how long its newest line goes on. */
const lineSeconds = ({ basis: { line }, windowSeconds }: FieldEvaluation): number =>
  line === null ? windowSeconds : line.toT - line.fromT;

/** What it has risen by at its slope: also before its newest line, where the rise only bent. */
function roseBytes(field: FieldEvaluation): number {
  const perSecond = (field.slopeBytesPerHour ?? 0) / HOUR_S;
  const inWindow = Math.min(perSecond * field.windowSeconds, field.levelNow - field.levelAtStart);
  return Math.max(perSecond * lineSeconds(field), Number.isFinite(inWindow) ? inWindow : 0);
}

/** A rise that was faster on average than it is now by this factor ends by itself. */
const SLOWED = 2;

/** For how long it has grown at about its slope. 0: it slows down. */
function grewSeconds(field: FieldEvaluation): number {
  const perSecond = (field.slopeBytesPerHour ?? 0) / HOUR_S;
  const isSlower = field.levelNow - field.levelAtStart > SLOWED * perSecond * field.windowSeconds;
  return isSlower || !(perSecond > 0) ? 0 : roseBytes(field) / perSecond;
}

/**
 * Whether growth may be daily load or a warm-up: slower than a tenth of the level at the start per hour; or, after the first minutes, a rise of
 * less than half of that level, or one that is still saturating. Never if the limit is less than an hour away.
 */
function mayBeDailyLoad(field: FieldEvaluation, room: number, isStartUp: boolean): boolean {
  const { windowSeconds, levelNow, levelAtStart, saturating, dailyLoadExcluded } = field;
  if (dailyLoadExcluded) return false;
  if (isStartUp) return true;
  const slope = field.slopeBytesPerHour ?? 0;
  // A drift over part of a day, in a run that does not contain the same hours of another day, may be morning load after a quiet night.
  const sinceS = lineSeconds(field);
  if (sinceS < DAY_S && windowSeconds >= DAY_S && windowSeconds < DAY_S + sinceS) return true;
  if (windowSeconds >= DAY_S) return false;
  const start = Math.max(1, levelAtStart);
  if (slope < 0.1 * start) return true;
  return windowSeconds > START_UP_S && (saturating || levelNow < 1.5 * start) && room > (slope / HOUR_S) * IMMINENT_S;
}

const levelOf = (fields: Fields, id: FieldId): number | null => {
  const level = fields.get(id)?.levelNow;
  return level !== undefined && Number.isFinite(level) ? level : null;
};

/** Bytes until a growing field reaches its limit; infinite if there is no limit or the field is not in bytes. */
function headroomOf(id: FieldId, fields: Fields, { limit, heapMax }: Limits): number {
  if (id === 'heap_used') return typeof heapMax === 'number' ? heapMax - (levelOf(fields, id) ?? 0) : Number.POSITIVE_INFINITY;
  if (id === 'threads' || typeof limit !== 'number') return Number.POSITIVE_INFINITY;
  return headroom((field) => levelOf(fields, field), limit, versionOf(fields)) ?? limit;
}

/** Whether growth may be first use of heap pages. It looks like a leak of native memory, and stops when all pages have been touched. */
function mayBeHeapExpansion(fields: Fields, { limit, heapMax }: Limits, native: NativeTrend | null): boolean {
  if (native !== null) {
    return roseBytes(native.field) < native.untouchedBytes;
  }
  const anon = fields.get('anon');
  if (!fields.has('heap_used') || typeof heapMax !== 'number' || anon === undefined) return false;
  const heapFitsLimit = heapMax < (typeof limit === 'number' ? limit : Number.POSITIVE_INFINITY);
  return !(anon.dailyLoadExcluded && heapFitsLimit) && anon.levelNow < 1.15 * heapMax;
}
