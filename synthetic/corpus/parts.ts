import type { Random } from '../random.ts';

/** The even times at which a container's fields are computed. Seconds. */
export interface Grid {
  readonly n: number;
  readonly stepS: number;
  readonly windowS: number;
}

/**
 * One component of a field, with what its own parameters imply about trends. Labels are derived from these claims only.
 */
export interface SeriesPart {
  readonly values: Float64Array;
  /** Lasting slope at the end, bytes a second. */
  readonly slope: number;
  /** Begin of the current behaviour, seconds; 0: always. */
  readonly sinceS: number;
  /** Bounded growth that is still to come in the next day, bytes. */
  readonly toCome: number;
  /** Bounded movement that does not return within the window, bytes. */
  readonly pending: number;
  /** Variance of the apparent rise of this part over the last `spanS`, by a good estimate of the slope. */
  readonly variance: (spanS: number) => number;
  /** Of a heap: the live set at the end, bytes. */
  readonly liveNow?: number;
  /** Of noise, for an oracle; no label depends on it. `tauS`: decay time of an Ornstein-Uhlenbeck process; 0: white. */
  readonly noise?: { readonly sd: number; readonly tauS: number };
  /**
   * For an oracle: the courses that the values are made of, but for their heights. The first has the slope, and its true height is 1.
   * Without it the values are the course.
   */
  readonly courses?: readonly Float64Array[];
}

/** The same part times a factor. */
export const times = (part: SeriesPart, factor: number): SeriesPart => ({
  ...part,
  ...(part.noise !== undefined && { noise: { ...part.noise, sd: Math.abs(factor) * part.noise.sd } }),
  ...(part.courses !== undefined && { courses: part.courses.map((course) => course.map((value) => factor * value)) }),
  values: part.values.map((value) => factor * value),
  slope: factor * part.slope,
  toCome: factor * part.toCome,
  pending: Math.abs(factor) * part.pending,
  variance: (spanS) => factor * factor * part.variance(spanS),
});

const DAY = 86_400;
const claims = { slope: 0, sinceS: 0, toCome: 0, pending: 0, variance: () => 0 };

const fill = ({ n, stepS }: Grid, value: (s: number, i: number) => number): Float64Array =>
  Float64Array.from({ length: n }, (_, i) => value(i * stepS, i));

/** Variance of the rise of a least-squares line through independent values. */
const ofLine = (variance: number, independent: number): number => (12 * variance) / Math.max(1.5, independent);

export const constant = (grid: Grid, level: number): SeriesPart => ({ ...claims, values: fill(grid, () => level) });

export const white = (grid: Grid, random: Random, sd: number): SeriesPart => ({
  ...claims,
  noise: { sd, tauS: 0 },
  values: fill(grid, () => sd * random.normal()),
  variance: (spanS) => ofLine(sd * sd, spanS / grid.stepS),
});

/** AR(1) in continuous time (Ornstein-Uhlenbeck). */
export function ouNoise(grid: Grid, random: Random, sd: number, tauS: number): SeriesPart {
  const rho = Math.exp(-grid.stepS / tauS);
  const kick = sd * Math.sqrt(1 - rho * rho);
  let state = sd * random.normal();
  return {
    ...claims,
    noise: { sd, tauS },
    values: fill(grid, () => {
      state = rho * state + kick * random.normal();
      return state;
    }),
    // Over a span much shorter than tau it is a random walk: 6/5 of the variance at its end.
    variance: (spanS) => Math.min(ofLine(sd * sd, spanS / Math.max(2 * tauS, grid.stepS)), (2.4 * sd * sd * spanS) / tauS),
  };
}

/** Student's t with three degrees: single samples far out. Medians see only its core. */
export const heavyTails = (grid: Grid, random: Random, sd: number): SeriesPart => ({
  ...claims,
  // The variance of Student's t with three degrees is 3.
  noise: { sd: Math.sqrt(3) * sd, tauS: 0 },
  values: fill(
    grid,
    () => (sd * random.normal()) / Math.sqrt((random.normal() ** 2 + random.normal() ** 2 + random.normal() ** 2) / 3),
  ),
  variance: (spanS) => ofLine(2 * sd * sd, spanS / grid.stepS),
});

