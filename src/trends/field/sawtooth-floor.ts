import { withoutLine } from '../straight-line.ts';

/**
 * The floor of a sawtooth. Right after a collection, the heap holds little more than live objects.
 *
 *     /|  /|  /|
 *    / | / | / |   the floor is the trough after each fall; if some falls are far deeper, only their troughs
 *   /  |/  |/
 */
export interface SawtoothFloor {
  readonly t: Float64Array;
  readonly values: Float64Array;
  /** Number of collections, which is the number of troughs. */
  readonly cycles: number;
}

const quantile = (sorted: Float64Array, share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))]!;

/** The amplitude is computed from about this many values. */
const MAX_POINTS = 2000;

/** Range of the middle 94 % of the values around a straight line. The line is subtracted so that a steep drift does not count. */
function amplitude(t: Float64Array, values: Float64Array, lessLine: typeof withoutLine): number {
  const stride = Math.max(1, Math.floor(values.length / MAX_POINTS)) | 1; // odd, so that it is not a multiple of even cycles
  const y = lessLine(t, values, stride).sort();
  return quantile(y, 0.97) - quantile(y, 0.03);
}

const MIN_POINTS = 8;
/** Troughs of the troughs: with fewer of them, or fewer troughs to each, they may be noise. */
const [MIN_DEEP, TROUGHS_OF_DEEP] = [3, 3];

/** Troughs after falls of at least `share` of the amplitude `range`; null: the series is not a sawtooth. */
function troughs(t: Float64Array, values: Float64Array, share: number, range: number): SawtoothFloor | null {
  const n = values.length;
  if (!(range > 0.02 * Math.abs(values[n >> 1]!))) return null;
  const troughTimes: number[] = [];
  const troughValues: number[] = [];
  let peak = values[0]!;
  let low = Number.POSITIVE_INFINITY;
  let lowAt = 0;
  let falling = false;
  const [fall, rise] = [share * range, share * range * 0.5];
  for (let i = 1; i < n; i++) {
    const value = values[i]!;
    if (!falling) {
      if (value > peak) peak = value;
      else if (peak - value >= fall) {
        falling = true;
        low = value;
        lowAt = i;
      }
    } else if (value < low) {
      low = value;
      lowAt = i;
    } else if (value - low >= rise) {
      troughTimes.push(t[lowAt]!);
      troughValues.push(low);
      falling = false;
      peak = value;
    }
  }
  if (falling) {
    troughTimes.push(t[lowAt]!);
    troughValues.push(low);
  }
  return { t: Float64Array.from(troughTimes), values: Float64Array.from(troughValues), cycles: troughValues.length };
}

/**
 * The floor of a series. If the troughs form a sawtooth themselves, it is their troughs: a sample taken late after a collection is too high. `lessLine`:
 * another implementation of `withoutLine`.
 */
export function sawtoothFloor(
  t: Float64Array,
  values: Float64Array,
  lessLine: typeof withoutLine = withoutLine,
): SawtoothFloor | null {
  if (values.length < MIN_POINTS) return null;
  const swing = amplitude(t, values, lessLine);
  const first = troughs(t, values, 0.3, swing);
  if (first === null || first.values.length < MIN_POINTS) return first;
  const troughAmplitude = amplitude(first.t, first.values, lessLine);
  const again = troughs(first.t, first.values, 0.5, troughAmplitude);
  const isSawtooth = again !== null && again.cycles >= MIN_DEEP && first.cycles >= TROUGHS_OF_DEEP * again.cycles;
  return isSawtooth && troughAmplitude > 0.25 * swing ? again : first;
}
