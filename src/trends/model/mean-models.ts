import { DAY_S } from '../../units.ts';
import type { StepChange } from './step-changes.ts';

/**
 * A candidate for the expected course of a memory series: a sum of a few columns of the design matrix, each times a coefficient. Which candidate holds
 * is not guessed: `model-average.ts` gives each its posterior probability. Columns are shared, so that the costly whitening is done once for all models.
 *
 *     flat              ____    a level
 *     line              /       a level and a slope
 *     hinge             _/      two slopes that meet;  start: flat before;  stop: flat after
 *     saturation        ,--     exponential approach to a level, as of a cache that fills; two of them; one that also stops, or with a slope beside it
 *     daily-cycle       ~~~~    24 h, for windows of part of a day to two days; with or without a slope
 *     step              _|~     where the series itself jumps, once or several times; with a slope, or a saturation, after it
 *     shift-line        /|/     one jump, also where noise hides it, with one slope before and after it
 */
export interface MeanModel {
  readonly name: string;
  /** Indexes of its columns in the design matrix. The constant comes first. */
  readonly columns: readonly number[];
  /** Factors d that make the slope at the end (a window) of the coefficients: slope = d' coefficients. null: no lasting slope. */
  readonly slopeFactors: readonly number[] | null;
  /** Beside a cycle of amplitude 1, how steep (a window) its line must be to be no part of that cycle; null: there is no cycle. */
  readonly unknownCycleSlope: number | null;
  /** Parameters beside the coefficients that were searched for, such as the time of a bend. */
  readonly searchedParameters: number;
  /** ln of its prior weight, 0 for the plain models. */
  readonly logPrior: number;
  /** Where its last part begins, as a share of the window. */
  readonly lastPartStart: number;
  /** Decay time of its saturation as a share of the window, of two the shorter; null: it has none. */
  readonly decayTime: number | null;
  /** Where its first coefficient after the constant shifts its line; null: no line goes on through a shift. */
  readonly shift: StepChange | null;
  /** Share of its saturation's coefficient that is still to come in the next `ahead` windows; null: nothing is. */
  readonly remainingShare: ((ahead: number) => number) | null;
}

export interface ModelSet {
  /** Columns of the design matrix, a value a point. */
  readonly basis: readonly Float64Array[];
  /** The first two are level and line. */
  readonly models: readonly MeanModel[];
  /** Level, line and a flexible one: between them they tell which noise models are likely at all. The first two are those of `models`. */
  readonly pilotModels: readonly MeanModel[];
  readonly companions: Companions;
}

const HINGES = [0.08, 0.16, 0.25, 0.34, 0.43, 0.52, 0.61, 0.7, 0.79, 0.87];
const SATURATION_TIMES = [0.005, 0.01, 0.02, 0.04, 0.08, 0.14, 0.22, 0.33, 0.5, 0.8, 1.3];
/** Most series are plain, so there must be evidence of a bend, and more for a slope beside a saturation. */
const LOG_PRIOR_BEND = Math.log(0.03);
/**
 * What rose for most of the window and stands at its end has stopped, or pauses. Standing for less than a third of the time that it rose is
 * worth less, by a power of the proportion (1 finds fewer leaks of the labelled series, 2 errs more in the time to the limit): else one dip or
 * plateau at the end makes a line a rise that stopped.
 */
const STAND_SHARE = 1 / 3;
const STAND_POWER = 1.5;
const logPriorOfStop = (c: number): number => LOG_PRIOR_BEND + STAND_POWER * Math.log(Math.min(1, (1 - c) / c / STAND_SHARE));
const LOG_PRIOR_SATURATION_AND_DRIFT = Math.log(0.006);
const LOG_PRIOR_STEP_IN_DRIFT = Math.log(0.01);
const LOG_PRIOR_STEPS_AND_DRIFT = Math.log(0.004);
const LOG_PRIOR_SATURATIONS_AND_DRIFT = Math.log(0.002);
/**
 * A slow saturation beside a fast one that has not come near its level within the window is a line that bends a little: nearly all such series are
 * leaks after a start. It is worth less, by a power of the share that it has come.
 */
const SLOW_POWER = 6;
/** In windows of less than a day, part of a daily cycle can look like any other model. */
const logPriorOfDailyCycle = (windowS: number): number =>
  Math.log(windowS < 0.5 * DAY_S ? 0.03 : windowS < 0.8 * DAY_S ? 0.1 : 1);

