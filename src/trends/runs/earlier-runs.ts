import type { Series } from '../../history/series.ts';
import { unreclaimable, versionOf } from '../../memory-facts.ts';
import { HOUR_S } from '../../units.ts';
import { lowerBound } from '../field/block-means.ts';
import type { FieldEvaluation } from '../field/field-trend.ts';
import { type GrowthRate, growthRateOf, standardError, Z90 } from '../field/growth-rate.ts';
import type { Window } from '../field/window.ts';
import type { OrderedSeries } from '../normalise.ts';

/**
 * Compares the newest run of a container with its earlier runs, because the newest may be too short for an answer.
 *
 *      /|   /|   /|  /        it follows runs that grew until they were killed: a leak
 *     / |  / |  / | /
 *
 *      ,---|  ,----|  ,       it follows runs that rose like this and then stopped: a warm-up
 *     /    | /     | /
 *
 * A run follows an earlier one if it has about the same level at the same age.
 */
export interface Run {
  readonly window: Window;
  /** How it ended: in a recorded OOM kill; with unreclaimable memory near the limit ('likely'); or otherwise. */
  readonly oomKilled: HowKilled;
}

type HowKilled = 'recorded' | 'likely' | 'no';

/** A run, and a function that evaluates one field over its whole length. It is called only if the run is similar to the newest. */
export interface RunOfField extends Run {
  readonly evaluate: () => FieldEvaluation;
}

/** Number of earlier runs to compare, the newest of those that are long enough. Short runs of a crash loop do not use up this number. */
const MAX_RUNS = 4;
const MIN_SAMPLES = 30;
/** The kernel may count an OOM kill this many seconds before or after the restart that it causes. */
const KILL_NEAR_S = 120;

/** The runs before the newest that are long enough to compare, oldest first. */
export function earlierRuns(
  { limitBytes }: Series,
  { t, fields, oomKills: kills }: OrderedSeries,
  starts: readonly number[],
  newest: Window,
): Run[] {
  return starts
    .slice(0, -1)
    .flatMap((from, k): Run[] => {
      const to = starts[k + 1]!;
      if (to - from < MIN_SAMPLES || t[to - 1]! - t[from]! < MIN_AGE_RATIO_WHEN_KILLED * ageOf(newest)) return [];
      const restartT = t[to]!;
      const toleranceS = KILL_NEAR_S + 2 * newest.intervalS;
      const recorded = kills.some((index) => Math.abs(t[index]! - restartT) <= toleranceS);
      const howKilled = (): HowKilled => {
        const bytes = unreclaimable((field) => lastKnown(fields.get(field), to), versionOf(fields));
        const share = typeof limitBytes === 'number' ? (bytes ?? 0) / limitBytes : null;
        return recorded && (share ?? 1) > CHILD_KILL_SHARE ? 'recorded' : (share ?? 0) > AT_LIMIT_SHARE ? 'likely' : 'no';
      };
      let known: HowKilled | null = null;
      return [
        {
          window: { ...newest, from, to },
          // A history decodes columns for it, which a run that is too young to be compared does not need.
          get oomKilled() {
            known ??= howKilled();
            return known;
          },
        },
      ];
    })
    .slice(-MAX_RUNS);
}

/** The value of the last sample before index `to`; null: it is not known. */
const lastKnown = (values: Float64Array | undefined, to: number): number | null => {
  const value = values?.[to - 1];
  return value !== undefined && Number.isFinite(value) ? value : null;
};

/** If unreclaimable memory is above this share of the limit when a run ends, an OOM kill is likely, even if none was recorded. */
const AT_LIMIT_SHARE = 0.95;
/** The kernel counts a kill of any process in the container. Below this share of the limit, a child process with a limit was killed. */
const CHILD_KILL_SHARE = 0.5;

/** Number of earlier runs that must agree before they change the evaluation of the newest. */
const MIN_AGREEING_RUNS = 2;
/** Two runs are compared at this many ages. */
const AGES = 8;
/** Maximum difference of their levels, as a share of the change of the earlier run over its whole length. */
const MAX_DISTANCE = 0.2;
/** An earlier run must be this many times as old as the newest, to show what comes next. A killed run shows it at about the same age. */
const MIN_AGE_RATIO = 1.5;
const MIN_AGE_RATIO_WHEN_KILLED = 0.9;
/** Posterior from other runs: if all kills were recorded, and if some are only likely. The second is below the threshold of the alarm. */
const POSTERIOR_BY_KILLED_RUNS = 0.95;
const POSTERIOR_BY_LIKELY_KILLED_RUNS = 0.75;
/** If an earlier run began to grow later than this share of the newest run's age, the newest cannot show that growth yet. */
const MAX_GROWTH_START = 0.5;

