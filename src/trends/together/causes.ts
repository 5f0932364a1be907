import type { FieldId } from '../../fields.ts';
import { type FieldReader, UNRECLAIMABLE_FIELDS, unreclaimable, versionOf } from '../../memory-facts.ts';
import { DAY_S, HOUR_S } from '../../units.ts';
import type { FieldEvaluation } from '../field/field-trend.ts';
import { type GrowthRate, growthRateOf, sumOfRates } from '../field/growth-rate.ts';
import type { CauseBasis, CauseShare, Eta, Evaluation, Trend } from '../types.ts';
import {
  causeBasis,
  type DerivedTrends,
  type Fields,
  grows,
  type Limits,
  mayBeStartUp,
  nativeWaits,
} from './cause-confidence.ts';
import type { CoMovement, Sum } from './co-movement.ts';
import { fitsWhenFull } from './filling-heap.ts';
import { causesOf, type Growth, kernelOfThreads, otherKernelRate } from './growth-causes.ts';
import { hasUndecidedRise } from './joint-evidence.ts';
import { anonGrowthRate, sumGrowthRate, sumShrinks } from './sum-rates.ts';

/** The growth rate of all unreclaimable memory, from those of its fields that this kernel reports. */
function unreclaimableRate(growth: Growth, causes: readonly CauseShare[]): GrowthRate {
  const { fields, locked } = growth;
  const has = (cause: CauseShare['cause']) => causes.some((share) => share.cause === cause);
  const slab: readonly FieldId[] = fields.has('slab_unreclaimable') ? [] : ['slab'];
  // On cgroup v1, kernel memory is one value. Of its parts only the page tables of the process are known. Sockets have a separate limit.
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
  const ofThreads = has('threads') && versionOf(fields) === 1 ? kernelOfThreads(growth) : null;
  if (ofThreads !== null) parts.push(ofThreads);
  return sumOfRates(parts.map((part) => ({ ...part, low: Math.max(0, part.low) })));
}

/** A sum of fields, with the fields whose growth makes it grow. */
interface MovingSum {
  readonly of: Sum['of'];
  readonly by: readonly FieldId[];
}

/** The current peak of a sum that grows at `rate`, in bytes; null: not known. */
function peakOf(fields: Fields, { of, by }: MovingSum, { slope }: GrowthRate, moved: CoMovement): number | null {
  const levelNow: FieldReader = (id) => {
    const level = fields.get(id)?.levelNow;
    return level !== undefined && Number.isFinite(level) ? level : null;
  };
  // A missing value of a field that does not grow can be replaced by its level.
  const level: FieldReader = (id) => (grows(fields, id) ? null : levelNow(id));
  const growing = by.flatMap((id) => (grows(fields, id) ? [fields.get(id)!] : []));
  const fastest = growing.reduce<FieldEvaluation | null>(
    (best, field) => ((field.slopeBytesPerHour ?? 0) > (best?.slopeBytesPerHour ?? 0) ? field : best),
    null,
  );
  return moved.peak({ of, level }, slope, fastest?.basis.line?.fromT ?? 0) ?? of(levelNow);
}

/** Memory that leads to an OOM kill. Some of it is known only as a part of `slab`, `kernel` or `unevictable`. */
const unreclaimableSum = (fields: Fields): MovingSum => ({
  of: (read) => unreclaimable(read, versionOf(fields)),
  by: [...UNRECLAIMABLE_FIELDS, 'slab', 'kernel', 'unevictable'],
});

/** An end that is at least ten years away is none: growth whose rate is all but 0 has not been seen to go anywhere. */
const FURTHEST_END_S = 3650 * DAY_S;

export function etaTo(room: number, rate: Pick<GrowthRate, 'slope' | 'low' | 'high'>, event: Eta['event']): Eta | null {
  if (!(rate.slope > 0) || !Number.isFinite(room)) return null;
  const seconds = (perHour: number) => Math.max(0, (room / perHour) * HOUR_S);
  if (seconds(rate.high) >= FURTHEST_END_S) return null;
  return { event, seconds: seconds(rate.slope), low: seconds(rate.high), high: rate.low > 0 ? seconds(rate.low) : null };
}

/** When growth ends: unreclaimable memory reaches the limit, the heap reaches -Xmx, or the kernel reclaims page cache. */
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
      if (peak === null) return null;
      const eta = etaTo(limit - peak, rate, event);
      const exhausted = etas.find(({ event: one }) => one === 'heap-exhausted')?.seconds ?? 0;
      const isTooEarly = event === 'oom-kill' && eta !== null && eta.seconds < exhausted;
      return isTooEarly && fitsWhenFull(growth, causes, { ...limits, limit }, peak) ? null : eta;
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

/** Upper bound of every confidence. */
const MAX_CONFIDENCE = 0.99;

/** Above this posterior of growth that is not reported, "nothing grows" is wrong about as often as it is right. */
const DOUBTFUL_POSTERIOR = 0.8;

/**
 * The confidence that nothing harmful grows. It falls as the highest posterior of growth rises. The factors are calibrated: the answer is right
 * as often as its confidence says (docs/accuracy.md, "right at confidence").
 */
function confidenceOfNoGrowth(fields: Fields): number {
  let most = 0;
  for (const id of [...UNRECLAIMABLE_FIELDS, 'heap_used', 'metaspace', 'slab'] as const)
    most = Math.max(most, fields.get(id)?.posterior ?? 0);
  return 0.98 - 0.2 * most - Math.max(0, most - DOUBTFUL_POSTERIOR) - DOUBT_OF_STOP * (1 - standingShare(fields));
}

/** A rise has stopped if the field has been steady for at least as long as the rise took. After a shorter time this is less certain. */
const DOUBT_OF_STOP = 0.15;

