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
export interface Shape {
  readonly name: string;
  /** Basis columns of the regression. The constant comes first. */
  readonly columns: readonly number[];
  /** Factors that make the drift at the end (per window) from the coefficients; null: nothing drifts on. */
  readonly drift: readonly number[] | null;
  /** Free values beside the coefficients, e.g. a time that was searched for. */
  readonly searched: number;
  readonly logPrior: number;
  /** Where the last part begins, as a share of the window. */
  readonly begins: number;
  /** Of a fill: its decay time as a share of the window, of two the faster. */
  readonly tau: number | null;
  /** Of a fill: share of its coefficient that is still to come in the next `ahead` windows. */
  readonly toCome: ((ahead: number) => number) | null;
}

export interface Shapes {
  readonly basis: readonly Float64Array[];
  readonly shapes: readonly Shape[];
  /** Stiff and supple: tell between them which noises are likely at all. The first two are those of `shapes`: level and line. */
  readonly probes: readonly Shape[];
  readonly beside: Beside;
}

const DAY = 86_400;
const HINGES = [0.08, 0.16, 0.25, 0.34, 0.43, 0.52, 0.61, 0.7, 0.79, 0.87];
const FILLS = [0.005, 0.01, 0.02, 0.04, 0.08, 0.14, 0.22, 0.33, 0.5, 0.8, 1.3];
/** Most series are plain, so a bend has to show itself; a drift beside a fill all the more. */
const BENT = Math.log(0.03);
const FILL_AND_DRIFT = Math.log(0.004);
/** Less than two days hold a piece of 24 h that looks like anything. */
const dayPrior = (windowS: number): number => Math.log(windowS < 0.5 * DAY ? 0.03 : windowS < 0.8 * DAY ? 0.1 : 1);

/** Shapes whose columns depend on the points alone. `u`: time as a share of the window, 0 to 1. */
export function shapesOf(u: Float64Array, windowS: number): Shapes {
  const basis: Float64Array[] = [];
  const column = (of: (at: number) => number): number => basis.push(u.map(of)) - 1;
  const one = column(() => 1);
  const line = column((at) => at - 0.5);
  const shapes: Shape[] = [
    { ...PLAIN, name: 'flat', columns: [one], drift: null },
    { ...PLAIN, name: 'line', columns: [one, line], drift: [0, 1] },
  ];
  const fills = FILLS.map((tau) => ({ tau, index: column(filling(tau)) }));
  const bends = HINGES.map((c) => ({ c, before: column((at) => Math.min(at, c)), after: column((at) => Math.max(at - c, 0)) }));
  for (const fill of fills) shapes.push(...fillShapes(fill, { line, bends, fills }));
  for (const { c, after, before } of bends) {
    const bent = { ...PLAIN, searched: 1, logPrior: BENT, begins: c };
    shapes.push({ ...bent, name: 'hinge', columns: [one, before, after], drift: [0, 0, 1] });
    shapes.push({ ...bent, name: 'stop', columns: [one, before], drift: null });
    shapes.push({ ...bent, name: 'start', columns: [one, after], drift: [0, 1] });
  }
  if (windowS > 0.2 * DAY && windowS < 2 * DAY) {
    const sine = column((at) => Math.sin((2 * Math.PI * at * windowS) / DAY));
    const cosine = column((at) => Math.cos((2 * Math.PI * at * windowS) / DAY));
    const logPrior = dayPrior(windowS);
    shapes.push({ ...PLAIN, logPrior, name: 'day', columns: [one, sine, cosine], drift: null });
    shapes.push({
      ...PLAIN,
      logPrior,
      name: 'day-line',
      columns: [one, sine, cosine, line],
      drift: [0, 0, 0, 1],
    });
  }
  const supple = [one, line, fills[3]!.index, fills[6]!.index, ...bends.filter((_, i) => i % 3 === 1).map(({ after }) => after)];
  const probes = [shapes[0]!, shapes[1]!, { ...PLAIN, name: 'supple', columns: supple, drift: null }];
  return { basis, shapes, probes, beside: { line, bends, fills } };
}

const PLAIN = { searched: 0, logPrior: 0, begins: 0, tau: null, toCome: null };

interface Fill {
  readonly tau: number;
  readonly index: number;
}

/** What a fill can stand beside: a line, a line that stops, a slower fill. */
export interface Beside {
  readonly line: number;
  readonly bends: readonly { readonly c: number; readonly before: number }[];
  readonly fills: readonly Fill[];
}

