import { median } from '../median.ts';
import { deepestFall } from '../moves.ts';
import { centredSums } from '../straight-line.ts';

/**
 * How far a field rose within its window without going back, and for how long it has stood since. No model is needed for that, so it holds
 * whatever shape wins: one dip or plateau at the end makes a rise that stopped likelier than a line, and says little about what comes next.
 *
 *                     ______      stands
 *              ______/            rose: the time between a tenth and nine tenths of the rise, extended to all of it
 *     ________/
 */
export interface LastingRise {
  /** In the field's unit. */
  readonly amount: number;
  /** The amount as a share of the level at the beginning. */
  readonly share: number;
  readonly roseSeconds: number;
  readonly standsSeconds: number;
  /** The longest time for which it hardly rose, twice or more, before it rose again: the pause between bursts. 0: there is none. */
  readonly pauseSeconds: number;
  /** Least-squares slope over the whole window, in the field's unit a second, and how much of all movement it explains. */
  readonly slopePerSecond: number;
  readonly rSquared: number;
  readonly levelNow: number;
}

/** A smaller rise is not worth a word beside the level. */
const MIN_SHARE = 0.15;
/** Of its rise it may fall so much and still have risen: allocators and collectors give some back. */
const MAX_FALL_BACK = 0.25;
/** Blocks that are joined at each end to know the level there. */
const END_BLOCKS = 3;
const MIN_BLOCKS = 8;
/** Standing still for a shorter share of the time that the rise took says nothing about whether it has stopped. */
const MIN_STAND_SHARE = 1 / 4;
/** So does a stand that is hardly longer than the pauses after which it rose again. */
const MIN_STAND_PAUSES = 1.5;
/** A smaller share of the whole rise does not end a pause. */
const STEP_SHARE = 0.05;
/** As straight as a staircase of four even levels and more: k levels have 1 - 1 / k^2. */
const EVEN_R_SQUARED = 0.9;

/** null: it did not rise by much, or went back. `timesS` and `y`: block means of the window, seconds since it began. */
export function lastingRise(timesS: Float64Array, y: Float64Array, windowS: number): LastingRise | null {
  const m = y.length;
  if (m < MIN_BLOCKS) return null;
  const [first, last] = [median(y.subarray(0, END_BLOCKS)), median(y.subarray(m - END_BLOCKS))];
  const amount = last - first;
  if (!(amount > 0) || amount < MIN_SHARE * Math.abs(first)) return null;
  const smooth = medians(y);
  if (deepestFall(smooth) > MAX_FALL_BACK * amount) return null;
  // The last value but one is the median of the last three, so each share is reached.
  const reachedS = (share: number): number => timesS[smooth.findIndex((value) => value >= first + share * amount)]!;
  const tenth = reachedS(0.1);
  const roseSeconds = (reachedS(0.9) - tenth) / 0.8;
  // The last of a few steps reaches all of it at once.
  const endsS = Math.min(reachedS(0.99), tenth + 0.9 * roseSeconds);
  const { sxx, sxy, syy } = centredSums(timesS, y, 0);
  return {
    amount,
    share: amount / Math.abs(first),
    roseSeconds,
    standsSeconds: windowS - endsS,
    pauseSeconds: pauseThatCameBack(timesS, smooth, first, STEP_SHARE * amount),
    slopePerSecond: sxy / sxx,
    rSquared: (sxy * sxy) / (sxx * syy),
    levelNow: last,
  };
}

/** Whether it has stood for too short a time to know whether it has stopped. */
export const isTooShortToKnow = ({ roseSeconds, standsSeconds, pauseSeconds }: LastingRise): boolean =>
  standsSeconds < Math.max(MIN_STAND_SHARE * roseSeconds, MIN_STAND_PAUSES * pauseSeconds);

/** Whether it rose all along the window, in small steps or without any. */
export const isEven = ({ rSquared }: LastingRise): boolean => rSquared >= EVEN_R_SQUARED;

/**
 * Between two times at which it was higher than ever before by `step` or more. The longest pause but one, because a rhythm is known when it comes
 * back: after two steps, which have one pause, nothing is.
 */
function pauseThatCameBack(timesS: Float64Array, smooth: Float64Array, from: number, step: number): number {
  let [level, atS, longest, second] = [from, Number.NaN, 0, 0];
  for (let i = 0; i < smooth.length; i++) {
    if (smooth[i]! < level + step) continue;
    const pause = Number.isFinite(atS) ? timesS[i]! - atS : 0;
    [longest, second] = pause > longest ? [pause, longest] : [longest, Math.max(second, pause)];
    [level, atS] = [smooth[i]!, timesS[i]!];
  }
  return second;
}

/** Of three neighbours each: a single spike is no level. */
function medians(y: Float64Array): Float64Array {
  const smooth = y.slice();
  for (let i = 1; i < y.length - 1; i++) {
    const [before, value, after] = [y[i - 1]!, y[i]!, y[i + 1]!];
    smooth[i] = Math.max(Math.min(before, value), Math.min(Math.max(before, value), after));
  }
  return smooth;
}
