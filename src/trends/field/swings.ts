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
/** Over a start far below, or a spike far above, all that follows it also comes back when it falls by a third of the range and goes up again, so often. */
const MIN_FALLS_WITHIN = 3;
/** A start that lies lower than all that follows by this share of the range is no level that it comes back to. */
const START = 1 / 5;

/** Since `fromS`; null: it did not come back often enough, or moved little. */
export function swings(t: Float64Array, values: Float64Array, fromS: number): Swings | null {
  const known = values.filter((value, i) => Number.isFinite(value) && t[i]! >= fromS);
  const range = rangeOf(known);
  if (!isWide(range)) return null;
  return swingsWithin(known, range) ?? (fallsThrough(known, range) >= MIN_FALLS ? range : null);
}

const isWide = ({ low, high }: Swings): boolean => high - low > MIN_SHARE * high;

/** How often it goes from the upper to the lower third. */
function fallsThrough(known: Float64Array, { low, high }: Swings): number {
  let [falls, isUp] = [0, false];
  for (const value of known) {
    const place = (value - low) / (high - low);
    if (place >= 1 - THIRD) isUp = true;
    else if (isUp && place <= THIRD) [falls, isUp] = [falls + 1, false];
  }
  return falls;
}

function swingsWithin(known: Float64Array, range: Swings): Swings | null {
  const travel = THIRD * (range.high - range.low);
  let [falls, isUp, turn, firstFall] = [0, false, known[0]!, 0];
  for (const [i, value] of known.entries()) {
    const goesOn = isUp ? value > turn : value < turn;
    if (goesOn) turn = value;
    if (Math.abs(value - turn) < travel) continue;
    if (isUp && ++falls === 1) firstFall = i;
    [isUp, turn] = [!isUp, value];
  }
  if (falls < MIN_FALLS_WITHIN) return null;
  const { low } = rangeOf(known.subarray(firstFall));
  const isOfStart = low - range.low > START * (range.high - range.low);
  const levels = { low: isOfStart ? low : range.low, high: range.high };
  return isWide(levels) ? levels : null;
}

function rangeOf(values: Float64Array): Swings {
  // A recording may have more values than a call may have arguments.
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) [low, high] = [Math.min(low, value), Math.max(high, value)];
  return { low, high };
}
