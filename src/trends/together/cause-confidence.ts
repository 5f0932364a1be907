import { type FieldId, type FieldName, fieldsWhere } from '../../fields.ts';
import { headroom, versionOf } from '../../memory-facts.ts';
import type { Limit } from '../../sources/types.ts';
import { DAY_S, HOUR_S, MINUTE_S } from '../../units.ts';
import type { FieldEvaluation } from '../field/field-trend.ts';
import type { Cause, CauseBasis, CauseShare } from '../types.ts';

export type Fields = ReadonlyMap<FieldName, FieldEvaluation>;

export interface Limits {
  readonly limit: Limit;
  readonly heapMax: Limit;
}

/** Anonymous memory beside the heap, where the JVM's figures tell the two apart. */
export interface NativeTrend {
  readonly field: FieldEvaluation;
  /** Bytes of the committed heap that were not yet seen in use: what grows by less may still be that. */
  readonly untouchedBytes: number;
}

export const grows = (fields: Fields, id: FieldId): boolean => fields.get(id)?.trend === 'growing';

/** Fields whose growth is a sign of a cause. */
const fieldsOf = (cause: Cause): readonly FieldId[] => fieldsWhere((row) => row.cause === cause);

/**
 * Growth that may still turn out to be bounded is reported without full confidence: anonymous memory of a JVM below -Xmx that rises while the
 * heap does not (a leak, or a heap that is being touched for the first time), and a modest rise within part of one day (daily load).
 */
const BOUNDED_GROWTH_CONFIDENCE = 0.75;

/** What of the fields is known only after they are put together. */
export interface DerivedTrends {
  readonly native: NativeTrend | null;
  /** Page cache that is locked in memory; null where that is not known, or there is none. */
  readonly locked: FieldEvaluation | null;
}

/** Growing fields that a cause rests on, with the field whose end is theirs. */
function growingFields(cause: Cause, fields: Fields, { native, locked }: DerivedTrends): GrowingField[] {
  if (cause === 'native' && native !== null) return [{ id: 'anon', part: 'outside-heap', field: native.field }];
  if (cause === 'locked-cache') return locked === null ? [] : [{ id: 'unevictable', part: 'locked', field: locked }];
  const whole = (id: FieldId): GrowingField => ({ id, part: null, field: fields.get(id)! });
  const growing = fieldsOf(cause).flatMap((id) => (grows(fields, id) ? [whole(id)] : []));
  // Kernel memory that has no name of its own is known by the sum alone.
  return growing.length === 0 && cause === 'kernel' && grows(fields, 'kernel') ? [whole('kernel')] : growing;
}

interface GrowingField {
  readonly id: FieldId;
  readonly part: CauseBasis['trends'][number]['part'];
  readonly field: FieldEvaluation;
}

/** The confidence in a cause, with what it is computed from. */
export function causeBasis({ cause }: CauseShare, fields: Fields, limits: Limits, derived: DerivedTrends): CauseBasis {
  const growing = growingFields(cause, fields, derived);
  const posterior = Math.max(0, ...growing.map(({ field }) => field.posterior));
  const cappedBy =
    cause === 'native' && mayBeHeapExpansion(fields, limits, derived.native)
      ? 'heap-expansion'
      : growing.every(({ id, field }) => mayBeDailyLoad(field, headroomOf(id, fields, limits)))
        ? 'daily-load'
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

/** After this time a warm-up may still go on, whatever its pace. A limit that is met sooner than the second time is reported all the same. */
const START_UP_S = 10 * MINUTE_S;
const IMMINENT_S = HOUR_S;

/**
 * Daily load or a warm-up: slower than a tenth of the level at the start an hour; or, past the first minutes, risen by less than half of
 * that level or still saturating, unless the limit is less than an hour away.
 */
function mayBeDailyLoad(field: FieldEvaluation, room: number): boolean {
  const { windowSeconds, levelNow, levelAtStart, saturating, dailyLoadExcluded, basis } = field;
  if (dailyLoadExcluded) return false;
  const slope = field.slopeBytesPerHour ?? 0;
  // A drift over part of a day, in a run that has not seen those hours on another day: morning load after a quiet night.
  const sinceS = basis.line === null ? windowSeconds : basis.line.toT - basis.line.fromT;
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

/** Bytes until what grows meets its limit; infinite where there is none, or it is not of bytes. */
function headroomOf(id: FieldId, fields: Fields, { limit, heapMax }: Limits): number {
  if (id === 'heap_used') return typeof heapMax === 'number' ? heapMax - (levelOf(fields, id) ?? 0) : Number.POSITIVE_INFINITY;
  if (id === 'threads' || typeof limit !== 'number') return Number.POSITIVE_INFINITY;
  return headroom((field) => levelOf(fields, field), limit, versionOf(fields)) ?? limit;
}

/** A heap that is touched for the first time, page by page, looks like a leak of native memory and ends by itself. */
function mayBeHeapExpansion(fields: Fields, { limit, heapMax }: Limits, native: NativeTrend | null): boolean {
  if (native !== null) {
    const { slopeBytesPerHour, basis, windowSeconds } = native.field;
    const forS = basis.line === null ? windowSeconds : basis.line.toT - basis.line.fromT;
    return ((slopeBytesPerHour ?? 0) / HOUR_S) * forS < native.untouchedBytes;
  }
  const anon = fields.get('anon');
  if (!fields.has('heap_used') || typeof heapMax !== 'number' || anon === undefined) return false;
  const heapFitsLimit = heapMax < (typeof limit === 'number' ? limit : Number.POSITIVE_INFINITY);
  return !(anon.dailyLoadExcluded && heapFitsLimit) && anon.levelNow < 1.15 * heapMax;
}
