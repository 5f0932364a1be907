import { blockMeans, firstAt } from './block-means.ts';
import type { FieldJudgement, Window } from './field-trend.ts';

/**
 * A leak that began lately, in a long life: too short a part of it to show as a bend, and long enough to be told.
 *
 *                                  /      the last sixth (or sixth of a sixth) judged on its own, where it rose
 *     ~~~~~~~~~~~~~~~~~~~~~~~~~~~~/       by far more than the series ever did in that time before
 *
 * What it did before at that length, days and nights and swings included, is what the rise is held against.
 */
const PART = 1 / 6;
const SHORTEST_S = 3 * 3600;
/** Steps of a part, so that its rises are seen wherever they begin. */
const STEPS = 6;
/** Rises of the same length that must be known from before. */
const FEWEST_BEFORE = 12;
const BEYOND = 3;
/** How straight it must be: a step or a bump is no drift. */
const STRAIGHT = 0.85;
/** Before it has seen a weekend and what comes after, the load of a Monday is new to it. */
const WEEK_S = 8 * 86_400;
/** What began lately may yet stop: never surer than this. */
const CERTAIN_LATELY = 0.9;

/** The life's judgement, or that of its newest part where that alone grows. `one` judges the field over a window. */
export function orLately(
  whole: FieldJudgement,
  values: Float64Array,
  life: Window,
  one: (window: Window) => FieldJudgement,
): FieldJudgement {
  if (whole.trend === 'growing') return whole;
  const endT = life.t[life.to - 1]!;
  for (let lengthS = PART * whole.windowSeconds; lengthS >= SHORTEST_S; lengthS *= PART) {
    if (!roseBeyond(values, life, lengthS)) continue;
    const from = firstAt(life.t, endT - lengthS, life.from, life.to);
    const lately = one({ ...life, from });
    if (lately.trend !== 'growing' || (lately.basis.tests.straight ?? 0) < STRAIGHT) continue;
    return {
      ...lately,
      certainty: Math.min(lately.certainty, CERTAIN_LATELY),
      known: whole.windowSeconds >= WEEK_S,
      basis: {
        ...lately.basis,
        segments: [life.t[life.from]!, ...lately.basis.segments],
        because: 'since lately it rises by far more than it ever did in that time before',
      },
    };
  }
  return whole;
}

/** Whether it rose in the last `lengthS` by several times the most that it ever rose in such a time before. */
function roseBeyond(values: Float64Array, { t, from, to, intervalS }: Window, lengthS: number): boolean {
  const stepS = lengthS / STEPS;
  const spanS = t[to - 1]! - t[from]!;
  const { y } = blockMeans(t, values, from, to, intervalS, Math.max(1, Math.floor(spanS / stepS)));
  const last = y.length - 1;
  if (last - STEPS - FEWEST_BEFORE < STEPS) return false;
  const before = y.subarray(0, y.length - STEPS);
  let most = 0;
  for (let i = STEPS; i < before.length; i++) most = Math.max(most, before[i]! - before[i - STEPS]!);
  return y[last]! - y[last - STEPS]! > BEYOND * most;
}
