import type { Limit } from '../../sources/types.ts';
import { firstAt } from '../field/block-means.ts';
import { type FieldJudgement, judgeField, judgeFloor, type Window } from '../field/field-trend.ts';
import { centredSums } from '../field/least-squares.ts';
import { isMaterial } from '../field/practical-significance.ts';
import type { Ordered } from '../normalise.ts';
import { type HeapFloor, heapFloor } from './live-set.ts';

const HOUR = 3600;
/** Collections from which what they leave is judged as any field is. */
const ENOUGH = 8;
/** Between only two collections a rise must be large against what is kept, and wakes nobody unless -Xmx is met in minutes. */
const BETWEEN_TWO = 0.3;
const HARDLY_SURE = 0.75;
const SOON_S = 900;
const SURE = 0.95;
/** Collections in this first share of the window are those of a start, which leaves much to come. */
const OF_THE_START = 0.1;
/** A rise must be this share of what is kept. */
const LEAST_RISE = 0.02;

/** The heap by what its collections leave: the JVM's own count of full collections where it is told, else the feet of the saw-tooth. */
export function judgeHeap(series: Ordered, heapUsed: Float64Array, window: Window, heapMax: Limit): FieldJudgement {
  const floor = heapFloor(series, window.from, window.to);
  const many = floor.state === 'told' && floor.y.length >= ENOUGH ? ofMany(floor, heapUsed, window) : null;
  if (many !== null && many.trend !== 'not-enough-data') return many;
  const plain = judgeField('heap_used', heapUsed, window);
  if (many !== null || floor.state === 'unknown' || plain.trend === 'not-enough-data') return plain;
  if (floor.state === 'untold')
    return plain.trend === 'growing'
      ? calmed(plain, 'the old generation has hardly been collected yet: what survives cannot be told')
      : plain;
  if (floor.state === 'never told')
    return plain.trend === 'growing'
      ? calmed(plain, 'this collector does not tell what it leaves: what survives is not known')
      : plain;
  const few = ofFew(floor, window, heapMax);
  if (few === null)
    return plain.trend === 'growing' ? calmed(plain, 'what the old generation keeps after its collections does not rise') : plain;
  const { slope, half, collections, levelNow, certainty } = few;
  return {
    ...plain,
    trend: 'growing',
    slopeBytesPerHour: slope * HOUR,
    low: (slope - half) * HOUR,
    high: (slope + half) * HOUR,
    p: 1 - certainty,
    certainty,
    levelNow,
    basis: {
      ...plain.basis,
      tests: { ...plain.basis.tests, fullCollections: collections },
      because: `what the old generation keeps after its ${collections} collections rises`,
    },
  };
}

/** A rise of the floor between two to seven collections. Bytes and seconds. */
interface FewRise {
  readonly slope: number;
  /** Half of its 90 % interval. */
  readonly half: number;
  readonly collections: number;
  readonly levelNow: number;
  readonly certainty: number;
}

/**
 * Quantiles of Student's t for 1 to 5 degrees of freedom: 0.99, beyond which the slope through so few floors counts as rising, and 0.95
 * for its interval (R 4.3: qt; `studentBelow` is too rough at so few).
 */
const RISES = [31.821, 6.965, 4.541, 3.747, 3.365];
const INTERVAL = [6.314, 2.92, 2.353, 2.132, 2.015];

/** Whether few floors rise: by least squares and Student's t, for of so few no noise can be told; null: they do not. */
function ofFew(floor: Told, { t, from, to, limit }: Window, heapMax: Limit): FewRise | null {
  const beginsT = t[from]! + OF_THE_START * (t[to - 1]! - t[from]!);
  const first = firstAt(floor.t, beginsT, 0, floor.t.length);
  const n = floor.t.length - first;
  if (n < 2) return null;
  const end = floor.t.length - 1;
  const [firstT, lastT, last] = [floor.t[first]!, floor.t[end]!, floor.y[end]!];
  const spanS = lastT - firstT;
  const rises = (slope: number): boolean => slope * spanS > LEAST_RISE * last && isMaterial(slope, last, limit, spanS, 'bytes');
  if (n === 2) {
    const slope = (last - floor.y[first]!) / spanS;
    if (slope * spanS <= BETWEEN_TWO * last || !rises(slope)) return null;
    const soon = typeof heapMax === 'number' && heapMax - last < slope * SOON_S;
    return { slope, half: 0.5 * slope, collections: n, levelNow: last, certainty: soon ? SURE : HARDLY_SURE };
  }
  const { meanX, meanY, sxx, sxy, syy } = centredSums(floor.t, floor.y, first);
  const slope = sxy / sxx;
  const error = Math.sqrt(Math.max(0, syy - slope * sxy) / (n - 2) / sxx);
  if (slope <= RISES[n - 3]! * error || !rises(slope)) return null;
  const levelNow = meanY + slope * (lastT - meanX);
  return { slope, half: INTERVAL[n - 3]! * error, collections: n, levelNow, certainty: SURE };
}

type Told = Extract<HeapFloor, { state: 'told' }>;

function ofMany({ t, y }: Told, heapUsed: Float64Array, window: Window): FieldJudgement {
  const judged = judgeFloor('heap_used', { t, values: y }, heapUsed, window);
  const { basis } = judged;
  return {
    ...judged,
    basis: {
      ...basis,
      tests: { ...basis.tests, fullCollections: y.length },
      because: `${basis.because}, judged by what the old generation keeps after its collections`,
    },
  };
}

const calmed = (field: FieldJudgement, because: string): FieldJudgement => ({
  ...field,
  trend: 'stable',
  basis: { ...field.basis, because },
});
