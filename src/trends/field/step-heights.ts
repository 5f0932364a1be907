import { meanAndError } from '../mean-and-error.ts';
import { median } from '../median.ts';
import { movesOf } from '../moves.ts';

/**
 * A staircase rises by steps whose heights differ, as batches and chunks do. A line through it is as exact as the edges of the steps are; how much
 * rises in the long run is only as exact as the mean of the heights that were seen.
 *
 *            __|      standard error of the mean height, as a share of it:
 *       ____|         deviation of the heights / (mean height x square root of their number)
 *     _|
 */
/** A move is a step if it is this many times the median move. Noise that reaches it falls as often, and then the steps are not the growth. */
const LARGE = 4;
/** The sum of the steps may differ from the growth by this share of it. */
const MAX_OTHER_SHARE = 0.3;
const MIN_STEPS = 4;

/** The relative standard error that uneven steps give to a slope; 0 where the values rise otherwise. `movesIn`: another implementation of `movesOf`. */
export function errorOfStepHeights(y: Float64Array, movesIn: typeof movesOf = movesOf): number {
  const m = y.length;
  const { moves, sizes } = movesIn(y);
  const least = LARGE * median(sizes);
  // A step within a block is in two moves.
  const heights: number[] = [];
  for (let i = 0; i < moves.length; i++) {
    if (!(moves[i]! > least)) continue;
    const next = i + 1 < moves.length && moves[i + 1]! > least ? moves[i + 1]! : 0;
    heights.push(moves[i]! + next);
    if (next > 0) i++;
  }
  const rise = y[m - 1]! - y[0]!;
  const sum = heights.reduce((total, height) => total + height, 0);
  if (heights.length < MIN_STEPS || !(Math.abs(sum - rise) < MAX_OTHER_SHARE * rise)) return 0;
  return meanAndError(heights).error;
}
