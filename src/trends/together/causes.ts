import { UNRECLAIMABLE_FIELDS } from '../../memory-facts.ts';
import type { FieldEvaluation } from '../field/field-trend.ts';
import { type GrowthRate, growthRateOf, sumOfRates } from '../field/growth-rate.ts';
import type { Cause, CauseShare, Eta, Evaluation, Trend } from '../types.ts';
import { causeConfidence, type Fields, grows, type Limits, type NativeTrend } from './cause-confidence.ts';
import type { CoMovement } from './co-movement.ts';
import { anonGrowthRate, sumGrowthRate } from './sum-rates.ts';

const HOUR = 3600;

const slopeOf = (fields: Fields, id: string): number => fields.get(id)?.slopeBytesPerHour ?? 0;

/** Causes of growth, by the rules of docs/verdict.md. */
function causesOf(fields: Fields, native: FieldEvaluation | null, moved: CoMovement): CauseShare[] {
  const unreclaimableCauses: CauseShare[] = [];
  const reclaimableCauses: CauseShare[] = [];
  const add = (cause: Cause, bytesPerHour: number, reclaimable: boolean) =>
    (reclaimable ? reclaimableCauses : unreclaimableCauses).push({ cause, bytesPerHour, reclaimable, what: null });
  const anonGrows = grows(fields, 'anon');
  const heapGrows = grows(fields, 'heap_used');
  const threadsGrow = grows(fields, 'threads') || grows(fields, 'kernel_stack');
  const metaspaceGrows = grows(fields, 'metaspace');
  if (heapGrows) add('heap', slopeOf(fields, 'heap_used'), false);
  const loaderBytesPerHour = metaspaceGrows && !threadsGrow ? nativeOfClassLoaders(fields, native) : 0;
  if (metaspaceGrows) add('metaspace', slopeOf(fields, 'metaspace') + loaderBytesPerHour, false);
  if (threadsGrow) {
    const stacks =
      Math.max(0, slopeOf(fields, 'kernel_stack')) + (heapGrows || metaspaceGrows ? 0 : anonGrows ? slopeOf(fields, 'anon') : 0);
    add('threads', Math.max(stacks, slopeOf(fields, 'kernel_stack')), false);
  }
  if (anonGrows) {
    const known = (heapGrows ? slopeOf(fields, 'heap_used') : 0) + (metaspaceGrows ? slopeOf(fields, 'metaspace') : 0);
    const rest = slopeOf(fields, 'anon') - known;
    if (!threadsGrow && native !== null) {
      if (native.trend === 'growing' && loaderBytesPerHour === 0) add('native', native.slopeBytesPerHour ?? rest, false);
    } else if (!threadsGrow && loaderBytesPerHour === 0 && (known === 0 || rest > 0.5 * slopeOf(fields, 'anon')))
      add('native', rest, false);
  }
  if (grows(fields, 'shmem')) add('shmem', slopeOf(fields, 'shmem'), false);
  const fileGrows =
    grows(fields, 'file') &&
    slopeOf(fields, 'file') - Math.max(0, grows(fields, 'shmem') ? slopeOf(fields, 'shmem') : 0) > 0.2 * slopeOf(fields, 'file');
  const cache = fileGrows ? slopeOf(fields, 'file') : 0;
  // Some 3 % of page cache on ext4 is slab that comes with it (buffer heads): part of the cache, and no leak. A cache that goes by fits and
  // starts may not be called growing while the little that comes with it is.
  const growsWithoutCache = (id: string) =>
    grows(fields, id) &&
    !threadsGrow &&
    slopeOf(fields, id) > SLAB_SHARE_OF_CACHE * cache &&
    !moved.isExplainedByCache(id, fields.get(id)?.basis.line ?? null, SLAB_SHARE_OF_CACHE);
  if (growsWithoutCache('slab_unreclaimable')) add('slab', slopeOf(fields, 'slab_unreclaimable'), false);
  else if (growsWithoutCache('slab_reclaimable')) add('slab', slopeOf(fields, 'slab_reclaimable'), true);
  else if (fields.has('slab')) {
    if (growsWithoutCache('slab') && !fields.has('slab_unreclaimable')) add('slab', slopeOf(fields, 'slab'), false);
  } else if (growsWithoutCache('kernel') && !fields.has('slab_unreclaimable')) add('slab', slopeOf(fields, 'kernel'), true);
  if (fileGrows) add('page-cache', slopeOf(fields, 'file') - (grows(fields, 'shmem') ? slopeOf(fields, 'shmem') : 0), true);
  const steepest = (a: CauseShare, b: CauseShare) => b.bytesPerHour - a.bytesPerHour;
  return [...unreclaimableCauses.sort(steepest), ...reclaimableCauses.sort(steepest)];
}

