import type { Limit } from '../../sources/types.ts';
import type { FieldJudgement } from '../field/field-trend.ts';
import type { Cause, CauseShare } from '../types.ts';

export type Fields = ReadonlyMap<string, FieldJudgement>;

export interface Limits {
  readonly limit: Limit;
  readonly heapMax: Limit;
}

/** Anonymous memory beside the heap, where the JVM's figures tell the two apart. */
export interface Native {
  readonly field: FieldJudgement;
  /** Bytes of the committed heap that were not yet seen in use: what grows by less may still be that. */
  readonly untouchedBytes: number;
}

export const grows = (fields: Fields, id: string): boolean => fields.get(id)?.trend === 'growing';

/** Fields whose growth makes each cause. */
const EVIDENCE: Readonly<Partial<Record<Cause, readonly string[]>>> = {
  heap: ['heap_used'],
  metaspace: ['metaspace'],
  threads: ['threads', 'kernel_stack'],
  native: ['anon'],
  shmem: ['shmem'],
  slab: ['slab_unreclaimable', 'slab_reclaimable', 'slab', 'kernel'],
  'page-cache': ['file'],
};

/**
 * What may yet turn out to be bounded is told, but not with full confidence: anonymous memory of a JVM below -Xmx that rises while the
 * heap does not (a leak, or a heap that is being touched for the first time), and a modest rise within part of one day (daily load).
 */
const MAY_BE_BOUNDED = 0.75;
const HOUR = 3600;
const DAY_S = 86_400;

/** How far a cause is believed in. */
export function beliefIn({ cause }: CauseShare, fields: Fields, limits: Limits, native: Native | null): number {
  const growing =
    cause === 'native' && native !== null
      ? [{ id: 'anon', field: native.field }]
      : (EVIDENCE[cause] ?? []).flatMap((id) => (grows(fields, id) ? [{ id, field: fields.get(id)! }] : []));
  const belief = Math.max(0, ...growing.map(({ field }) => field.certainty));
  const bounded =
    (cause === 'native' && mayBeExpanding(fields, limits, native)) ||
    growing.every(({ id, field }) => mayBeDaily(field, roomOf(id, fields, limits)));
  return bounded ? Math.min(belief, MAY_BE_BOUNDED) : belief;
}

/** Past this first time a warm-up may still go on, whatever its pace; and a wall that is met sooner than this is told of all the same. */
const LATE_S = 600;
const SOON_S = HOUR;

/**
 * Daily load or a warm-up: slower than a tenth of the level an hour, or, past the first minutes, by less than half of it as yet or still
 * beside a fill; unless the wall is near.
 */
function mayBeDaily(field: FieldJudgement, room: number): boolean {
  const { windowSeconds, levelNow, levelThen, fills, known, basis } = field;
  if (known) return false;
  const slope = field.slopeBytesPerHour ?? 0;
  // A drift of part of a day, in a life that has not seen those hours on another day: morning load after a quiet night.
  const sinceS = basis.line === null ? windowSeconds : basis.line.toT - basis.line.fromT;
  if (sinceS < DAY_S && windowSeconds >= DAY_S && windowSeconds < DAY_S + sinceS) return true;
  if (windowSeconds >= DAY_S) return false;
  const began = Math.max(1, levelThen);
  if (slope < 0.1 * began) return true;
  return windowSeconds > LATE_S && (fills || levelNow < 1.5 * began) && room > (slope / HOUR) * SOON_S;
}

/** Bytes until what grows meets its wall; no end where there is none, or it is not of bytes. */
function roomOf(id: string, fields: Fields, { limit, heapMax }: Limits): number {
  const level = (field: string) => fields.get(field)?.levelNow ?? 0;
  if (id === 'heap_used') return typeof heapMax === 'number' ? heapMax - level(id) : Number.POSITIVE_INFINITY;
  if (id === 'threads' || typeof limit !== 'number') return Number.POSITIVE_INFINITY;
  return limit - level('anon') - level('shmem');
}

/** A heap that is touched for the first time, page by page, looks like a leak of native memory and ends by itself. */
function mayBeExpanding(fields: Fields, { limit, heapMax }: Limits, native: Native | null): boolean {
  if (native !== null) {
    const { slopeBytesPerHour, basis, windowSeconds } = native.field;
    const forS = basis.line === null ? windowSeconds : basis.line.toT - basis.line.fromT;
    return ((slopeBytesPerHour ?? 0) / HOUR) * forS < native.untouchedBytes;
  }
  const anon = fields.get('anon');
  if (!fields.has('heap_used') || typeof heapMax !== 'number' || anon === undefined) return false;
  const bounded = heapMax < (typeof limit === 'number' ? limit : Number.POSITIVE_INFINITY);
  return !(anon.known && bounded) && anon.levelNow < 1.15 * heapMax;
}
