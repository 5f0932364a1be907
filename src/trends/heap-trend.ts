import { type FieldJudgement, judgeField, judgeFloor, type Window } from './field-trend.ts';
import { type HeapFloor, heapFloor } from './heap.ts';
import { isMaterial } from './material.ts';
import type { Ordered } from './normalise.ts';

const HOUR = 3600;
/** Collections from which what they leave is judged as any field is. */
const ENOUGH = 8;
/** A rise that is mostly one jump is a step: something was loaded, once. */
const ONE_STEP = 0.75;
/** Between only two collections a rise must be large against what is kept. */
const BETWEEN_TWO = 0.3;

/** The heap by what its collections leave: the JVM's own count of full collections where it is told, else the feet of the saw-tooth. */
export function judgeHeap(series: Ordered, heapUsed: Float64Array, window: Window): FieldJudgement {
  const plain = judgeField('heap_used', heapUsed, window);
  const floor = heapFloor(series, window.from, window.to);
  if (floor.state === 'unknown' || plain.trend === 'not-enough-data') return plain;
  if (floor.state === 'untold')
    return plain.trend === 'growing'
      ? calmed(plain, 'the old generation has hardly been collected yet: what survives cannot be told')
      : plain;
  if (floor.y.length >= ENOUGH) return ofMany(floor, plain, window);
  const { t, y } = floor;
  const last = y.length - 1;
  const spanS = t[last]! - t[0]!;
  const rise = y[last]! - y[0]!;
  const slope = rise / spanS;
  let falls = 0;
  let jump = 0;
  for (let i = 1; i <= last; i++) {
    if (y[i]! < y[i - 1]! - 0.1 * Math.abs(rise)) falls++;
    jump = Math.max(jump, y[i]! - y[i - 1]!);
  }
  const lately = last < 2 || y[last]! > y[last >> 1]! + 0.25 * rise;
  const rises =
    rise > 0.02 * y[last]! &&
    lately &&
    falls <= 0.2 * last &&
    (last === 1 ? rise > BETWEEN_TWO * y[last]! : jump <= ONE_STEP * rise) &&
    isMaterial(slope, y[last]!, window.limit, spanS, 'bytes');
  if (!rises)
    return plain.trend === 'growing' ? calmed(plain, 'what the old generation keeps after its collections does not rise') : plain;
  // Between few collections only their span tells: half of it either way.
  return {
    ...plain,
    trend: 'growing',
    slopeBytesPerHour: slope * HOUR,
    low: 0.5 * slope * HOUR,
    high: 1.5 * slope * HOUR,
    certainty: Math.max(plain.certainty, 0.97),
    levelNow: y[last]!,
    basis: {
      ...plain.basis,
      tests: { ...plain.basis.tests, fullCollections: y.length, floorRise: rise },
      because: `what the old generation keeps after its ${y.length} collections rises`,
    },
  };
}

type Told = Extract<HeapFloor, { state: 'told' }>;

function ofMany({ t, y }: Told, plain: FieldJudgement, window: Window): FieldJudgement {
  const judged = judgeFloor('heap_used', { t, values: y }, window);
  if (judged.trend === 'not-enough-data') return plain;
  const { basis } = judged;
  return {
    ...judged,
    points: plain.points,
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
