/**
 * The shapes of mean that a memory series may have. Which of them holds is weighed, not guessed.
 *
 *     line      /      hinge   _/   or  /~   (start: flat before; stop: flat after)
 *     fill   ,--   (exponential, with or without a drift after it)      day  ~~~~  (24 h, for windows of part of a few days)
 *
 *     step    _|~   one or two, where the series itself jumps, with or without a drift
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
  /** Of a fill: share of its coefficient that is still to come in the next `ahead` windows. */
  readonly toCome: ((ahead: number) => number) | null;
}

export interface Shapes {
  readonly basis: readonly Float64Array[];
  readonly shapes: readonly Shape[];
  /** Stiff and supple: tell between them which noises are likely at all. The first two are those of `shapes`: level and line. */
  readonly probes: readonly Shape[];
}

const DAY = 86_400;
const HINGES = [0.08, 0.16, 0.25, 0.34, 0.43, 0.52, 0.61, 0.7, 0.79, 0.87];
const FILLS = [0.02, 0.04, 0.08, 0.14, 0.22, 0.33, 0.5, 0.8, 1.3];
/** Most series are plain, so a bend has to show itself; a drift beside a fill all the more. */
const BENT = Math.log(0.03);
const FILL_AND_DRIFT = Math.log(0.004);
/** A window of a quarter of a day holds a piece of 24 h that looks like anything. */
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
  const fills = FILLS.map((tau) => ({
    tau,
    index: column((at) => 1 - Math.exp(-at / tau)),
    toCome: (ahead: number) => Math.exp(-1 / tau) * (1 - Math.exp(-ahead / tau)),
  }));
  const bends = HINGES.map((c) => ({ c, before: column((at) => Math.min(at, c)), after: column((at) => Math.max(at - c, 0)) }));
  for (const { tau, index, toCome } of fills) {
    const bent = { searched: 1, logPrior: BENT };
    shapes.push({ ...bent, name: 'fill', columns: [one, index], drift: null, begins: Math.min(0.8, 3 * tau), toCome });
    if (tau > 0.3) continue;
    const begins = Math.min(0.8, 2 * tau);
    shapes.push({
      ...bent,
      logPrior: FILL_AND_DRIFT,
      name: 'fill-line',
      columns: [one, index, line],
      drift: [0, 0, 1],
      begins,
      toCome: null,
    });
    // Caches and classes fill at their own paces; a heap expands and stops.
    for (const slower of fills)
      if (slower.tau >= 3 * tau)
        shapes.push({
          ...bent,
          searched: 2,
          name: 'two-fills',
          columns: [one, slower.index, index],
          drift: null,
          begins: slower.tau,
          toCome: slower.toCome,
        });
    if (tau > 0.1) continue;
    for (const { c, before } of bends)
      if (c > 3 * tau)
        shapes.push({
          ...bent,
          searched: 2,
          name: 'fill-stop',
          columns: [one, before, index],
          drift: null,
          begins: c,
          toCome: null,
        });
  }
  for (const { c, after, before } of bends) {
    const bent = { searched: 1, logPrior: BENT, begins: c, toCome: null };
    shapes.push({ ...bent, name: 'hinge', columns: [one, before, after], drift: [0, 0, 1] });
    shapes.push({ ...bent, name: 'stop', columns: [one, before], drift: null });
    shapes.push({ ...bent, name: 'start', columns: [one, after], drift: [0, 1] });
  }
  if (windowS > 0.2 * DAY && windowS < 2 * DAY) {
    const sine = column((at) => Math.sin((2 * Math.PI * at * windowS) / DAY));
    const cosine = column((at) => Math.cos((2 * Math.PI * at * windowS) / DAY));
    const logPrior = dayPrior(windowS);
    shapes.push({ ...PLAIN, logPrior, name: 'day', columns: [one, sine, cosine], drift: null });
    shapes.push({ ...PLAIN, logPrior, name: 'day-line', columns: [one, sine, cosine, line], drift: [0, 0, 0, 1] });
  }
  const supple = [one, line, fills[1]!.index, fills[4]!.index, ...bends.filter((_, i) => i % 3 === 1).map(({ after }) => after)];
  const probes = [shapes[0]!, shapes[1]!, { ...PLAIN, name: 'supple', columns: supple, drift: null }];
  return { basis, shapes, probes };
}

const PLAIN = { searched: 0, logPrior: 0, begins: 0, toCome: null };

/** Value of a shape at one point. */
export function shapeAt(shape: Shape, basis: readonly Float64Array[], coefficients: Float64Array, i: number): number {
  let value = 0;
  for (let c = 0; c < shape.columns.length; c++) value += coefficients[c]! * basis[shape.columns[c]!]![i]!;
  return value;
}