export const ageOf = ({ t, from, to }: Window): number => (t[to - 1] ?? 0) - (t[from] ?? 0);

/** Mean of the known values within a tenth of `span` (seconds) around an age; NaN: there are none. */
function levelAt(values: Float64Array, { t, from, to, shared }: Window, age: number, span: number): number {
  const first = lowerBound(t, t[from]! + age - span / 10, from, to);
  let [end, beyond] = [first, to];
  while (end < beyond) {
    const middle = (end + beyond) >> 1;
    if (t[middle]! - t[from]! - age > span / 10) beyond = middle;
    else end = middle + 1;
  }
  return shared.arithmetic.meanOfKnown(values.subarray(first, end));
}

/**
 * Whether the newest run has the same levels as the earlier one at the same ages, in the last two thirds of its age, and has risen about
 * as much.
 */
function followsRun(values: Float64Array, newest: Window, earlier: Window): boolean {
  const age = ageOf(newest);
  const end = ageOf(earlier);
  const now: number[] = [];
  const then: number[] = [];
  for (let k = 0; k < AGES; k++) {
    const at = age * (0.3 + (0.65 * k) / (AGES - 1));
    const [a, b] = [levelAt(values, newest, at, age), levelAt(values, earlier, at, age)];
    if (!Number.isFinite(a) || !Number.isFinite(b)) continue;
    now.push(a);
    then.push(b);
  }
  if (now.length < AGES / 2) return false;
  const apart = Math.sqrt(now.reduce((sum, level, k) => sum + (level - then[k]!) ** 2, 0) / now.length);
  const share = riseOf(now) / riseOf(then);
  if (!(share > 0.5 && share < 2)) return false;
  const moved = Math.abs(levelAt(values, earlier, 0.95 * end, end) - levelAt(values, earlier, 0.05 * end, end / 2));
  const atEnd = Math.abs(now[now.length - 1]! - then[then.length - 1]!);
  return Math.max(apart, atEnd) <= MAX_DISTANCE * moved;
}

/**
 * Whether a run rose to its end: in its last third by more of all that it moved than two runs at the same level may differ, and before `age` at half
 * of that speed or faster.
 */
export function roseToItsEnd(values: Float64Array, run: Window, age: number): boolean {
  const end = ageOf(run);
  const risePerSecond = (from: number, to: number, span: number): number =>
    (levelAt(values, run, to, span) - levelAt(values, run, from, span)) / (to - from);
  const moved = 0.9 * end * risePerSecond(0.05 * end, 0.95 * end, end / 2);
  const late = risePerSecond(0.6 * end, 0.95 * end, end / 2);
  return moved > 0 && 0.35 * end * late > MAX_DISTANCE * moved && risePerSecond(0.5 * age, 0.95 * age, age / 2) > late / 2;
}

/** Mean of the second half of the levels less that of the first half. */
function riseOf(levels: readonly number[]): number {
  const half = levels.length >> 1;
  const mean = (part: readonly number[]): number => part.reduce((sum, level) => sum + level, 0) / part.length;
  return mean(levels.slice(half)) - mean(levels.slice(0, half));
}

/** The evaluation of the newest run, adjusted by earlier runs (`runs`, oldest first). */
export function adjustForEarlierRuns(
  runs: readonly RunOfField[],
  values: Float64Array,
  newest: FieldEvaluation,
  window: Window,
): FieldEvaluation {
  const age = ageOf(window);
  const similar = runs.filter(
    (run) =>
      ageOf(run.window) > (run.oomKilled === 'no' ? MIN_AGE_RATIO : MIN_AGE_RATIO_WHEN_KILLED) * age &&
      followsRun(values, window, run.window),
  );
  if (similar.length < MIN_AGREEING_RUNS) return newest;
  const evaluated = similar.map(({ oomKilled: killed, evaluate: evaluateRun, window: run }) => {
    const { t, from } = run;
    const field = evaluateRun();
    return {
      killed,
      field,
      beganAfter: field.basis.line === null ? 0 : field.basis.line.fromT - t[from]!,
      roseToEnd: (field.slopeBytesPerHour ?? 0) > 0 && roseToItsEnd(values, run, age),
    };
  });
  // A run that rose until it ended did not level off, whichever model its values prefer.
  const leaking = evaluated.filter(
    ({ killed, field, beganAfter, roseToEnd }) =>
      killed !== 'no' && ((field.trend === 'growing' && beganAfter < MAX_GROWTH_START * age) || roseToEnd),
  );
  if (leaking.length > similar.length / 2 && Number.isFinite(newest.levelNow)) {
    const allRecorded = leaking.every(({ killed }) => killed === 'recorded');
    return growsLikeEarlierRuns(
      leaking.map(({ field }) => field),
      newest,
      allRecorded,
    );
  }
  const stopped = evaluated.filter(
    ({ killed, field, roseToEnd }) =>
      killed === 'no' && !roseToEnd && field.trend !== 'growing' && field.trend !== 'not-enough-data',
  );
  if (newest.trend === 'growing' && stopped.length === similar.length)
    return {
      ...newest,
      trend: 'settling',
      posterior: 0.2,
      basis: {
        ...newest.basis,
        statistics: { ...newest.basis.statistics, runsThatStopped: stopped.length },
        reason: `it rises as ${stopped.length} earlier runs did at this age, and those levelled off`,
      },
    };
  return newest;
}