/** Models whose columns depend on the points alone. `u`: the points as shares of the window, 0 to 1. */
export function meanModels(u: Float64Array, windowS: number): ModelSet {
  const basis: Float64Array[] = [];
  const column = (of: (at: number) => number): number => basis.push(u.map(of)) - 1;
  const one = column(() => 1);
  const line = column((at) => at - 0.5);
  const models: MeanModel[] = [
    { ...BASE_MODEL, name: 'flat', columns: [one], slopeFactors: null },
    { ...BASE_MODEL, name: 'line', columns: [one, line], slopeFactors: [0, 1] },
  ];
  const saturations = SATURATION_TIMES.map((tau) => ({ decayTime: tau, index: column(saturationCurve(tau)) }));
  const bends = HINGES.map((c) => ({ c, before: column((at) => Math.min(at, c)), after: column((at) => Math.max(at - c, 0)) }));
  for (const one of saturations) models.push(...saturationModels(one, { line, bends, saturations }));
  for (const { c, after, before } of bends) models.push(...bendModels(c, before, after));
  if (windowS > 0.2 * DAY_S && windowS < 2 * DAY_S) {
    const sine = column((at) => Math.sin((2 * Math.PI * at * windowS) / DAY_S));
    const cosine = column((at) => Math.cos((2 * Math.PI * at * windowS) / DAY_S));
    const logPrior = logPriorOfDailyCycle(windowS);
    models.push({ ...BASE_MODEL, logPrior, name: 'daily-cycle', columns: [one, sine, cosine], slopeFactors: null });
    models.push({
      ...BASE_MODEL,
      // With a line, half a cycle fits what rose along a line and stopped.
      logPrior: logPrior + LOG_PRIOR_BEND,
      name: 'daily-cycle-line',
      columns: [one, sine, cosine, line],
      slopeFactors: [0, 0, 0, 1],
      unknownCycleSlope: ((2 * Math.PI * windowS) / DAY_S) * hoursSeenOnce(windowS),
    });
  }
  const flexible = [
    one,
    line,
    saturations[3]!.index,
    saturations[6]!.index,
    ...bends.filter((_, i) => i % 3 === 1).map(({ after }) => after),
  ];
  const pilotModels = [models[0]!, models[1]!, { ...BASE_MODEL, name: 'flexible', columns: flexible, slopeFactors: null }];
  return { basis, models, pilotModels, companions: { line, bends, saturations } };
}

/** Share of the hours of a day that have not been seen a second time: only the others tell a slope from a cycle. `windowS`: less than two days. */
const hoursSeenOnce = (windowS: number): number => Math.min(1, 2 - windowS / DAY_S);

/**
 * Whether a slope beside a cycle that is not seen twice may be the cycle's: it is less than the cycle's own, or than a part of that, the smaller the
 * more hours have been seen twice. A steep line less half a cycle is also what has risen and stopped.
 */
export function isSlopeOfCycle({ unknownCycleSlope }: MeanModel, [, sine, cosine, line]: Float64Array): boolean {
  return unknownCycleSlope !== null && Math.abs(line!) < unknownCycleSlope * Math.hypot(sine!, cosine!);
}

/** What a model has where nothing of it was searched for. */
export const BASE_MODEL = {
  unknownCycleSlope: null,
  searchedParameters: 0,
  logPrior: 0,
  lastPartStart: 0,
  decayTime: null,
  shift: null,
  remainingShare: null,
};

interface Saturation {
  readonly decayTime: number;
  readonly index: number;
}

/** Columns that can stand beside a saturation: a line, a line that stops, a slower saturation. */
export interface Companions {
  readonly line: number;
  readonly bends: readonly { readonly c: number; readonly before: number }[];
  readonly saturations: readonly Saturation[];
}

const saturationCurve =
  (decayTime: number) =>
  (at: number): number =>
    1 - Math.exp(-at / decayTime);
const remainingShareOf =
  (decayTime: number) =>
  (ahead: number): number =>
    Math.exp(-1 / decayTime) * (1 - Math.exp(-ahead / decayTime));