export function spikes(grid: Grid, random: Random, height: number, everyS: number): SeriesPart {
  const values = new Float64Array(grid.n);
  for (let at = everyS * random.wait(); at < grid.windowS; at += everyS * random.wait()) {
    const long = Math.max(1, Math.round(random.between(0.5, 3)));
    const size = height * random.between(0.4, 1);
    for (let i = Math.floor(at / grid.stepS); i < Math.min(grid.n, at / grid.stepS + long); i++) values[i] = size;
  }
  return { ...claims, values };
}

/** Daily load: a hump by day, different from day to day, lower at weekends. */
export function daily(grid: Grid, random: Random, height: number, weekend = 1): SeriesPart {
  const phase = random.between(0, DAY);
  const sharp = random.between(0.2, 2.5);
  const first = Math.floor(random.between(0, 7));
  const days = Array.from(
    { length: Math.ceil(grid.windowS / DAY) + 2 },
    (_, day) => (1 + 0.08 * random.normal()) * ((day + first) % 7 >= 5 ? weekend : 1),
  );
  const low = Math.exp(-2 * sharp);
  const values = fill(grid, (s) => {
    const at = (s + phase) / DAY;
    const load = (Math.exp(sharp * (Math.cos(2 * Math.PI * (at - 0.5)) - 1)) - low) / (1 - low);
    return height * days[Math.floor(at)]! * load;
  });
  const { windowS } = grid;
  const unseen = windowS < 2 * DAY || (weekend < 0.9 && windowS < 14 * DAY);
  return {
    ...claims,
    values,
    pending: windowS < 2 * DAY ? driftOf(values) : weekend < 0.9 && windowS < 14 * DAY ? (1 - weekend) * driftOf(values) : 0,
    variance: (spanS) =>
      unseen
        ? (height * (windowS < 2 * DAY ? 0.6 : 0.4 * (1 - weekend)) * Math.min(1, DAY / spanS)) ** 2
        : ofLine((0.1 * height) ** 2, spanS / DAY),
  };
}

/** Rise of a straight line through the values: the effect of a bounded part on the window. */
function driftOf(values: Float64Array): number {
  const n = values.length;
  let mean = 0;
  for (const value of values) mean += value / n;
  let sxy = 0;
  for (let i = 0; i < n; i++) sxy += (i - (n - 1) / 2) * (values[i]! - mean);
  return Math.abs((sxy * 12) / (n * n));
}

/** A sawtooth without a floor to follow (unlike a heap): buffers that fill and are flushed. */
export function sawTooth(grid: Grid, random: Random, height: number, periodS: number): SeriesPart {
  const phase = random.next();
  const values = fill(grid, (s) => height * ((s / periodS + phase) % 1));
  return {
    ...claims,
    values,
    pending: grid.windowS < 3 * periodS ? height : 0,
    variance: (spanS) => 0.5 * (height * Math.min(1, periodS / spanS)) ** 2,
  };
}

/** Warm-up: nearly all of `height` is there after four times `tauS`; the rest of it may hide a slope. */
export const warmUp = (grid: Grid, height: number, tauS: number): SeriesPart => {
  const left = (s: number) => height * Math.exp(-s / tauS);
  const sinceS = Math.min(4 * tauS, 0.9 * grid.windowS);
  return {
    ...claims,
    values: fill(grid, (s) => height - left(s)),
    sinceS,
    toCome: left(grid.windowS) - left(grid.windowS + DAY),
    pending: grid.windowS < 4 * tauS ? left(grid.windowS) : 0,
    variance: () => (0.3 * left(sinceS)) ** 2,
  };
};

