import type { FieldId } from '../../fields.ts';
import { type FieldReader, UNRECLAIMABLE_FIELDS, unreclaimable, versionOf } from '../../memory-facts.ts';
import { HOUR_S } from '../../units.ts';
import type { FieldEvaluation } from '../field/field-trend.ts';
import { type GrowthRate, growthRateOf, sumOfRates } from '../field/growth-rate.ts';
import type { CauseShare, Eta, Evaluation, Trend } from '../types.ts';
import { causeBasis, type DerivedTrends, type Fields, grows, type Limits } from './cause-confidence.ts';
import type { CoMovement, Sum } from './co-movement.ts';
import { causesOf, type Growth, otherKernelRate } from './growth-causes.ts';
import { hasUndecidedRise } from './joint-evidence.ts';
import { anonGrowthRate, sumGrowthRate } from './sum-rates.ts';

/** How fast memory that cannot be reclaimed grows, all of it together, by those of its fields that this kernel reports. */
function unreclaimableRate(growth: Growth, causes: readonly CauseShare[]): GrowthRate {
  const { fields, locked } = growth;
  const has = (cause: CauseShare['cause']) => causes.some((share) => share.cause === cause);
  const slab: readonly FieldId[] = fields.has('slab_unreclaimable') ? [] : ['slab'];
  // On cgroup v1 kernel memory is one figure, of which the page tables of the process are known, and sockets have a limit of their own.
  const [absent, tables]: [readonly FieldId[], readonly FieldId[]] =
    versionOf(fields) === 1 ? [['sock'], has('page-tables') ? ['process_pagetables'] : []] : [[], []];
  const parts = [...UNRECLAIMABLE_FIELDS, ...slab, ...tables].flatMap((id): GrowthRate[] => {
    if (absent.includes(id)) return [];
    const part = id === 'anon' ? anonGrowthRate(fields) : grows(fields, id) ? growthRateOf(fields.get(id)!) : null;
    return part === null ? [] : [part];
  });
  if (has('locked-cache') && locked !== null) parts.push(growthRateOf(locked));
  const otherKernel = has('kernel') ? otherKernelRate(growth) : null;
  if (otherKernel !== null) parts.push(otherKernel);
  return sumOfRates(parts.map((part) => ({ ...part, low: Math.max(0, part.low) })));
}

/** A sum of fields, and those whose growth moves it. */
interface MovingSum {
  readonly of: Sum['of'];
  readonly by: readonly FieldId[];
}

/** Bytes of a sum at its peaks now, where it grows at `rate`; null where it is not known. */
function peakOf(fields: Fields, { of, by }: MovingSum, { slope }: GrowthRate, moved: CoMovement): number | null {
  const levelNow: FieldReader = (id) => {
    const level = fields.get(id)?.levelNow;
    return level !== undefined && Number.isFinite(level) ? level : null;
  };
  // A level that does not grow is known also where a sample lacks it; one that grows is not.
  const level: FieldReader = (id) => (grows(fields, id) ? null : levelNow(id));
  const growing = by.flatMap((id) => (grows(fields, id) ? [fields.get(id)!] : []));
  const fastest = growing.reduce<FieldEvaluation | null>(
    (best, field) => ((field.slopeBytesPerHour ?? 0) > (best?.slopeBytesPerHour ?? 0) ? field : best),
    null,
  );
  return moved.peak({ of, level }, slope, fastest?.basis.line?.fromT ?? 0) ?? of(levelNow);
}

/** Memory that leads to an OOM kill. Some of it is known only as a share of `slab`, `kernel` or `unevictable`. */
const unreclaimableSum = (fields: Fields): MovingSum => ({
  of: (read) => unreclaimable(read, versionOf(fields)),
  by: [...UNRECLAIMABLE_FIELDS, 'slab', 'kernel', 'unevictable'],
});

function etaTo(room: number, rate: GrowthRate, event: Eta['event']): Eta | null {
  if (!(rate.slope > 0) || !Number.isFinite(room)) return null;
  const seconds = (perHour: number) => Math.max(0, (room / perHour) * HOUR_S);
  return { event, seconds: seconds(rate.slope), low: seconds(rate.high), high: rate.low > 0 ? seconds(rate.low) : null };
}

