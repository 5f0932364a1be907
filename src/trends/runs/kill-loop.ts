import type { FieldEvaluation } from '../field/field-trend.ts';
import { ageOf, growsLikeEarlierRuns, type RunOfField, roseToItsEnd } from './earlier-runs.ts';

/** One more than where the newest run is old enough to be compared with them. */
const MIN_RUNS = 3;

/**
 * A field of a run that is too young to be evaluated, where each of the runs before it grew until memory was full: an OOM loop, in which no run may
 * become old enough. null: not all of them did.
 */
export function killLoop(runs: readonly RunOfField[], values: Float64Array, young: FieldEvaluation): FieldEvaluation | null {
  if (runs.length < MIN_RUNS || !Number.isFinite(young.levelNow) || runs.some(({ oomKilled }) => oomKilled === 'no')) return null;
  const grew = runs.flatMap((run) => {
    const field = run.evaluate();
    const isRise = (field.slopeBytesPerHour ?? 0) > 0;
    return isRise && (field.trend === 'growing' || roseToItsEnd(values, run.window, ageOf(run.window))) ? [field] : [];
  });
  return grew.length === runs.length
    ? growsLikeEarlierRuns(
        grew,
        young,
        runs.every(({ oomKilled }) => oomKilled === 'recorded'),
      )
    : null;
}
