import type { Series } from '../../history/series.ts';
import { unreclaimable, versionOf } from '../../memory-facts.ts';
import { HOUR_S } from '../../units.ts';
import { lowerBound } from '../field/block-means.ts';
import type { FieldEvaluation } from '../field/field-trend.ts';
import { type GrowthRate, growthRateOf, standardError, Z90 } from '../field/growth-rate.ts';
import type { Window } from '../field/window.ts';
import type { OrderedSeries } from '../normalise.ts';

/**
 * What earlier runs of the same container say about the newest, which may be too short by itself.
 *
 *      /|   /|   /|  /        it follows runs that grew until they were killed: a leak
 *     / |  / |  / | /
 *
 *      ,---|  ,----|  ,       it follows runs that rose like this and then stopped: a warm-up
 *     /    | /     | /
 *
 * A run follows an earlier one if it stands, at the same age, where that one stood.
 */
export interface Run {
  readonly window: Window;
  /** It ended in a recorded OOM kill, or where memory that cannot be reclaimed stood at the limit. */
  readonly oomKilled: 'recorded' | 'likely' | 'no';
}

/** A run with the evaluation of one field over its whole length, computed only where the run counts. */
interface RunOfField extends Run {
  readonly evaluate: () => FieldEvaluation;
}

/** So many of the newest earlier runs that are long enough to compare are considered: a crash loop in between must not hide them. */
const MAX_RUNS = 4;
const MIN_SAMPLES = 30;
/** An OOM kill is counted a little before or after the restart that it causes. */
const KILL_NEAR_S = 120;

/** The runs before the newest that lasted long enough to compare, oldest first. */
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
      const bytes = unreclaimable((field) => lastKnown(fields.get(field), to), versionOf(fields));
      const share = typeof limitBytes === 'number' ? (bytes ?? 0) / limitBytes : null;
      const killed = recorded && (share ?? 1) > CHILD_KILL_SHARE ? 'recorded' : (share ?? 0) > AT_LIMIT_SHARE ? 'likely' : 'no';
      return [{ window: { ...newest, from, to }, oomKilled: killed }];
    })
    .slice(-MAX_RUNS);
}

/** The value of the last sample before `to`; null where it was not known. */
const lastKnown = (values: Float64Array | undefined, to: number): number | null => {
  const value = values?.[to - 1];
  return value !== undefined && Number.isFinite(value) ? value : null;
};

/** Share of the limit from which a process that ended is assumed to have been killed at it, though no kill was recorded. */
const AT_LIMIT_SHARE = 0.95;
/** A kill is counted for any process of the container: where the container held less than this of its limit, it was a child's. */
const CHILD_KILL_SHARE = 0.5;

/** Lives that must agree before they stand for the newest. */
const MIN_AGREEING_RUNS = 2;
/** Ages at which two runs are compared. */
const AGES = 8;
/** How far apart they may be, as a share of how far the earlier one moved over its length. */
const MAX_DISTANCE = 0.2;
/** A run that ended before this many times the newest's age does not show what comes next; one that was killed at about that age does. */
const MIN_AGE_RATIO = 1.5;
const MIN_AGE_RATIO_WHEN_KILLED = 0.9;
/** Upper bounds of the posterior from other runs: from recorded kills, and from likely kills, which stays below the threshold of the alarm. */
const POSTERIOR_BY_KILLED_RUNS = 0.95;
const POSTERIOR_BY_LIKELY_KILLED_RUNS = 0.75;
/** If the growth of an earlier run began later than this share of the newest's age, it cannot be seen in the newest yet. */
const MAX_GROWTH_START = 0.5;

const ageOf = ({ t, from, to }: Window): number => (t[to - 1] ?? 0) - (t[from] ?? 0);

/** Mean of what is known within a tenth of `span` about an age; NaN where nothing is. */
function levelAt(values: Float64Array, { t, from, to }: Window, age: number, span: number): number {
  let sum = 0;
  let count = 0;
  for (let i = lowerBound(t, t[from]! + age - span / 10, from, to); i < to; i++) {
    if (t[i]! - t[from]! - age > span / 10) break;
    if (!Number.isFinite(values[i])) continue;
    sum += values[i]!;
    count++;
  }
  return sum / count;
}

