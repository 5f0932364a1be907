/**
 * The shapes of mean that a memory series may have. Which of them holds is weighed, not guessed.
 *
 *     line      /      hinge   _/   or  /~   (start: flat before; stop: flat after)
 *     fill   ,--   (exponential, with or without a drift after it)      day  ~~~~  (24 h, for windows of part of a few days)
 *
 * All are sums of a few basis columns, so that the costly filtering is done once for all of them.
 */
export interface Shape {
  readonly name: string;
  /** Each column of the regression as [basis column, factor] pairs. The constant comes first. */
  readonly columns: readonly (readonly (readonly [number, number])[])[];
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
  /** Stiff and supple shapes that tell between them which noises are likely at all. */
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

/** `u`: time as a share of the window, 0 to 1. */
export function shapesOf(u: Float64Array, windowS: number): Shapes {
  const basis: Float64Array[] = [u.map(() => 1), u.map((at) => at - 0.5)];
  const one = [[0, 1]] as const;
  const line = [[1, 1]] as const;
  const plain = { searched: 0, logPrior: 0, begins: 0, toCome: null };
  const shapes: Shape[] = [
    { ...plain, name: 'flat', columns: [one], drift: null },
    { ...plain, name: 'line', columns: [one, line], drift: [0, 1] },
  ];
  type Column = Shape['columns'][number];
  const fills = FILLS.map((tau) => ({
    tau,
    column: [[basis.push(u.map((at) => 1 - Math.exp(-at / tau))) - 1, 1]] as Column,
    toCome: (ahead: number) => Math.exp(-1 / tau) * (1 - Math.exp(-ahead / tau)),
  }));
  const bends = HINGES.map((c) => {
    const index = basis.push(u.map((at) => Math.max(at - c, 0))) - 1;
    return {
      c,
      index,
      after: [[index, 1]] as Column,
      before: [
        [1, 1],
        [index, -1],
      ] as Column,
    };
  });
  for (const { tau, column, toCome } of fills) {
    const bent = { searched: 1, logPrior: BENT };
    shapes.push({ ...bent, name: 'fill', columns: [one, column], drift: null, begins: Math.min(0.8, 3 * tau), toCome });
    if (tau > 0.3) continue;
    const begins = Math.min(0.8, 2 * tau);
    shapes.push({
      ...bent,
      logPrior: FILL_AND_DRIFT,
      name: 'fill-line',
      columns: [one, column, line],
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
          columns: [one, slower.column, column],
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
          columns: [one, before, column],
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
    const sine = [[basis.push(u.map((at) => Math.sin((2 * Math.PI * at * windowS) / DAY))) - 1, 1]] as const;
    const cosine = [[basis.push(u.map((at) => Math.cos((2 * Math.PI * at * windowS) / DAY))) - 1, 1]] as const;
    const logPrior = dayPrior(windowS);
    shapes.push({ ...plain, logPrior, name: 'day', columns: [one, sine, cosine], drift: null });
    shapes.push({ ...plain, logPrior, name: 'day-line', columns: [one, sine, cosine, line], drift: [0, 0, 0, 1] });
  }
  const supple: Column[] = [
    one,
    line,
    fills[1]!.column,
    fills[4]!.column,
    ...bends.filter((_, i) => i % 3 === 1).map(({ after }) => after),
  ];
  const probes: Shape[] = [shapes[0]!, shapes[1]!, { ...plain, name: 'supple', columns: supple, drift: null }];
  return { basis, shapes, probes };
}

/** Value of a shape at one point. */
export function shapeAt(shape: Shape, basis: readonly Float64Array[], coefficients: Float64Array, i: number): number {
  let value = 0;
  for (let c = 0; c < shape.columns.length; c++)
    for (const [column, factor] of shape.columns[c]!) value += coefficients[c]! * factor * basis[column]![i]!;
  return value;
}
