import type { Limit } from '../../sources/types.ts';
import { HOUR_S, MINUTE_S } from '../../units.ts';
import { lowerBound } from '../field/block-means.ts';
import { evaluateField, evaluateFloor, type FieldEvaluation, MANY_COLLECTIONS } from '../field/field-trend.ts';
import { isPracticallySignificant } from '../field/practical-significance.ts';
import type { Window } from '../field/window.ts';
import type { OrderedSeries } from '../normalise.ts';
import { centredSums } from '../straight-line.ts';
import { type LiveSet, liveSetAfterGc } from './live-set.ts';
import { type Survivors, survivorsSince } from './survivors.ts';

/** With only two collections, the rise must be this share of the live set. Its posterior is low unless -Xmx is reached within minutes. */
const TWO_FLOORS_RISE = 0.3;
const LOW_POSTERIOR = 0.75;
const IMMINENT_S = 15 * MINUTE_S;
const HIGH_POSTERIOR = 0.95;
/** Collections in this first share of the window are ignored: the application is still starting, and its live set is not complete. */
const START_UP_SHARE = 0.1;
/** Share of -Xmx above which the heap may be full of live objects, if only its use before collections is known. */
const NEARLY_FULL = 0.85;
/** A rise must be at least this share of the live set. */
const MIN_RISE = 0.02;

/** The trend of the heap: of the live set after GC if the JVM counts full collections, else of the troughs of the sawtooth. */
export function evaluateHeap(series: OrderedSeries, heapUsed: Float64Array, window: Window, heapMax: Limit): FieldEvaluation {
  const floor = liveSetAfterGc(series, window.from, window.to);
  const many = floor.state === 'known' && floor.y.length >= MANY_COLLECTIONS ? trendOfManyFloors(floor, heapUsed, window) : null;
  if (many !== null && many.trend !== 'not-enough-data') return many;
  const plain = evaluateField('heap_used', heapUsed, window);
  if (many !== null || floor.state === 'no-data' || plain.trend === 'not-enough-data') return plain;
  if (floor.state === 'not-collected') {
    const uncollected =
      plain.trend === 'growing'
        ? asStable(plain, 'the old generation has hardly been collected yet: the live set is not known')
        : asOverruled(plain);
    return withSurvivors(uncollected, survivorsSince(series, window, floor.since), window);
  }
  if (floor.state === 'not-reported') {
    const isNearlyFull = typeof heapMax === 'number' && plain.levelNow > NEARLY_FULL * heapMax;
    if (plain.trend !== 'growing' && !isNearlyFull) return plain;
    const reason = 'this collector does not report what is left after a collection: the live set is not known';
    return { ...(plain.trend === 'growing' ? asStable(plain, reason) : withReason(plain, reason)), liveSetUnknown: true };
  }
  const few = riseOfFewFloors(floor, window, heapMax);
  if (few === null)
    return plain.trend === 'growing'
      ? asStable(plain, 'what the old generation keeps after its collections does not rise')
      : asOverruled(plain);
  const { slope, halfInterval: half, collections, levelNow, posterior } = few;
  if (holdsLess(series, heapUsed, window, floor.t[floor.t.length - 1]!, few))
    return asStable(plain, `the heap holds less than it would if the rise of its ${collections} collections went on`);
  // Of the saw-tooth, not of its floor.
  const { rSquared: _, ...statistics } = plain.basis.statistics;
  return {
    ...plain,
    trend: 'growing',
    slopeBytesPerHour: slope * HOUR_S,
    low: (slope - half) * HOUR_S,
    high: (slope + half) * HOUR_S,
    p: 1 - posterior,
    posterior,
    levelNow,
    basis: {
      ...plain.basis,
      statistics: { ...statistics, fullCollections: collections },
      reason: `what the old generation keeps after its ${collections} collections rises`,
    },
  };
}

/** A rise of the live set over two to seven collections, in bytes and seconds. */
interface FewRise {
  readonly slope: number;
  /** Half of its 90 % interval. */
  readonly halfInterval: number;
  readonly collections: number;
  readonly levelNow: number;
  readonly posterior: number;
}

/**
 * Quantiles of Student's t for 1 to 5 degrees of freedom. Beyond the 0.99 quantile a slope through so few points counts as rising; the
 * 0.95 quantile gives its interval. The values are from R 4.3 (qt), because `studentTCdf` is too inexact at so few degrees.
 */
const STUDENT_T_99 = [31.821, 6.965, 4.541, 3.747, 3.365];
const STUDENT_T_95 = [6.314, 2.92, 2.353, 2.132, 2.015];

/**
 * The rise of a live set with few points, by ordinary least squares and Student's t; null: it does not rise. So few points are not enough
 * to estimate a noise model. A leak may begin late, and then no line goes through all of them: the last ones are tested by themselves, and
 * must rise by much.
 */
function riseOfFewFloors(floor: KnownLiveSet, window: Window, heapMax: Limit): FewRise | null {
  const { t, from, to } = window;
  const beginsT = t[from]! + START_UP_SHARE * (t[to - 1]! - t[from]!);
  const first = lowerBound(floor.t, beginsT, 0, floor.t.length);
  const whole = riseSince(floor, first, MIN_RISE, window, heapMax);
  if (whole !== null) return whole;
  for (let k = first + 1; k + 3 <= floor.t.length; k++) {
    const late = riseSince(floor, k, TWO_FLOORS_RISE, window, heapMax);
    if (late !== null) return late;
  }
  return null;
}