const filling =
  (tau: number) =>
  (at: number): number =>
    1 - Math.exp(-at / tau);
const toCome =
  (tau: number) =>
  (ahead: number): number =>
    Math.exp(-1 / tau) * (1 - Math.exp(-ahead / tau));

function fillShapes({ tau, index }: Fill, { line, bends, fills }: Beside): Shape[] {
  const bent = { searched: 1, logPrior: BENT, tau, drift: null };
  const begins = Math.min(0.8, 3 * tau);
  const shapes: Shape[] = [{ ...bent, name: 'fill', columns: [0, index], begins, toCome: toCome(tau) }];
  if (tau > 0.3) return shapes;
  shapes.push({
    ...bent,
    logPrior: FILL_AND_DRIFT,
    name: 'fill-line',
    columns: [0, index, line],
    drift: [0, 0, 1],
    begins: Math.min(0.8, 2 * tau),
    toCome: null,
  });
  // Caches and classes fill at their own paces; a heap expands and stops.
  for (const slower of fills)
    if (slower.tau >= 3 * tau)
      shapes.push({
        ...bent,
        searched: 2,
        name: 'two-fills',
        columns: [0, slower.index, index],
        begins: slower.tau,
        toCome: toCome(slower.tau),
      });
  if (tau > 0.1) return shapes;
  for (const { c, before } of bends)
    if (c > 3 * tau)
      shapes.push({ ...bent, searched: 2, name: 'fill-stop', columns: [0, before, index], begins: c, toCome: null });
  return shapes;
}

/** The grid of decay times is coarse; about the likeliest one it is made finer by these factors. */
const FINER = [0.7, 0.84, 1.19, 1.41];

/** Columns and shapes between the grid's for a series that fills at about `tau`. They come after `size` other columns. */
export function finerFills(u: Float64Array, beside: Beside, tau: number, size: number): Pick<Shapes, 'basis' | 'shapes'> {
  const taus = FINER.map((factor) => factor * tau);
  return {
    basis: taus.map((at) => u.map(filling(at))),
    shapes: taus.flatMap((at, k) => fillShapes({ tau: at, index: size + k }, beside)),
  };
}

/** What comes with a step may take a while to be there: ever more slowly, or evenly until it is. As shares of the window. */
const FILLED_AFTER = [0.04, 0.1, 0.25];
const DONE_AFTER = [0.1, 0.18, 0.3];

/**
 * Columns and shapes for a series that jumps before the points `jumps`, the largest jump first: it steps once or several times, and after
 * the last step drifts on, or not, or fills up. What it did before that says nothing about what it does since. They come after
 * `size` other columns.
 */
export function stepShapes(u: Float64Array, size: number, jumps: readonly number[]): Pick<Shapes, 'basis' | 'shapes'> {
  const basis: Float64Array[] = [];
  const column = (of: (at: number) => number): number => size + basis.push(u.map(of)) - 1;
  const steps: number[] = [];
  const shapes: Shape[] = [];
  for (const at of jumps) {
    steps.push(column((x) => (x < u[at]! ? 0 : 1)));
    const c = u[Math.max(...jumps.slice(0, steps.length))]!;
    const before = column((x) => Math.min(x - c, 0));
    const after = column((x) => Math.max(x - c, 0));
    const stepped = { ...PLAIN, searched: steps.length, logPrior: BENT, begins: c };
    const none = [0, ...steps].map(() => 0);
    shapes.push(
      { ...stepped, name: 'step', columns: [0, ...steps], begins: 0, drift: null },
      {
        ...stepped,
        logPrior: steps.length > 1 ? FILL_AND_DRIFT : BENT,
        name: 'step-line',
        columns: [0, ...steps, before, after],
        drift: [...none, 0, 1],
      },
    );
    const more = [
      ...FILLED_AFTER.map((tau) => column((x) => (x < c ? 0 : filling(tau)(x - c)))),
      ...DONE_AFTER.map((width) => column((x) => Math.min(Math.max(x - c, 0), width))),
    ];
    for (const filled of more)
      shapes.push({ ...stepped, searched: steps.length + 1, name: 'step-fill', columns: [0, ...steps, filled], drift: null });
  }
  return { basis, shapes };
}

/** Value of a shape at one point. */
export function shapeAt(shape: Shape, basis: readonly Float64Array[], coefficients: Float64Array, i: number): number {
  let value = 0;
  for (let c = 0; c < shape.columns.length; c++) value += coefficients[c]! * basis[shape.columns[c]!]![i]!;
  return value;
}
