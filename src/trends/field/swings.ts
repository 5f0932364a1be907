import { finiteSince } from './finite-since.ts';

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
  const known = finiteSince(t, values, fromS).values;
  const range = rangeOf(known);
  if (!isWide(range)) return null;
  return swingsWithin(known, range) ?? (fallsThrough(known, range) >= MIN_FALLS ? range : null);
}

const isWide = ({ low, high }: Swings): boolean => high - low > MIN_SHARE * high;

// In `watch` nothing is optimised, and these loops see every row of a window: by index, and with no object for a difference (each number that is
// no integer is one), they take a third of the time.

/** How often it goes from the upper to the lower third. */
function fallsThrough(known: Float64Array, { low, high }: Swings): number {
  const [lower, upper] = [low + THIRD * (high - low), high - THIRD * (high - low)];
  let falls = 0;
  let isUp = false;
  for (let i = 0; i < known.length; i++) {
    const value = known[i]!;
    if (value >= upper) isUp = true;
    else if (isUp && value <= lower) {
      falls++;
      isUp = false;
    }
  }
  return falls;
}

function swingsWithin(known: Float64Array, range: Swings): Swings | null {
  const travel = THIRD * (range.high - range.low);
  let falls = 0;
  let isUp = false;
  let turn = known[0]!;
  let back = turn + travel;
  let firstFall = 0;
  for (let i = 0; i < known.length; i++) {
    const value = known[i]!;
    if (isUp ? value <= back : value >= back) {
      if (isUp && ++falls === 1) firstFall = i;
      isUp = !isUp;
    } else if (isUp ? value <= turn : value >= turn) continue;
    turn = value;
    back = isUp ? turn - travel : turn + travel;
  }
  if (falls < MIN_FALLS_WITHIN) return null;
  const { low } = rangeOf(known.subarray(firstFall));
  const isOfStart = low - range.low > START * (range.high - range.low);
  const levels = { low: isOfStart ? low : range.low, high: range.high };
  return isWide(levels) ? levels : null;
}

function rangeOf(values: Float64Array): Swings {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return { low, high };
}
