/** A field that goes up and comes back again and again: the lowest and the highest level. */
export interface Swings {
  readonly low: number;
  readonly high: number;
}

/** Smaller swings, as a share of the highest level, are noise of collectors and caches. */
const MIN_SHARE = 0.15;
/** It comes back when it goes from the upper to the lower third of the range. */
const THIRD = 1 / 3;
const MIN_FALLS = 2;

/** Since `fromS`; null: it did not come back at least twice, or moved little. */
export function swings(t: Float64Array, values: Float64Array, fromS: number): Swings | null {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const first = t.findIndex((at) => at >= fromS);
  if (first < 0) return null;
  for (let i = first; i < values.length; i++) {
    if (!Number.isFinite(values[i])) continue;
    low = Math.min(low, values[i]!);
    high = Math.max(high, values[i]!);
  }
  const range = high - low;
  if (!(range > MIN_SHARE * high)) return null;
  let [falls, isUp] = [0, false];
  for (let i = first; i < values.length; i++) {
    const place = (values[i]! - low) / range;
    if (place >= 1 - THIRD) isUp = true;
    else if (isUp && place <= THIRD) [falls, isUp] = [falls + 1, false];
  }
  return falls >= MIN_FALLS ? { low, high } : null;
}
