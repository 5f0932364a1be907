/**
 * The shapes of mean that a memory series may have. Which of them holds is weighed, not guessed.
 *
 *     line      /      hinge   _/   or  /~   (start: flat before; stop: flat after)
 *     fill   ,--   (exponential, with or without a drift after it)      day  ~~~~  (24 h, for windows of part of a few days)
 *
 *     step    _|~   where the series itself jumps, with or without a drift
 *
 * All are sums of a few basis columns, so that the costly whitening is done once for all of them.
 */
export interface MeanModel {
  readonly name: string;
  /** Basis columns of the regression. The constant comes first. */
  readonly columns: readonly number[];
  /** Factors that make the drift at the end (per window) from the coefficients; null: nothing drifts on. */
  readonly slopeFactors: readonly number[] | null;
  /** Free values beside the coefficients, e.g. a time that was searched for. */
  readonly searchedParameters: number;
  readonly logPrior: number;
  /** Where the last part begins, as a share of the window. */
  readonly lastPartStart: number;
  /** Of a fill: its decay time as a share of the window, of two the faster. */
  readonly decayTime: number | null;
  /** Of a fill: share of its coefficient that is still to come in the next `ahead` windows. */
  readonly remainingShare: ((ahead: number) => number) | null;
}

export interface ModelSet {
  readonly basis: readonly Float64Array[];
  readonly models: readonly MeanModel[];
  /** Stiff and supple: tell between them which noises are likely at all. The first two are those of `shapes`: level and line. */
  readonly pilotModels: readonly MeanModel[];
  readonly companions: Companions;
}

const DAY = 86_400;
const HINGES = [0.08, 0.16, 0.25, 0.34, 0.43, 0.52, 0.61, 0.7, 0.79, 0.87];
const SATURATION_TIMES = [0.005, 0.01, 0.02, 0.04, 0.08, 0.14, 0.22, 0.33, 0.5, 0.8, 1.3];
/** Most series are plain, so a bend has to show itself; a drift beside a fill all the more. */
const LOG_PRIOR_BEND = Math.log(0.03);
const LOG_PRIOR_SATURATION_AND_DRIFT = Math.log(0.004);
/** Less than two days hold a piece of 24 h that looks like anything. */
const logPriorOfDailyCycle = (windowS: number): number => Math.log(windowS < 0.5 * DAY ? 0.03 : windowS < 0.8 * DAY ? 0.1 : 1);

/** Shapes whose columns depend on the points alone. `u`: time as a share of the window, 0 to 1. */
export function meanModels(u: Float64Array, windowS: number): ModelSet {
  const basis: Float64Array[] = [];
  const column = (of: (at: number) => number): number => basis.push(u.map(of)) - 1;
  const one = column(() => 1);
  const line = column((at) => at - 0.5);
  const shapes: MeanModel[] = [
    { ...BASE_MODEL, name: 'flat', columns: [one], slopeFactors: null },
    { ...BASE_MODEL, name: 'line', columns: [one, line], slopeFactors: [0, 1] },
  ];
  const fills = SATURATION_TIMES.map((tau) => ({ decayTime: tau, index: column(saturationCurve(tau)) }));
  const bends = HINGES.map((c) => ({ c, before: column((at) => Math.min(at, c)), after: column((at) => Math.max(at - c, 0)) }));
  for (const fill of fills) shapes.push(...saturationModels(fill, { line, bends, saturations: fills }));
  for (const { c, after, before } of bends) {
    const bent = { ...BASE_MODEL, searchedParameters: 1, logPrior: LOG_PRIOR_BEND, lastPartStart: c };
    shapes.push({ ...bent, name: 'hinge', columns: [one, before, after], slopeFactors: [0, 0, 1] });
    shapes.push({ ...bent, name: 'stop', columns: [one, before], slopeFactors: null });
    shapes.push({ ...bent, name: 'start', columns: [one, after], slopeFactors: [0, 1] });
  }
  if (windowS > 0.2 * DAY && windowS < 2 * DAY) {
    const sine = column((at) => Math.sin((2 * Math.PI * at * windowS) / DAY));
    const cosine = column((at) => Math.cos((2 * Math.PI * at * windowS) / DAY));
    const logPrior = logPriorOfDailyCycle(windowS);
    shapes.push({ ...BASE_MODEL, logPrior, name: 'daily-cycle', columns: [one, sine, cosine], slopeFactors: null });
    shapes.push({
      ...BASE_MODEL,
      logPrior,
      name: 'daily-cycle-line',
      columns: [one, sine, cosine, line],
      slopeFactors: [0, 0, 0, 1],
    });
  }
  const flexible = [
    one,
    line,
    fills[3]!.index,
    fills[6]!.index,
    ...bends.filter((_, i) => i % 3 === 1).map(({ after }) => after),
  ];
  const probes = [shapes[0]!, shapes[1]!, { ...BASE_MODEL, name: 'flexible', columns: flexible, slopeFactors: null }];
  return { basis, models: shapes, pilotModels: probes, companions: { line, bends, saturations: fills } };
}

const BASE_MODEL = { searchedParameters: 0, logPrior: 0, lastPartStart: 0, decayTime: null, remainingShare: null };