function riseSince(floor: KnownLiveSet, first: number, minRise: number, { limit }: Window, heapMax: Limit): FewRise | null {
  const n = floor.t.length - first;
  if (n < 2) return null;
  const end = floor.t.length - 1;
  const [firstT, lastT, last] = [floor.t[first]!, floor.t[end]!, floor.y[end]!];
  const spanS = lastT - firstT;
  const rises = (slope: number): boolean =>
    slope * spanS > minRise * last && isPracticallySignificant(slope, last, limit, spanS, 'bytes');
  if (n > 2) {
    const { meanX, meanY, sxx, sxy, syy } = centredSums(floor.t, floor.y, first);
    const slope = sxy / sxx;
    const error = Math.sqrt(Math.max(0, syy - slope * sxy) / (n - 2) / sxx);
    if (slope > STUDENT_T_99[n - 3]! * error && rises(slope)) {
      const levelNow = meanY + slope * (lastT - meanX);
      return { slope, halfInterval: STUDENT_T_95[n - 3]! * error, collections: n, levelNow, posterior: HIGH_POSTERIOR };
    }
    if (n > 3 || !isSteadyRise(floor, first)) return null;
  }
  const slope = (last - floor.y[first]!) / spanS;
  if (slope * spanS <= TWO_FLOORS_RISE * last || !rises(slope)) return null;
  const imminent = typeof heapMax === 'number' && heapMax - last < slope * IMMINENT_S;
  return {
    slope,
    halfInterval: 0.5 * slope,
    collections: n,
    levelNow: last,
    posterior: imminent ? HIGH_POSTERIOR : LOW_POSTERIOR,
  };
}

/** A smaller rise since the last collection of the old generation says nothing: the next young collection may be to come. */
const MIN_RISE_SINCE = 0.2;
/** Less than this share of the expected rise is no rise. */
const STOPPED_SHARE = 0.5;

/**
 * Whether the heap, with all garbage in it, held less after a young collection than the live set alone would by then: a cache or a pool is full,
 * and its old generation is not collected again. Some collectors renew the heap's figures only at a collection, so only those samples count.
 */
function holdsLess(
  { fields, t }: OrderedSeries,
  heapUsed: Float64Array,
  { from, to }: Window,
  lastT: number,
  { slope, levelNow }: FewRise,
): boolean {
  const counts = fields.get('gc_count');
  if (counts === undefined) return false;
  for (let i = Math.max(from + 1, lowerBound(t, lastT, from, to)); i < to; i++) {
    const rise = slope * (t[i]! - lastT);
    if (rise < MIN_RISE_SINCE * levelNow || !(counts[i]! > counts[i - 1]!)) continue;
    if (heapUsed[i]! < levelNow + STOPPED_SHARE * rise) return true;
  }
  return false;
}

/** A third collection after two that show a large rise is no reason to doubt it, unless the rise has become another. */
const STEADY_RATIO = 0.5;

function isSteadyRise({ t, y }: KnownLiveSet, first: number): boolean {
  const rate = (k: number): number => (y[k + 1]! - y[k]!) / (t[k + 1]! - t[k]!);
  const [one, next] = [rate(first), rate(first + 1)];
  return Math.min(one, next) >= STEADY_RATIO * Math.max(one, next) && Math.min(one, next) > 0;
}

type KnownLiveSet = Extract<LiveSet, { state: 'known' }>;

function trendOfManyFloors({ t, y }: KnownLiveSet, heapUsed: Float64Array, window: Window): FieldEvaluation {
  const evaluated = evaluateFloor('heap_used', { t, values: y }, heapUsed, window);
  const { basis } = evaluated;
  return {
    ...evaluated,
    basis: {
      ...basis,
      statistics: { ...basis.statistics, fullCollections: y.length },
      reason: `${basis.reason}, by what the old generation keeps after its collections`,
    },
  };
}

const withReason = (field: FieldEvaluation, reason: string): FieldEvaluation => ({
  ...field,
  basis: { ...field.basis, reason },
});

/** A heap that fills until it is collected says nothing of its live set, however straight it rises. */
const asOverruled = (field: FieldEvaluation): FieldEvaluation => ({ ...field, overruled: true, undecidedRise: null });

/** So much of what was allocated survives where a heap fills with what is held; of what is allocated and forgotten it is a tenth or less. */
const MOST_SURVIVES = 0.5;
/** What survived, as a share of the heap that was in use at first: less is what a start leaves. */
const MIN_SURVIVED = 0.5;

/** A heap of which most survives its young collections may leak: only a collection of the old generation tells. */
function withSurvivors(field: FieldEvaluation, survivors: Survivors | null, { limit }: Window): FieldEvaluation {
  if (survivors === null || survivors.share < MOST_SURVIVES || survivors.keptBytes < MIN_SURVIVED * field.levelAtStart)
    return field;
  const { keptBytes, share } = survivors;
  const perSecond = keptBytes / field.windowSeconds;
  if (!isPracticallySignificant(perSecond, field.levelNow, limit, field.windowSeconds, 'bytes')) return field;
  const statistics = { ...field.basis.statistics, survivedBytes: keptBytes, survivedShare: Math.min(1, share) };
  return { ...field, liveSetUnknown: true, basis: { ...field.basis, statistics } };
}

const asStable = (field: FieldEvaluation, reason: string): FieldEvaluation => ({
  ...asOverruled(withReason(field, reason)),
  trend: 'stable',
});