/** Slab that comes with page cache is at most this part of it. */
const SLAB_SHARE_OF_CACHE = 0.08;

/**
 * Class loaders bring native memory beside what metaspace counts as used: chunks of their own that are hardly filled, and tables from
 * malloc. Loaders of one small class each bring four times their used metaspace besides (scenarios/ClassLoaderLeak.java). Up to so much
 * is theirs; more is a cause of its own.
 */
const LOADER_NATIVE_RATIO = 5;

function nativeOfClassLoaders(fields: Fields, native: FieldEvaluation | null): number {
  const known = (grows(fields, 'heap_used') ? slopeOf(fields, 'heap_used') : 0) + slopeOf(fields, 'metaspace');
  const rest = grows(fields, 'anon') ? slopeOf(fields, 'anon') - known : 0;
  const slope = native === null ? rest : native.trend === 'growing' ? (native.slopeBytesPerHour ?? rest) : 0;
  return slope <= LOADER_NATIVE_RATIO * slopeOf(fields, 'metaspace') ? Math.max(0, slope) : 0;
}

/** The fields of memory that cannot be reclaimed that this kernel tells. */
const unreclaimableFields = (fields: Fields): string[] =>
  (fields.has('slab_unreclaimable') ? UNRECLAIMABLE_FIELDS : [...UNRECLAIMABLE_FIELDS, 'slab']).filter((id) => fields.has(id));

/** How fast memory that cannot be reclaimed grows, all of it together. */
function unreclaimableRate(fields: Fields): GrowthRate {
  const parts = unreclaimableFields(fields).flatMap((id): GrowthRate[] => {
    const part = id === 'anon' ? anonGrowthRate(fields) : grows(fields, id) ? growthRateOf(fields.get(id)!) : null;
    return part === null ? [] : [{ ...part, low: Math.max(0, part.low) }];
  });
  return sumOfRates(parts);
}

/** Bytes of these fields at their peaks now, where all of them together grow at `rate`. */
function peakOf(fields: Fields, ids: readonly string[], { slope }: GrowthRate, moved: CoMovement): number {
  const finite = ids.flatMap((id) => (Number.isFinite(fields.get(id)?.levelNow) ? [{ id, field: fields.get(id)! }] : []));
  const growing = finite.filter(({ field }) => field.trend === 'growing');
  const fastest = growing.reduce<FieldEvaluation | null>(
    (best, { field }) => ((field.slopeBytesPerHour ?? 0) > (best?.slopeBytesPerHour ?? 0) ? field : best),
    null,
  );
  // What stands still is known also where it was not told; what grows is not.
  const parts = finite.map(({ id, field }) => ({ id, level: field.trend === 'growing' ? null : field.levelNow }));
  return moved.peak(parts, slope, fastest?.basis.line?.fromT ?? 0) ?? finite.reduce((sum, { field }) => sum + field.levelNow, 0);
}

function etaTo(room: number, rate: GrowthRate, event: Eta['event']): Eta | null {
  if (!(rate.slope > 0) || !Number.isFinite(room)) return null;
  const seconds = (perHour: number) => Math.max(0, (room / perHour) * HOUR);
  return { event, seconds: seconds(rate.slope), low: seconds(rate.high), high: rate.low > 0 ? seconds(rate.low) : null };
}