interface Saturation {
  readonly decayTime: number;
  readonly index: number;
}

/** What a fill can stand beside: a line, a line that stops, a slower fill. */
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

function saturationModels({ decayTime: tau, index }: Saturation, { line, bends, saturations: fills }: Companions): MeanModel[] {
  const bent = { searchedParameters: 1, logPrior: LOG_PRIOR_BEND, decayTime: tau, slopeFactors: null };
  const begins = Math.min(0.8, 3 * tau);
  const shapes: MeanModel[] = [
    { ...bent, name: 'saturation', columns: [0, index], lastPartStart: begins, remainingShare: remainingShareOf(tau) },
  ];
  if (tau > 0.3) return shapes;
  shapes.push({
    ...bent,
    logPrior: LOG_PRIOR_SATURATION_AND_DRIFT,
    name: 'saturation-line',
    columns: [0, index, line],
    slopeFactors: [0, 0, 1],
    lastPartStart: Math.min(0.8, 2 * tau),
    remainingShare: null,
  });
  // Caches and classes fill at their own paces; a heap expands and stops.
  for (const slower of fills)
    if (slower.decayTime >= 3 * tau)
      shapes.push({
        ...bent,
        searchedParameters: 2,
        name: 'two-saturations',
        columns: [0, slower.index, index],
        lastPartStart: slower.decayTime,
        remainingShare: remainingShareOf(slower.decayTime),
      });
  if (tau > 0.1) return shapes;
  for (const { c, before } of bends)
    if (c > 3 * tau)
      shapes.push({
        ...bent,
        searchedParameters: 2,
        name: 'saturation-stop',
        columns: [0, before, index],
        lastPartStart: c,
        remainingShare: null,
      });
  return shapes;
}

/** The grid of decay times is coarse; about the likeliest one it is made finer by these factors. */
const FINER_FACTORS = [0.7, 0.84, 1.19, 1.41];

/** Columns and shapes between the grid's for a series that fills at about `tau`. They come after `size` other columns. */
export function finerSaturationModels(
  u: Float64Array,
  beside: Companions,
  tau: number,
  size: number,
): Pick<ModelSet, 'basis' | 'models'> {
  const taus = FINER_FACTORS.map((factor) => factor * tau);
  return {
    basis: taus.map((at) => u.map(saturationCurve(at))),
    models: taus.flatMap((at, k) => saturationModels({ decayTime: at, index: size + k }, beside)),
  };
}

/** What comes with a step may take a while to be there: ever more slowly, or evenly until it is. As shares of the window. */
const STEP_SATURATION_TIMES = [0.04, 0.1, 0.25];
const STEP_RAMP_WIDTHS = [0.1, 0.18, 0.3];

/**
 * Columns and shapes for a series that jumps before the points `jumps`, the largest jump first: it steps once or several times, and after
 * the last step drifts on, or not, or fills up. What it did before that says nothing about what it does since. They come after
 * `size` other columns.
 */
export function stepModels(u: Float64Array, size: number, jumps: readonly number[]): Pick<ModelSet, 'basis' | 'models'> {
  const basis: Float64Array[] = [];
  const column = (of: (at: number) => number): number => size + basis.push(u.map(of)) - 1;
  const steps: number[] = [];
  const shapes: MeanModel[] = [];
  for (const at of jumps) {
    steps.push(column((x) => (x < u[at]! ? 0 : 1)));
    const c = u[Math.max(...jumps.slice(0, steps.length))]!;
    const before = column((x) => Math.min(x - c, 0));
    const after = column((x) => Math.max(x - c, 0));
    const stepped = { ...BASE_MODEL, searchedParameters: steps.length, logPrior: LOG_PRIOR_BEND, lastPartStart: c };
    const none = [0, ...steps].map(() => 0);
    shapes.push(
      { ...stepped, name: 'step', columns: [0, ...steps], lastPartStart: 0, slopeFactors: null },
      {
        ...stepped,
        logPrior: steps.length > 1 ? LOG_PRIOR_SATURATION_AND_DRIFT : LOG_PRIOR_BEND,
        name: 'step-line',
        columns: [0, ...steps, before, after],
        slopeFactors: [...none, 0, 1],
      },
    );
    const more = [
      ...STEP_SATURATION_TIMES.map((tau) => column((x) => (x < c ? 0 : saturationCurve(tau)(x - c)))),
      ...STEP_RAMP_WIDTHS.map((width) => column((x) => Math.min(Math.max(x - c, 0), width))),
    ];
    for (const filled of more)
      shapes.push({
        ...stepped,
        searchedParameters: steps.length + 1,
        name: 'step-saturation',
        columns: [0, ...steps, filled],
        slopeFactors: null,
      });
  }
  return { basis, models: shapes };
}

/** Value of a shape at one point. */
export function modelValueAt(shape: MeanModel, basis: readonly Float64Array[], coefficients: Float64Array, i: number): number {
  let value = 0;
  for (let c = 0; c < shape.columns.length; c++) value += coefficients[c]! * basis[shape.columns[c]!]![i]!;
  return value;
}
