import type { FieldEvaluation } from '../field/field-trend.ts';
import { requiredPosterior } from '../field/reported-trend.ts';
import { MIN_RELATIVE_PROBABILITY } from '../model/model-average.ts';
import type { RunOfField } from './earlier-runs.ts';

/**
 * A container that leaks does so in each of its runs. A start that bends into a leak and one that bends into a slower saturation look alike in one run;
 * one run after the other, the evidence adds up:
 *
 *     ln odds of growth = what was preferred beforehand, once + the evidence of each run
 *
 * The runs may differ in speed and level, so nothing is compared with them but whether they grew. The newest may be of a version without the leak, so
 * what the others say is worth no more than CHANGED allows. It may also be the first that leaks, so only two or more that all levelled off are evidence
 * against growth, and for no more than FIRST_TO_LEAK allows.
 */
const CHANGED = 0.05;
/** How likely the newest run is to be the first that leaks, where two or more before it did not. */
const FIRST_TO_LEAK = 0.1;
const MIN_STOPPED_RUNS = 2;
/** What is needed at least, also where the line explains nearly all of the movement. */
const LEAST_POSTERIOR = 0.8;
/** A leak may be faster or slower than in the other runs by this factor. One that is slower still is another matter. */
const MAX_SPEED_RATIO = 4;
/** The evidence of a run that did not grow by what matters. */
const NO_GROWTH = Math.log(MIN_RELATIVE_PROBABILITY);

const logit = (p: number): number => Math.log(p / (1 - p));
const logistic = (x: number): number => 1 / (1 + Math.exp(-x));

/** The newest run, with the evidence of the earlier ones if that makes it grow, or not. */
export function withEvidenceOfRuns(runs: readonly RunOfField[], newest: FieldEvaluation): FieldEvaluation {
  const odds = newest.growthOdds;
  if (newest.trend === 'growing') return withDoubtOfRuns(runs, newest);
  if (odds === null || !MAY_GROW.has(newest.trend) || newest.overruled === true || newest.basis.statistics.significant !== 1)
    return newest;
  const own = odds.posterior - odds.prior;
  // Not even runs that all grew would be enough: they need not be evaluated.
  if (runs.length === 0 || logistic(own + logit(1 - CHANGED)) < LEAST_POSTERIOR) return newest;
  const evaluated = runs.map(({ evaluate }) => evaluate());
  const shared = odds.prior + evaluated.reduce((sum, run) => sum + evidenceOf(run), 0);
  const before = Math.min(1 - CHANGED, (1 - CHANGED) * logistic(shared) + CHANGED * logistic(odds.prior));
  const posterior = logistic(own + logit(before));
  const grew = evaluated.filter((run) => evidenceOf(run) > 0);
  // The newest has the R squared of where it seems to stand; those that grew show how straight such growth is.
  const straight = Math.max(straightnessOf(newest), Math.min(...grew.map(straightnessOf)));
  const required = Math.max(LEAST_POSTERIOR, requiredPosterior(Number.isFinite(straight) ? straight : 0));
  const speeds = grew.map(({ slopeBytesPerHour }) => slopeBytesPerHour!);
  const slope = newest.slopeBytesPerHour!;
  const isAsFast = slope > Math.min(...speeds) / MAX_SPEED_RATIO && slope < Math.max(...speeds) * MAX_SPEED_RATIO;
  if (posterior < required || !isAsFast) return newest;
  return {
    ...newest,
    trend: 'growing',
    p: Math.min(newest.p ?? 1, 1 - posterior),
    posterior: Math.max(newest.posterior, posterior),
    undecidedRise: null,
    basis: {
      ...newest.basis,
      statistics: { ...newest.basis.statistics, runsThatLeaked: speeds.length },
      reason: `it rises as it did in ${speeds.length} earlier runs, with a probability of ${Math.round(100 * posterior)} % by all of them`,
    },
  };
}

/** The newest run that grows by itself, unless earlier runs show that what looks like this levels off. */
function withDoubtOfRuns(runs: readonly RunOfField[], newest: FieldEvaluation): FieldEvaluation {
  const { growthOdds: odds, posterior, basis } = newest;
  const { runsThatLeaked, bursts } = basis.statistics;
  if (odds === null || runs.length < MIN_STOPPED_RUNS || runsThatLeaked !== undefined || bursts !== undefined) return newest;
  const own = odds.posterior - odds.prior;
  const required = Math.max(LEAST_POSTERIOR, requiredPosterior(straightnessOf(newest)));
  // Not even if all others stopped would it be open: they need not be evaluated.
  if (logistic(own + logit(FIRST_TO_LEAK * logistic(odds.prior))) >= required) return newest;
  const evaluated = runs.map(({ evaluate }) => evaluate());
  const evidence = evaluated.map(evidenceOf);
  const shared = odds.prior + evidence.reduce((sum, one) => sum + one, 0);
  const before = (1 - FIRST_TO_LEAK) * logistic(shared) + FIRST_TO_LEAK * logistic(odds.prior);
  const together = logistic(own + logit(before));
  if (evaluated.some(({ trend }) => trend === 'growing') || evidence.some((one) => one > 0) || together >= required)
    return newest;
  return {
    ...newest,
    trend: 'settling',
    posterior: Math.min(posterior, together),
    basis: {
      ...basis,
      statistics: { ...basis.statistics, runsThatStopped: evidence.length },
      reason: `it rises, but ${evidence.length} earlier runs levelled off: a probability of ${Math.round(100 * together)} % by all of them`,
    },
  };
}

const MAY_GROW: ReadonlySet<string> = new Set(['stable', 'settling']);

const straightnessOf = ({ basis }: FieldEvaluation): number => basis.statistics.rSquared ?? 0;

const evidenceOf = ({ growthOdds, basis }: FieldEvaluation): number =>
  growthOdds === null || basis.statistics.significant !== 1 ? NO_GROWTH : growthOdds.posterior - growthOdds.prior;