/** When growth ends: unreclaimable memory at the limit, the heap at -Xmx, page cache where the kernel reclaims it. */
function etasOf(growth: Growth, causes: readonly CauseShare[], limits: Limits): Eta[] {
  const { fields, moved } = growth;
  const etas: Eta[] = [];
  const heap = fields.get('heap_used');
  if (causes.some((cause) => cause.cause === 'heap') && heap !== undefined && typeof limits.heapMax === 'number') {
    const eta = etaTo(limits.heapMax - heap.levelNow, growthRateOf(heap), 'heap-exhausted');
    if (eta !== null) etas.push(eta);
  }
  if (typeof limits.limit === 'number') {
    const { limit } = limits;
    const until = (sum: MovingSum, rate: GrowthRate, event: Eta['event']): Eta | null => {
      const peak = rate.slope > 0 ? peakOf(fields, sum, rate, moved) : null;
      return peak === null ? null : etaTo(limit - peak, rate, event);
    };
    const usage = sumGrowthRate(fields, 'usage');
    const eta = causes.some((cause) => !cause.reclaimable)
      ? until(unreclaimableSum(fields), unreclaimableRate(growth, causes), 'oom-kill')
      : causes.length > 0 && usage !== null
        ? until({ of: (read) => read('usage'), by: ['usage'] }, usage, 'reclaim')
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
  return 0.98 - 0.2 * most - Math.max(0, most - DOUBTFUL_POSTERIOR) - DOUBT_OF_STOP * (1 - standingShare(fields));
}

/** A rise that stands for as long as it took, or longer, has stopped. One that stands for less is less sure to have. */
const DOUBT_OF_STOP = 0.15;

/** For how long what rose has stood, as a share of the time that the rise took, up to 1; 1 where nothing rose. */
function standingShare(fields: Fields): number {
  const shares = (['usage', 'anon', 'heap_used'] as const).map((id) => {
    const { roseSeconds, standsSeconds } = fields.get(id)?.basis.statistics ?? {};
    return roseSeconds === undefined || standsSeconds === undefined ? 1 : standsSeconds / roseSeconds;
  });
  return Math.min(1, ...shares);
}

/** What rose and stands for a short time may have stopped, or not. */
const UNDECIDED_CONFIDENCE = 0.6;

/** All fields of one run of the container, put together. */
export function combineFields(
  fields: Fields,
  derived: DerivedTrends,
  limits: Limits,
  moved: CoMovement,
): Pick<Evaluation, 'trend' | 'leak' | 'confidence' | 'causes' | 'etas' | 'causeBasis'> {
  const growth: Growth = { fields, native: derived.native?.field ?? null, locked: derived.locked, moved };
  const causes = causesOf(growth);
  const bases = causes.map((cause) => causeBasis(cause, fields, limits, derived));
  const any = (trend: Trend) => [...fields.values()].some((field) => field.trend === trend);
  // v1 cannot split kernel memory: whether what grows there can be taken back is not known.
  const reclaimabilityUnknown =
    causes.some(({ cause }) => cause === 'slab') && !fields.has('slab') && !fields.has('slab_reclaimable');
  // anon that grows without a cause is a heap that fills and has hardly been collected: what of it survives is not known yet.
  const heapNotYetCollected = grows(fields, 'anon') && grows(fields, 'usage');
  const liveSetUnknown = fields.get('heap_used')?.liveSetUnknown === true;
  const isUndecided = hasUndecidedRise(fields);
  const isUnknown = reclaimabilityUnknown || heapNotYetCollected || liveSetUnknown || isUndecided;
  const leak = causes.some((cause) => !cause.reclaimable) ? true : isUnknown ? null : false;
  if (causes.length > 0 || grows(fields, 'usage')) {
    const isRelevant = (i: number): boolean => leak !== true || !causes[i]!.reclaimable;
    const confidences = bases.flatMap(({ confidence }, i) => (isRelevant(i) ? [confidence] : []));
    const highestConfidence = confidences.length > 0 ? Math.max(...confidences) : (fields.get('usage')?.posterior ?? 0.5);
    return {
      trend: 'growing',
      leak,
      confidence: Math.min(MAX_CONFIDENCE, Math.max(0.5, highestConfidence)),
      causes,
      etas: etasOf(growth, causes, limits),
      causeBasis: bases,
    };
  }
  const main = fields.get('usage')?.trend ?? fields.get('anon')?.trend ?? (any('stable') ? 'stable' : 'not-enough-data');
  if (isUndecided && main !== 'not-enough-data')
    return { trend: 'settling', leak: null, confidence: UNDECIDED_CONFIDENCE, causes, etas: [], causeBasis: bases };
  return {
    trend: main,
    leak: main === 'not-enough-data' || liveSetUnknown ? null : false,
    confidence: confidenceOfNoGrowth(fields),
    causes,
    etas: [],
    causeBasis: bases,
  };
}