function saturationModels({ decayTime, index }: Saturation, { line, bends, saturations }: Companions): MeanModel[] {
  const bent = { ...BASE_MODEL, searchedParameters: 1, logPrior: LOG_PRIOR_BEND, decayTime, slopeFactors: null };
  const begins = Math.min(0.8, 3 * decayTime);
  const models: MeanModel[] = [
    { ...bent, name: 'saturation', columns: [0, index], lastPartStart: begins, remainingShare: remainingShareOf(decayTime) },
  ];
  if (decayTime > 0.3) return models;
  models.push({
    ...bent,
    logPrior: LOG_PRIOR_SATURATION_AND_DRIFT,
    name: 'saturation-line',
    columns: [0, index, line],
    slopeFactors: [0, 0, 1],
    lastPartStart: Math.min(0.8, 2 * decayTime),
    remainingShare: null,
  });
  // Caches and classes saturate at different times; a heap expands and stops.
  for (const slower of saturations) {
    if (slower.decayTime < 3 * decayTime) continue;
    models.push({
      ...bent,
      searchedParameters: 2,
      logPrior: LOG_PRIOR_BEND + SLOW_POWER * Math.log(1 - Math.exp(-1 / slower.decayTime)),
      name: 'two-saturations',
      columns: [0, slower.index, index],
      lastPartStart: slower.decayTime,
      remainingShare: remainingShareOf(slower.decayTime),
    });
    // The process starts, it warms up, and it leaks: a slow saturation with a fast one looks like that.
    if (slower.decayTime < MAX_DECAY_BESIDE_DRIFT)
      models.push({
        ...bent,
        searchedParameters: 2,
        logPrior: LOG_PRIOR_SATURATIONS_AND_DRIFT,
        name: 'two-saturations-line',
        columns: [0, slower.index, index, line],
        slopeFactors: [0, 0, 0, 1],
        lastPartStart: 2 * slower.decayTime,
        remainingShare: null,
      });
  }
  if (decayTime > 0.1) return models;
  for (const { c, before } of bends)
    if (c > 3 * decayTime)
      models.push({
        ...bent,
        searchedParameters: 2,
        logPrior: logPriorOfStop(c),
        name: 'saturation-stop',
        columns: [0, before, index],
        lastPartStart: c,
        remainingShare: null,
      });
  return models;
}

/** A slower saturation and a drift are the same within one window. */
const MAX_DECAY_BESIDE_DRIFT = 0.2;

/** The grid of decay times is coarse; around the most likely one these factors refine it. */
const FINER_FACTORS = [0.7, 0.84, 1.19, 1.41];

/** Models with decay times around `decayTime`, between those of the grid. Their columns follow on `size` others. */
export function finerSaturationModels(
  u: Float64Array,
  companions: Companions,
  decayTime: number,
  size: number,
): Pick<ModelSet, 'basis' | 'models'> {
  const times = FINER_FACTORS.map((factor) => factor * decayTime);
  return {
    basis: times.map((at) => u.map(saturationCurve(at))),
    models: times.flatMap((at, k) => saturationModels({ decayTime: at, index: size + k }, companions)),
  };
}

/** Bends around the most likely one of the grid, as shares of the window: where a bend is decides how steep the slope after it is. */
const FINER_BENDS = [-0.045, -0.022, 0.022, 0.045];
/** A finer bend stands for a smaller part of the window. */
const LOG_PRIOR_FINER = Math.log(1 / 4);

/** Models that bend around `c`, between the bends of the grid. Their columns follow on `size` others. */
export function finerBendModels(u: Float64Array, c: number, size: number): Pick<ModelSet, 'basis' | 'models'> {
  const basis: Float64Array[] = [];
  const models = FINER_BENDS.flatMap((away) => {
    const at = c + away;
    // Later, the last block alone would be a slope.
    if (at > HINGES[HINGES.length - 1]!) return [];
    const before = size + basis.push(u.map((x) => Math.min(x, at))) - 1;
    const after = size + basis.push(u.map((x) => Math.max(x - at, 0))) - 1;
    return bendModels(at, before, after).map((model) => ({ ...model, logPrior: model.logPrior + LOG_PRIOR_FINER }));
  });
  return { basis, models };
}

