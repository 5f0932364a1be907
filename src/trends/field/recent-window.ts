import { DAY_S, HOUR_S } from '../../units.ts';
import { blockMeans, lowerBound } from './block-means.ts';
import type { FieldEvaluation } from './field-trend.ts';
import type { Window } from './window.ts';

/**
 * Finds a leak that began recently in a long run. Over the whole run it is too short to show as a bend, but it is long enough to be
 * reported.
 *
 *                                  /      the last sixth (or a sixth of that) is evaluated separately if it rose
 *     ~~~~~~~~~~~~~~~~~~~~~~~~~~~~/       by far more than the series did before in the same time
 *
 * The recent rise is compared with all earlier rises of the same length. They include days, nights and cycles.
 */
const RECENT_SHARE = 1 / 6;
const MIN_WINDOW_S = 3 * HOUR_S;
/** Rises are compared at this many steps a part, so that a rise is found wherever it begins. */
const STEPS = 6;
/** Minimum number of earlier rises to compare with. */
const MIN_EARLIER_RISES = 12;
const UNUSUAL_FACTOR = 3;
/** Minimum R squared of the recent part: a step or a bump is not a drift. */
const MIN_R_SQUARED = 0.85;
/** A shorter run may not contain a weekend and the Monday after it, so Monday's load would look like growth. */
const FULL_WEEK_S = 8 * DAY_S;
/** Upper bound of the posterior, because recent growth may still stop. */
const MAX_RECENT_POSTERIOR = 0.9;

/** The evaluation of the whole run, or of its newest part if only that part grows. `evaluateOver` evaluates the field over a window. */
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
      p: Math.max(recent.p ?? 1, 1 - MAX_RECENT_POSTERIOR),
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

/** Whether the rise in the last `lengthS` is several times the largest earlier rise in the same time. */
function roseUnusually(values: Float64Array, run: Window, lengthS: number): boolean {
  const stepS = lengthS / STEPS;
  const spanS = run.t[run.to - 1]! - run.t[run.from]!;
  const blocks = Math.max(1, Math.floor(spanS / stepS));
  // Of most series the newest blocks show already that the last rise is nothing unusual.
  const newest = blockMeans(values, run, blocks, 3 * STEPS).y;
  if (newest.length > STEPS && !isUnusualRise(newest)) return false;
  const { y } = blockMeans(values, run, blocks);
  return y.length - 1 - STEPS - MIN_EARLIER_RISES >= STEPS && isUnusualRise(y);
}

/** Whether the last rise over `STEPS` values is several times the largest before it. */
function isUnusualRise(y: Float64Array): boolean {
  const last = y.length - 1;
  let most = 0;
  for (let i = STEPS; i < y.length - STEPS; i++) most = Math.max(most, y[i]! - y[i - STEPS]!);
  return y[last]! - y[last - STEPS]! > UNUSUAL_FACTOR * most;
}