/** Grows along a line to a level and stops: a heap that is touched for the first time, a cache with a maximum. */
export function ramp(grid: Grid, height: number, fromS: number, overS: number): SeriesPart {
  const now = Math.max(0, Math.min(1, (grid.windowS - fromS) / overS)) * height;
  const flatS = grid.windowS - fromS - overS;
  return {
    ...claims,
    values: fill(grid, (s) => height * Math.max(0, Math.min(1, (s - fromS) / overS))),
    sinceS: Math.max(0, Math.min(fromS + overS, 0.95 * grid.windowS)),
    toCome: Math.min(height - now, (height / overS) * DAY),
    // The stop is not visible until the flat part is a fifth of the window, or half of the ramp.
    pending: flatS < Math.min(0.2 * grid.windowS, 0.5 * overS) ? now : 0,
  };
}

export const step = (grid: Grid, height: number, atS: number): SeriesPart => ({
  ...claims,
  values: fill(grid, (s) => (s >= atS ? height : 0)),
  sinceS: atS,
  pending: grid.windowS - atS < Math.max(0.2 * grid.windowS, 1800) ? Math.abs(height) : 0,
});

/** A lasting slope, bytes a second, from `fromS` on. */
export const drift = (grid: Grid, slope: number, fromS = 0): SeriesPart => ({
  ...claims,
  values: fill(grid, (s) => slope * Math.max(0, s - fromS)),
  slope,
  sinceS: fromS,
});

/** A leak that was fixed: stable once the flat part is long enough that the old slope would be visible. */
export const fixedLeak = (grid: Grid, slope: number, toS: number, error: (spanS: number) => number): SeriesPart => {
  const flatS = grid.windowS - toS;
  return {
    ...claims,
    values: fill(grid, (s) => slope * Math.min(s, toS)),
    sinceS: toS,
    pending: slope * flatS < 6 * error(flatS) || flatS < 0.2 * grid.windowS ? slope * grid.windowS : 0,
  };
};

/** A step each `everyS`, of about the same size: something leaks in batches. Its slope follows from the number of steps. */
export function staircase(grid: Grid, random: Random, rise: number, everyS: number): SeriesPart {
  const first = everyS * random.between(0.2, 0.9);
  const rises = Array.from({ length: Math.ceil(grid.windowS / everyS) + 1 }, () => rise * random.between(0.85, 1.15));
  const sums = rises.map((_, k) => rises.slice(0, k).reduce((sum, one) => sum + one, 0));
  const count = (s: number): number => Math.max(0, Math.floor((s - first) / everyS) + 1);
  const slope = rise / everyS;
  return {
    ...claims,
    values: fill(grid, (s) => sums[count(s)] ?? sums[sums.length - 1]!),
    courses: [fill(grid, (s) => rise * Math.min(count(s), sums.length - 1))],
    slope,
    variance: (spanS) => 0.35 * rise * rise * Math.min(1, (3 * everyS) / spanS),
  };
}

/** Grows from time to time and is cut back: logs in page cache that are rotated, each time to nearly nothing. */
export function rotated(grid: Grid, random: Random, height: number, everyS: number): SeriesPart {
  const values = new Float64Array(grid.n);
  let end = everyS * random.next();
  let from = end - everyS;
  for (let i = 0; i < grid.n; i++) {
    const s = i * grid.stepS;
    if (s >= end) {
      from = end;
      end += everyS * random.between(0.9, 1.1);
    }
    values[i] = (height * (s - from)) / everyS;
  }
  return {
    ...claims,
    values,
    pending: grid.windowS < 3 * everyS ? height : 0,
    variance: (spanS) => 0.5 * (height * Math.min(1, everyS / spanS)) ** 2,
  };
}

/** Grid of coarse values, as a collector that rounds leaves them. */
export const rounded = (part: SeriesPart, quantum: number): SeriesPart => ({
  ...part,
  values: part.values.map((value) => Math.round(value / quantum) * quantum),
});