function bendModels(c: number, before: number, after: number): MeanModel[] {
  const bent = { ...BASE_MODEL, searchedParameters: 1, logPrior: LOG_PRIOR_BEND, lastPartStart: c };
  return [
    { ...bent, name: 'hinge', columns: [0, before, after], slopeFactors: [0, 0, 1] },
    { ...bent, name: 'stop', logPrior: logPriorOfStop(c), columns: [0, before], slopeFactors: null },
    { ...bent, name: 'start', columns: [0, after], slopeFactors: [0, 1] },
  ];
}

/** Whether the model is one of a single bend. */
export const isBend = ({ name }: MeanModel): boolean => name === 'hinge' || name === 'stop' || name === 'start';

/** What comes with a step may take time: a saturation, or a ramp until it is there. As shares of the window. */
const STEP_SATURATION_TIMES = [0.04, 0.1, 0.25];
const STEP_RAMP_WIDTHS = [0.1, 0.18, 0.3];

/**
 * Models for a series that jumps at the points `jumps`, the largest jump first: it steps once or several times, and after the last step it has
 * a slope, or none, or saturates. The slope before the last step is free and is not the slope at the end. Their columns follow on `size` others.
 */
export function stepModels(u: Float64Array, size: number, jumps: readonly StepChange[]): Pick<ModelSet, 'basis' | 'models'> {
  const basis: Float64Array[] = [];
  const column = (of: (at: number) => number): number => size + basis.push(u.map(of)) - 1;
  const steps: number[] = [];
  const models: MeanModel[] = [];
  for (const { at, share } of jumps) {
    steps.push(column((x) => (x < u[at]! ? 0 : x > u[at]! ? 1 : share)));
    const c = u[Math.max(...jumps.slice(0, steps.length).map((jump) => jump.at))]!;
    const before = column((x) => Math.min(x - c, 0));
    const after = column((x) => Math.max(x - c, 0));
    const stepped = { ...BASE_MODEL, searchedParameters: steps.length, logPrior: LOG_PRIOR_BEND, lastPartStart: c };
    const none = [0, ...steps].map(() => 0);
    models.push(
      { ...stepped, name: 'step', columns: [0, ...steps], lastPartStart: 0, slopeFactors: null },
      {
        ...stepped,
        logPrior: steps.length > 1 ? LOG_PRIOR_STEPS_AND_DRIFT : LOG_PRIOR_BEND,
        name: 'step-line',
        columns: [0, ...steps, before, after],
        slopeFactors: [...none, 0, 1],
      },
    );
    // Of several steps the others would be a line.
    if (jumps.length === 1)
      models.push({
        ...stepped,
        logPrior: LOG_PRIOR_STEP_IN_DRIFT,
        name: 'shift-line',
        columns: [0, ...steps, 1],
        lastPartStart: 0,
        slopeFactors: [...none, 1],
        shift: { at, share },
      });
    const more = [
      ...STEP_SATURATION_TIMES.map((tau) => column((x) => (x < c ? 0 : saturationCurve(tau)(x - c)))),
      ...STEP_RAMP_WIDTHS.map((width) => column((x) => Math.min(Math.max(x - c, 0), width))),
    ];
    for (const one of more)
      models.push({
        ...stepped,
        searchedParameters: steps.length + 1,
        name: 'step-saturation',
        columns: [0, ...steps, one],
        slopeFactors: null,
      });
  }
  return { basis, models };
}

/**
 * Models for a series whose mean shifts at point `at`, where no single move stands out: it shifts and is flat, or goes on along one line. Without them
 * noise hides a step, and a line or a bend is what fits best. Their columns follow on `size` others.
 */
export function shiftModels(u: Float64Array, size: number, line: number, at: number): Pick<ModelSet, 'basis' | 'models'> {
  const shifted = { ...BASE_MODEL, searchedParameters: 1, logPrior: LOG_PRIOR_BEND };
  return {
    basis: [u.map((x) => (x < u[at]! ? 0 : 1))],
    models: [
      { ...shifted, name: 'step', columns: [0, size], slopeFactors: null },
      { ...shifted, name: 'shift-line', columns: [0, size, line], slopeFactors: [0, 0, 1], shift: { at, share: 1 } },
    ],
  };
}

/** Value of a model at point `i`, in the unit of the series. */
export function modelValueAt(model: MeanModel, basis: readonly Float64Array[], coefficients: Float64Array, i: number): number {
  let value = 0;
  for (let c = 0; c < model.columns.length; c++) value += coefficients[c]! * basis[model.columns[c]!]![i]!;
  return value;
}
