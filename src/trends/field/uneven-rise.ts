import { median } from '../median.ts';
import { finiteSince } from './finite-since.ts';

/** How far a field rose from the first to the last third of a window, whatever it did between. */
export interface UnevenRise {
  readonly amount: number;
  /** As a share of the first third. */
  readonly share: number;
}

/** A smaller rise is not worth a word beside the level. */
const MIN_SHARE = 0.15;
/** Each third has risen by this share of the whole: a start that levelled off has its rise in the first one. */
const MIN_STEP_SHARE = 1 / 4;
const THIRDS = 3;
const MIN_VALUES = 9;

/** Since `fromS`; null: it did not rise in both halves of the way, or by little. */
export function unevenRise(t: Float64Array, values: Float64Array, fromS: number): UnevenRise | null {
  const known = finiteSince(t, values, fromS).values;
  if (known.length < MIN_VALUES) return null;
  const at = (third: number): number => Math.floor((third * known.length) / THIRDS);
  const level = (third: number): number => median(known.subarray(at(third), at(third + 1)));
  const [first, middle, last] = [level(0), level(1), level(2)];
  const amount = last - first;
  if (!(amount > 0) || amount < MIN_SHARE * first) return null;
  return Math.min(middle - first, last - middle) >= MIN_STEP_SHARE * amount ? { amount, share: amount / first } : null;
}
