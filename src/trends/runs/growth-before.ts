import type { FieldEvaluation } from '../field/field-trend.ts';
import { growthRateOf } from '../field/growth-rate.ts';
import type { Window } from '../field/window.ts';
import { ageOf, type RunOfField, roseToItsEnd, slopeOfNextRun } from './earlier-runs.ts';

/** An earlier run must be so many times as old as the newest, for which the newest is too young to be compared with it. */
const MIN_AGE_RATIO = 3;
const MIN_RUNS = 2;

interface GrowthBefore {
  readonly runs: number;
  readonly bytesPerHour: number;
}

/**
 * By what most of the much longer earlier runs grew to their end; null: they did not, or the newest run shows that it does not grow so. A run of
 * hours after two that leaked for a week each is no evidence that the leak is gone.
 */
export function growthBefore(
  runs: readonly RunOfField[],
  values: Float64Array,
  newest: FieldEvaluation,
  window: Window,
): GrowthBefore | null {
  const longer = runs.filter((run) => ageOf(run.window) >= MIN_AGE_RATIO * ageOf(window));
  if (longer.length < MIN_RUNS) return null;
  const grew = longer.flatMap((run) => {
    const field = run.evaluate();
    const rose = field.trend === 'growing' && (field.slopeBytesPerHour ?? 0) > 0;
    return rose && roseToItsEnd(values, run.window, ageOf(run.window)) ? [growthRateOf(field)] : [];
  });
  if (grew.length < MIN_RUNS || grew.length <= longer.length / 2) return null;
  const expected = slopeOfNextRun(grew);
  const own = growthRateOf(newest);
  const isSlower = own.high > own.low && own.high < expected.low;
  return isSlower ? null : { runs: grew.length, bytesPerHour: expected.slope };
}

/** The evaluation of the newest run, which says what the runs before it grew by. */
export const withGrowthBefore = (field: FieldEvaluation, { runs, bytesPerHour }: GrowthBefore): FieldEvaluation => ({
  ...field,
  basis: {
    ...field.basis,
    statistics: { ...field.basis.statistics, runsThatGrew: runs, slopeOfRuns: bytesPerHour },
  },
});