/**
 * Whether the newest run stands, through the later two thirds of its age, where the earlier one stood then, and rose meanwhile as that one
 * did.
 */
function followsRun(values: Float64Array, newest: Window, earlier: Window): boolean {
  const age = ageOf(newest);
  const end = ageOf(earlier);
  const moved = Math.abs(levelAt(values, earlier, 0.95 * end, end) - levelAt(values, earlier, 0.05 * end, end / 2));
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
  const atEnd = Math.abs(now[now.length - 1]! - then[then.length - 1]!);
  return Math.max(apart, atEnd) <= MAX_DISTANCE * moved && share > 0.5 && share < 2;
}

/** Rise of the second half of the levels over the first. */
function riseOf(levels: readonly number[]): number {
  const half = levels.length >> 1;
  const mean = (part: readonly number[]): number => part.reduce((sum, level) => sum + level, 0) / part.length;
  return mean(levels.slice(half)) - mean(levels.slice(0, half));
}

/** The evaluation of the newest run, adjusted by earlier ones, newest last. */
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
  const judged = similar.map(({ oomKilled: killed, evaluate: evaluateRun, window: { t, from } }) => {
    const field = evaluateRun();
    return { killed, field, beganAfter: field.basis.line === null ? 0 : field.basis.line.fromT - t[from]! };
  });
  const leaking = judged.filter(
    ({ killed, field, beganAfter }) => killed !== 'no' && field.trend === 'growing' && beganAfter < MAX_GROWTH_START * age,
  );
  if (leaking.length > similar.length / 2 && Number.isFinite(newest.levelNow)) {
    const allRecorded = leaking.every(({ killed }) => killed === 'recorded');
    return growsLikeEarlierRuns(
      leaking.map(({ field }) => field),
      newest,
      allRecorded,
    );
  }
  const stopped = judged.filter(
    ({ killed, field }) => killed === 'no' && field.trend !== 'growing' && field.trend !== 'not-enough-data',
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

function growsLikeEarlierRuns(leaking: readonly FieldEvaluation[], newest: FieldEvaluation, sure: boolean): FieldEvaluation {
  const posterior = sure ? POSTERIOR_BY_KILLED_RUNS : POSTERIOR_BY_LIKELY_KILLED_RUNS;
  const estimates = newest.trend === 'growing' ? [...leaking, newest] : leaking;
  const { slope, low, high } = pooledSlope(estimates);
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

/**
 * One slope from those of several runs, which differ by more than their own errors: random effects of DerSimonian & Laird 1986,
 * "Meta-Analysis in Clinical Trials". With its 90 % interval, in which the variance between the runs counts twice: two to five runs hardly
 * tell how large it is.
 */
function pooledSlope(estimates: readonly FieldEvaluation[]): GrowthRate {
  const each = estimates.map((estimate) => {
    const rate = growthRateOf(estimate);
    return { slope: rate.slope, variance: Math.max(standardError(rate), 1e-3 * Math.abs(rate.slope), 1e-9) ** 2 };
  });
  const weightedMean = (betweenVariance: number) => {
    let weight = 0;
    let sum = 0;
    let squares = 0;
    for (const { slope, variance } of each) {
      const w = 1 / (variance + betweenVariance);
      weight += w;
      sum += w * slope;
      squares += w * w;
    }
    return { weight, mean: sum / weight, squares };
  };
  const fixed = weightedMean(0);
  const heterogeneity = each.reduce((sum, { slope, variance }) => sum + (slope - fixed.mean) ** 2 / variance, 0);
  const betweenVariance = Math.max(0, (heterogeneity - (each.length - 1)) / (fixed.weight - fixed.squares / fixed.weight));
  const { mean, weight } = weightedMean(betweenVariance);
  const half = Z90 * Math.sqrt(1 / weight + betweenVariance / each.length);
  return { slope: mean, low: mean - half, high: mean + half };
}