/** The newest run, expected to grow as earlier ones did. `sure`: it is recorded that they were killed. */
function growsLikeEarlierRuns(leaking: readonly FieldEvaluation[], newest: FieldEvaluation, sure: boolean): FieldEvaluation {
  const posterior = sure ? POSTERIOR_BY_KILLED_RUNS : POSTERIOR_BY_LIKELY_KILLED_RUNS;
  const expected = slopeOfNextRun(leaking.map(growthRateOf));
  const own = growthRateOf(newest);
  const { slope, low, high } = own.slope > 0 && own.high > own.low ? weightedMean([expected, own]) : expected;
  const { line } = newest.basis;
  return {
    ...newest,
    trend: 'growing',
    slopeBytesPerHour: slope,
    low,
    high,
    p: Math.min(newest.p ?? 1, 1 - posterior),
    posterior: Math.max(newest.posterior, posterior),
    saturating: false,
    dailyLoadExcluded: sure,
    basis: {
      ...newest.basis,
      line:
        line === null
          ? null
          : { ...line, level: newest.levelNow - (slope / HOUR_S) * (line.toT - line.fromT), slopePerSecond: slope / HOUR_S },
      statistics: { ...newest.basis.statistics, runsThatLeaked: leaking.length },
      reason: `it follows ${leaking.length} earlier runs that grew until they were killed`,
    },
  };
}

/** Runs of one container differ in speed by a tenth or more, as load differs. So do two or three that seem alike. */
const LEAST_DIFFERENCE = 0.1;

/**
 * The slope that a further run may have, with its 90 % interval, from those of earlier runs. Runs differ by more than their standard errors, so the
 * method is the random effects model: DerSimonian & Laird 1986, "Meta-Analysis in Clinical Trials". The variance between the runs counts twice,
 * because two to four runs hardly show how large it is.
 */
export function slopeOfNextRun(runs: readonly GrowthRate[]): GrowthRate {
  const weights = runs.map(weightOf);
  const all = sumOf(weights);
  const { slope: common } = weightedMean(runs);
  const heterogeneity = sumOf(runs.map(({ slope }, k) => weights[k]! * (slope - common) ** 2));
  const excess = (heterogeneity - (runs.length - 1)) / (all - sumOf(weights.map((weight) => weight ** 2)) / all);
  const betweenVariance = Math.max((LEAST_DIFFERENCE * common) ** 2, excess);
  return withVariance(weightedMean(runs.map((rate) => withVariance(rate, betweenVariance))), 2 * betweenVariance);
}

/** One over the variance of a slope, which is never taken for exact. */
const weightOf = (rate: GrowthRate): number => Math.max(standardError(rate), 1e-3 * Math.abs(rate.slope), 1e-9) ** -2;

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

/** The slope with more variance, in its unit squared. */
function withVariance(rate: GrowthRate, more: number): GrowthRate {
  const half = Z90 * Math.sqrt(1 / weightOf(rate) + more);
  return { slope: rate.slope, low: rate.slope - half, high: rate.slope + half };
}

/** The mean of the slopes, weighted by one over their variances. */
function weightedMean(rates: readonly GrowthRate[]): GrowthRate {
  const weights = rates.map(weightOf);
  const slope = sumOf(rates.map((rate, k) => weights[k]! * rate.slope)) / sumOf(weights);
  const half = Z90 / Math.sqrt(sumOf(weights));
  return { slope, low: slope - half, high: slope + half };
}