/** When what grows meets its wall. The wall of memory that cannot be reclaimed is the limit; of the heap, -Xmx; of page cache, reclaim. */
function etasOf(fields: Fields, causes: readonly CauseShare[], limits: Limits, moved: CoMovement): Eta[] {
  const etas: Eta[] = [];
  const heap = fields.get('heap_used');
  if (causes.some((cause) => cause.cause === 'heap') && heap !== undefined && typeof limits.heapMax === 'number') {
    const eta = etaTo(limits.heapMax - heap.levelNow, growthRateOf(heap), 'heap-exhausted');
    if (eta !== null) etas.push(eta);
  }
  if (typeof limits.limit === 'number') {
    const { limit } = limits;
    const until = (ids: readonly string[], rate: GrowthRate, event: Eta['event']): Eta | null =>
      rate.slope > 0 ? etaTo(limit - peakOf(fields, ids, rate, moved), rate, event) : null;
    const usage = sumGrowthRate(fields, 'usage');
    const eta = causes.some((cause) => !cause.reclaimable)
      ? until(unreclaimableFields(fields), unreclaimableRate(fields), 'oom-kill')
      : causes.length > 0 && usage !== null
        ? until(['usage'], usage, 'reclaim')
        : null;
    if (eta !== null) etas.push(eta);
  }
  return etas.sort((a, b) => a.seconds - b.seconds);
}

/** Nothing is surer than this. */
const MAX_CONFIDENCE = 0.99;

/** Belief in growth, not told, past which "nothing grows" is about as often wrong as right. */
const DOUBTFUL_POSTERIOR = 0.8;

/**
 * That nothing hurtful grows is the surer the less belief there is in growth of any field. The factors make it right as often as it says
 * (docs/verdict.md, "right at confidence").
 */
function confidenceOfNoGrowth(fields: Fields): number {
  let most = 0;
  for (const id of [...UNRECLAIMABLE_FIELDS, 'heap_used', 'metaspace', 'slab'])
    most = Math.max(most, fields.get(id)?.posterior ?? 0);
  return 0.98 - 0.2 * most - Math.max(0, most - DOUBTFUL_POSTERIOR);
}

/** All fields of one life, put together. */
export function combineFields(
  fields: Fields,
  native: NativeTrend | null,
  limits: Limits,
  moved: CoMovement,
): Pick<Evaluation, 'trend' | 'leak' | 'confidence' | 'causes' | 'etas'> {
  const causes = causesOf(fields, native?.field ?? null, moved);
  const any = (trend: Trend) => [...fields.values()].some((field) => field.trend === trend);
  // v1 cannot split kernel memory: whether what grows there can be taken back is not known.
  const reclaimabilityUnknown =
    causes.some(({ cause }) => cause === 'slab') && !fields.has('slab') && !fields.has('slab_reclaimable');
  // anon that grows without a cause is a heap that fills and has hardly been collected: what of it survives is not known yet.
  const heapNotYetCollected = grows(fields, 'anon') && grows(fields, 'usage');
  const leak = causes.some((cause) => !cause.reclaimable) ? true : reclaimabilityUnknown || heapNotYetCollected ? null : false;
  if (causes.length > 0 || grows(fields, 'usage')) {
    const relevantCauses = leak === false ? causes : causes.filter(({ reclaimable }) => !reclaimable || leak === null);
    const confidences = relevantCauses.map((cause) => causeConfidence(cause, fields, limits, native));
    const highestConfidence = confidences.length > 0 ? Math.max(...confidences) : (fields.get('usage')?.posterior ?? 0.5);
    return {
      trend: 'growing',
      leak,
      confidence: Math.min(MAX_CONFIDENCE, Math.max(0.5, highestConfidence)),
      causes,
      etas: etasOf(fields, causes, limits, moved),
    };
  }
  const main = fields.get('usage')?.trend ?? fields.get('anon')?.trend ?? (any('stable') ? 'stable' : 'not-enough-data');
  return {
    trend: main,
    leak: main === 'not-enough-data' ? null : false,
    confidence: confidenceOfNoGrowth(fields),
    causes,
    etas: [],
  };
}
