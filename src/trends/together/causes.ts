import type { FieldId } from '../../fields.ts';
import { UNRECLAIMABLE_FIELDS } from '../../memory-facts.ts';
import { HOUR_S } from '../../units.ts';
import type { FieldEvaluation } from '../field/field-trend.ts';
import { type GrowthRate, growthRateOf, sumOfRates } from '../field/growth-rate.ts';
import type { CauseShare, Eta, Evaluation, Trend } from '../types.ts';
import { causeConfidence, type Fields, grows, type Limits, type NativeTrend } from './cause-confidence.ts';
import type { CoMovement } from './co-movement.ts';
import { causesOf } from './growth-causes.ts';
import { anonGrowthRate, sumGrowthRate } from './sum-rates.ts';

/** Those fields of unreclaimable memory that this kernel reports. */
const unreclaimableFields = (fields: Fields): readonly FieldId[] =>
  (fields.has('slab_unreclaimable') ? UNRECLAIMABLE_FIELDS : [...UNRECLAIMABLE_FIELDS, 'slab' as const]).filter((id) =>
    fields.has(id),
  );

/** How fast memory that cannot be reclaimed grows, all of it together. */
function unreclaimableRate(fields: Fields): GrowthRate {
  const parts = unreclaimableFields(fields).flatMap((id): GrowthRate[] => {
    const part = id === 'anon' ? anonGrowthRate(fields) : grows(fields, id) ? growthRateOf(fields.get(id)!) : null;
    return part === null ? [] : [{ ...part, low: Math.max(0, part.low) }];
  });
  return sumOfRates(parts);
}

/** Bytes of these fields at their peaks now, where all of them together grow at `rate`. */
function peakOf(fields: Fields, ids: readonly FieldId[], { slope }: GrowthRate, moved: CoMovement): number {
  const finite = ids.flatMap((id) => (Number.isFinite(fields.get(id)?.levelNow) ? [{ id, field: fields.get(id)! }] : []));
  const growing = finite.filter(({ field }) => field.trend === 'growing');
  const fastest = growing.reduce<FieldEvaluation | null>(
    (best, { field }) => ((field.slopeBytesPerHour ?? 0) > (best?.slopeBytesPerHour ?? 0) ? field : best),
    null,
  );
  // A level that does not grow is known also where a sample lacks it; one that grows is not.
  const parts = finite.map(({ id, field }) => ({ id, level: field.trend === 'growing' ? null : field.levelNow }));
  return moved.peak(parts, slope, fastest?.basis.line?.fromT ?? 0) ?? finite.reduce((sum, { field }) => sum + field.levelNow, 0);
}

function etaTo(room: number, rate: GrowthRate, event: Eta['event']): Eta | null {
  if (!(rate.slope > 0) || !Number.isFinite(room)) return null;
  const seconds = (perHour: number) => Math.max(0, (room / perHour) * HOUR_S);
  return { event, seconds: seconds(rate.slope), low: seconds(rate.high), high: rate.low > 0 ? seconds(rate.low) : null };
}

/** When growth ends: unreclaimable memory at the limit, the heap at -Xmx, page cache where the kernel reclaims it. */
function etasOf(fields: Fields, causes: readonly CauseShare[], limits: Limits, moved: CoMovement): Eta[] {
  const etas: Eta[] = [];
  const heap = fields.get('heap_used');
  if (causes.some((cause) => cause.cause === 'heap') && heap !== undefined && typeof limits.heapMax === 'number') {
    const eta = etaTo(limits.heapMax - heap.levelNow, growthRateOf(heap), 'heap-exhausted');
    if (eta !== null) etas.push(eta);
  }
  if (typeof limits.limit === 'number') {
    const { limit } = limits;
    const until = (ids: readonly FieldId[], rate: GrowthRate, event: Eta['event']): Eta | null =>
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

/** No verdict is given with a higher confidence. */
const MAX_CONFIDENCE = 0.99;

/** Posterior of growth that is not reported, past which "nothing grows" is about as often wrong as right. */
const DOUBTFUL_POSTERIOR = 0.8;

/**
 * The lower the posterior of growth in every field, the surer that nothing harmful grows. The factors make it right as often as it says
 * (docs/accuracy.md, "right at confidence").
 */
function confidenceOfNoGrowth(fields: Fields): number {
  let most = 0;
  for (const id of [...UNRECLAIMABLE_FIELDS, 'heap_used', 'metaspace', 'slab'] as const)
    most = Math.max(most, fields.get(id)?.posterior ?? 0);
  return 0.98 - 0.2 * most - Math.max(0, most - DOUBTFUL_POSTERIOR);
}

/** All fields of one run of the container, put together. */
export function combineFields(
  fields: Fields,
  native: NativeTrend | null,
  limits: Limits,
  moved: CoMovement,
): Pick<Evaluation, 'trend' | 'leak' | 'confidence' | 'causes' | 'etas'> {
  const causes = causesOf({ fields, native: native?.field ?? null, moved });
  const any = (trend: Trend) => [...fields.values()].some((field) => field.trend === trend);
  // v1 cannot split kernel memory: whether what grows there can be taken back is not known.
  const reclaimabilityUnknown =
    causes.some(({ cause }) => cause === 'slab') && !fields.has('slab') && !fields.has('slab_reclaimable');
  // anon that grows without a cause is a heap that fills and has hardly been collected: what of it survives is not known yet.
  const heapNotYetCollected = grows(fields, 'anon') && grows(fields, 'usage');
  const liveSetUnknown = fields.get('heap_used')?.liveSetUnknown === true;
  const isUnknown = reclaimabilityUnknown || heapNotYetCollected || liveSetUnknown;
  const leak = causes.some((cause) => !cause.reclaimable) ? true : isUnknown ? null : false;
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
    leak: main === 'not-enough-data' || liveSetUnknown ? null : false,
    confidence: confidenceOfNoGrowth(fields),
    causes,
    etas: [],
  };
}
