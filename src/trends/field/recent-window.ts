import { DAY_S, HOUR_S } from '../../units.ts';
import { blockMeans, lowerBound } from './block-means.ts';
import type { FieldEvaluation } from './field-trend.ts';
import type { Window } from './window.ts';

/**
 * A leak that began recently in a long run: too short a part of it to show as a bend, and long enough to be reported.
 *
 *                                  /      the last sixth (or sixth of a sixth) evaluated by itself, where it rose
 *     ~~~~~~~~~~~~~~~~~~~~~~~~~~~~/       by far more than the series ever did in that time before
 *
 * What it did before at that length, days and nights and swings included, is what the rise is held against.
 */
const RECENT_SHARE = 1 / 6;
const MIN_WINDOW_S = 3 * HOUR_S;
/** Steps of a part, so that its rises are seen wherever they begin. */
const STEPS = 6;
/** Rises of the same length that must be known from before. */
const MIN_EARLIER_RISES = 12;
const UNUSUAL_FACTOR = 3;
/** How straight it must be: a step or a bump is no drift. */
const MIN_R_SQUARED = 0.85;
/** Before it has seen a weekend and what comes after, the load of a Monday is new to it. */
const FULL_WEEK_S = 8 * DAY_S;
/** What began lately may yet stop: never surer than this. */
const MAX_RECENT_POSTERIOR = 0.9;

/** The evaluation of the whole run, or of its newest part where only that part grows. `evaluateOver` evaluates the field over a window. */
export function preferRecentGrowth(
  whole: FieldEvaluation,
  values: Float64Array,
  run: Window,
  evaluateOver: (window: Window) => FieldEvaluation,
): FieldEvaluation {
  if (whole.trend === 'growing') return whole;
  const endT = run.t[run.to - 1]!;
  for (let lengthS = RECENT_SHARE * whole.windowSeconds; lengthS >= MIN_WINDOW_S; lengthS *= RECENT_SHARE) {
    if (!roseUnusually(values, run, lengthS)) continue;
    const from = lowerBound(run.t, endT - lengthS, run.from, run.to);
    const recent = evaluateOver({ ...run, from });
    if (recent.trend !== 'growing' || (recent.basis.statistics.rSquared ?? 0) < MIN_R_SQUARED) continue;
    return {
      ...recent,
      posterior: Math.min(recent.posterior, MAX_RECENT_POSTERIOR),
      dailyLoadExcluded: whole.windowSeconds >= FULL_WEEK_S,
      basis: {
        ...recent.basis,
        segments: [run.t[run.from]!, ...recent.basis.segments],
        reason: 'since lately it rises by far more than it ever did in that time before',
      },
    };
  }
  return whole;
}

/** Whether it rose in the last `lengthS` by several times the most that it ever rose in such a time before. */
function roseUnusually(values: Float64Array, run: Window, lengthS: number): boolean {
  const stepS = lengthS / STEPS;
  const spanS = run.t[run.to - 1]! - run.t[run.from]!;
  const { y } = blockMeans(values, run, Math.max(1, Math.floor(spanS / stepS)));
  const last = y.length - 1;
  if (last - STEPS - MIN_EARLIER_RISES < STEPS) return false;
  const before = y.subarray(0, y.length - STEPS);
  let most = 0;
  for (let i = STEPS; i < before.length; i++) most = Math.max(most, before[i]! - before[i - STEPS]!);
  return y[last]! - y[last - STEPS]! > UNUSUAL_FACTOR * most;
}
