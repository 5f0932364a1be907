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
  const known = values.filter((value, i) => t[i]! >= fromS && Number.isFinite(value));
  if (known.length < MIN_VALUES) return null;
  const median = (third: number): number => {
    const part = known.slice(Math.floor((third * known.length) / THIRDS), Math.floor(((third + 1) * known.length) / THIRDS));
    return part.sort()[part.length >> 1]!;
  };
  const [first, middle, last] = [median(0), median(1), median(2)];
  const amount = last - first;
  if (!(amount > 0) || amount < MIN_SHARE * first) return null;
  return Math.min(middle - first, last - middle) >= MIN_STEP_SHARE * amount ? { amount, share: amount / first } : null;
}