/** The time for which a field has been steady after its rise, as a share of the rise's duration, at most 1; 1 if no field rose. */
function standingShare(fields: Fields): number {
  const shares = (['usage', 'anon', 'heap_used'] as const).map((id) => {
    const { roseSeconds, standsSeconds } = fields.get(id)?.basis.statistics ?? {};
    return roseSeconds === undefined || standsSeconds === undefined ? 1 : standsSeconds / roseSeconds;
  });
  return Math.min(1, ...shares);
}

/** If a field rose and has been steady only for a short time, it is not known whether the rise has stopped. */
const UNDECIDED_CONFIDENCE = 0.6;

/** The field that is nearest to all memory, of those that there are: some installs keep the working set alone. */
const wholeMemory = (fields: Fields): 'usage' | 'anon' | 'working_set' =>
  (['usage', 'anon'] as const).find((id) => fields.has(id)) ?? 'working_set';

/**
 * Whether native memory may be the heap of a JVM that touches it for the first time, as straight as a leak, up to -Xmx. So many do that growth must be
 * likelier than not by the series alone, without what is preferred beforehand, where it fits what is not touched yet; elsewhere at least a quarter.
 */
const mayBeUseOfHeap = (fields: Fields, bases: readonly CauseBasis[]): boolean =>
  fields.has('heap_used') &&
  bases.some(
    ({ cause, posterior, cappedBy }) =>
      cause === 'native' && posterior < (cappedBy === 'heap-expansion' ? LIKELIER_THAN_NOT : UNLIKELY),
  );

const LIKELIER_THAN_NOT = 0.5;
const UNLIKELY = 0.25;

/**
 * Whether these causes would take more than a year to fill the limit, so that they matter for their own size alone. In a run that has not seen each
 * hour of a day, such a rise may be load, and there is time to wait.
 */
function fillInYears(causes: readonly CauseShare[], { limit, heapMax }: Limits): boolean {
  if (typeof limit !== 'number') return false;
  const roomOf = (cause: CauseShare['cause']) =>
    cause === 'heap' && typeof heapMax === 'number' ? Math.min(limit, heapMax) : limit;
  const perHour = causes.reduce((sum, { cause, bytesPerHour }) => sum + bytesPerHour / roomOf(cause), 0);
  return perHour * (YEAR_S / HOUR_S) < 1;
}

const YEAR_S = 365 * DAY_S;

/** Combines all fields of one run of `runSeconds` into one answer: trend, leak, confidence, causes and ETAs. */
export function combineFields(
  fields: Fields,
  derived: DerivedTrends,
  limits: Limits,
  moved: CoMovement,
  runSeconds: number,
): Pick<Evaluation, 'trend' | 'leak' | 'confidence' | 'causes' | 'etas' | 'causeBasis'> {
  const growth: Growth = { fields, native: derived.native?.field ?? null, locked: derived.locked, moved };
  const causes = causesOf(growth);
  const etas = etasOf(growth, causes, limits);
  // What the kernel swaps out has met its limit already. How much swap there is left may not be known, so that there is no time to an end.
  const isStartUp = (grewSeconds: number): boolean => !derived.isSwapped && mayBeStartUp(runSeconds, grewSeconds, etas);
  const waiting = nativeWaits(fields, derived, etas);
  const bases = causes.map((cause) => causeBasis(cause, fields, limits, derived, isStartUp, waiting));
  const any = (trend: Trend) => [...fields.values()].some((field) => field.trend === trend);
  // cgroup v1 does not split kernel memory, so it is not known whether the growth there is reclaimable.
  const reclaimabilityUnknown =
    causes.some(({ cause }) => cause === 'slab') && !fields.has('slab') && !fields.has('slab_reclaimable');
  // anon that grows without a cause is a heap with few collections so far. Its live set is not known yet.
  const heapNotYetCollected = grows(fields, 'anon') && grows(fields, 'usage');
  const liveSetUnknown = fields.get('heap_used')?.liveSetUnknown === true;
  const isUndecided = hasUndecidedRise(fields);
  const isUnknown = reclaimabilityUnknown || heapNotYetCollected || liveSetUnknown || isUndecided;
  const whole = wholeMemory(fields);
  // The working set alone does not tell page cache from memory that cannot be reclaimed.
  const isWorkingSetAlone = whole === 'working_set' && grows(fields, 'working_set');
  // What a collection gave back was no leak, and until it has come further than before, it is not known to have become one.
  const isLeak = ({ cause, reclaimable }: CauseShare): boolean =>
    !reclaimable && !(cause === 'native' && (waiting === 'given-back' || mayBeUseOfHeap(fields, bases)));
  const isHeld = causes.some(isLeak) && !(runSeconds < DAY_S && fillInYears(causes.filter(isLeak), limits));
  const isOpen = isUnknown || isWorkingSetAlone || causes.some(({ reclaimable }) => !reclaimable);
  const leak = isHeld ? true : isOpen ? null : false;
  if (causes.length > 0 || grows(fields, 'usage') || isWorkingSetAlone) {
    const isRelevant = (i: number): boolean => leak !== true || !causes[i]!.reclaimable;
    const confidences = bases.flatMap(({ confidence }, i) => (isRelevant(i) ? [confidence] : []));
    const highestConfidence = confidences.length > 0 ? Math.max(...confidences) : (fields.get(whole)?.posterior ?? 0.5);
    return {
      trend: 'growing',
      leak,
      confidence: Math.min(MAX_CONFIDENCE, Math.max(0.5, highestConfidence)),
      causes,
      etas,
      causeBasis: bases,
    };
  }
  const own = fields.get(whole)?.trend ?? (any('stable') ? 'stable' : 'not-enough-data');
  const main = whole !== 'anon' && sumShrinks(fields, whole) ? 'shrinking' : own;
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
