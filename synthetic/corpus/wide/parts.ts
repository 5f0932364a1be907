import type { Random } from '../../random.ts';
import type { Grid, SeriesPart } from '../parts.ts';

/** Parts that only the wide corpus has. As of all parts, labels are derived from their claims alone. */
const DAY = 86_400;
const claims = { slope: 0, sinceS: 0, toCome: 0, pending: 0, variance: () => 0 };

/** The load of a service over the day, 0.2 to 1, for the speed of what depends on it. */
const loadAt = (s: number, phaseS: number): number => 0.6 - 0.4 * Math.cos((2 * Math.PI * (s + phaseS)) / DAY);

/**
 * A cache with a maximum (least recently used goes out) that fills with changing speed: ever fewer lookups miss, load follows the day, and it may pause.
 * `fullAt`: about the share of the window after which it is full; above 1 it is not full yet.
 */
export function cacheFill(grid: Grid, random: Random, height: number, fullAt: number): SeriesPart {
  const slowing = random.between(0, 0.95);
  const byDay = random.chance(0.5);
  const phaseS = random.between(0, DAY);
  const pauseFrom = random.chance(0.3) ? random.between(0.1, 0.7) * fullAt * grid.windowS : Number.POSITIVE_INFINITY;
  const pauseTo = pauseFrom + random.between(0.05, 0.2) * grid.windowS;
  const speeds = Array.from({ length: 8 }, () => random.scale(0.6, 1.7));
  const values = new Float64Array(grid.n);
  // The time that it takes at speed 1: the speed falls by `slowing` until it is full.
  const rate = (slowing < 0.05 ? 1 : -Math.log(1 - slowing) / slowing) / (fullAt * grid.windowS);
  let share = 0;
  let fullS = Number.POSITIVE_INFINITY;
  const speedAt = (s: number): number => {
    if (s >= pauseFrom && s < pauseTo) return 0;
    const changing = speeds[Math.min(7, Math.floor((8 * s) / (fullAt * grid.windowS)))]!;
    return rate * changing * (byDay ? loadAt(s, phaseS) / 0.6 : 1) * (1 - slowing * share);
  };
  for (let i = 0; i < grid.n; i++) {
    values[i] = height * share;
    share = Math.min(1, share + speedAt(i * grid.stepS) * grid.stepS);
    if (share === 1 && fullS > grid.windowS) fullS = i * grid.stepS;
  }
  const flatS = grid.windowS - fullS;
  const now = values[grid.n - 1]!;
  return {
    ...claims,
    values,
    sinceS: Math.min(fullS, 0.95 * grid.windowS),
    toCome: Math.min(height - now, height * rate * DAY),
    // The stop is not visible until it stands for a fifth of the window, or half of the fill.
    pending: flatS < Math.min(0.2 * grid.windowS, 0.5 * fullS) ? now : 0,
  };
}

/** A heap that is touched for the first time, by steps of uneven size and at uneven times, up to its maximum. */
export function expansion(grid: Grid, random: Random, height: number, fullAt: number): SeriesPart {
  const count = Math.floor(random.scale(4, 40));
  const slowing = random.between(0.5, 1.6);
  const steps: { atS: number; size: number }[] = [];
  let total = 0;
  for (let k = 1; k <= count; k++) {
    const size = random.scale(0.5, 2);
    total += size;
    steps.push({ atS: fullAt * grid.windowS * ((k - random.between(0, 0.8)) / count) ** slowing, size });
  }
  const values = new Float64Array(grid.n);
  for (let i = 0; i < grid.n; i++) {
    let sum = 0;
    for (const { atS, size } of steps) if (i * grid.stepS >= atS) sum += size;
    values[i] = (height * sum) / total;
  }
  const lastS = steps[count - 1]!.atS;
  const now = values[grid.n - 1]!;
  const flatS = grid.windowS - lastS;
  return {
    ...claims,
    values,
    sinceS: Math.max(0, Math.min(lastS, 0.95 * grid.windowS)),
    toCome: Math.min(height - now, (height / (fullAt * grid.windowS)) * DAY),
    pending: flatS < Math.min(0.2 * grid.windowS, 0.5 * lastS) ? now : 0,
  };
}

/** What load has taken and is given back, ever more slowly: bounded, as a warm-up is. */
export function giveBack(grid: Grid, height: number, fromS: number, tauS: number): SeriesPart {
  const left = (s: number) => height * Math.exp(-Math.max(0, s - fromS) / tauS);
  const sinceS = Math.min(fromS + 4 * tauS, 0.9 * grid.windowS);
  return {
    ...claims,
    values: Float64Array.from({ length: grid.n }, (_, i) => left(i * grid.stepS)),
    sinceS,
    toCome: left(grid.windowS + DAY) - left(grid.windowS),
    pending: grid.windowS - fromS < 4 * tauS ? left(grid.windowS) : 0,
    variance: () => (0.3 * left(sinceS)) ** 2,
  };
}

/** Dentries and inodes: they grow while directories are walked, and the kernel takes back most of them at uneven times. */
export function reclaimed(grid: Grid, random: Random, height: number, everyS: number): SeriesPart {
  const values = new Float64Array(grid.n);
  let value = height * random.next();
  let next = everyS * random.between(0.3, 1);
  let rate = (height / everyS) * random.between(0.5, 1.5);
  for (let i = 0; i < grid.n; i++) {
    if (i * grid.stepS >= next) {
      value *= random.between(0.1, 0.7);
      next += everyS * random.between(0.4, 1.6);
      rate = (height / everyS) * random.between(0.3, 1.7);
    }
    value += rate * grid.stepS;
    values[i] = value;
  }
  return {
    ...claims,
    values,
    pending: grid.windowS < 4 * everyS ? height : 0,
    variance: (spanS) => 0.8 * (height * Math.min(1, everyS / spanS)) ** 2,
  };
}

/** A lasting slope that follows the load of the day: nothing leaks at night. */
export function driftWithLoad(grid: Grid, random: Random, slope: number, fromS = 0): SeriesPart {
  const phaseS = random.between(0, DAY);
  // The integral of the load, whose mean is 0.6.
  const done = (s: number): number => s - (0.4 / 0.6) * (DAY / (2 * Math.PI)) * Math.sin((2 * Math.PI * (s + phaseS)) / DAY);
  const swing = slope * (0.4 / 0.6) * (DAY / (2 * Math.PI));
  return {
    ...claims,
    slope,
    sinceS: fromS,
    values: Float64Array.from({ length: grid.n }, (_, i) => slope * (done(Math.max(fromS, i * grid.stepS)) - done(fromS))),
    variance: (spanS) => (spanS < 2 * DAY ? (swing * Math.min(1, DAY / spanS)) ** 2 : 0),
  };
}

/** The same part by steps: a JVM commits its heap in regions, an allocator takes arenas. */
export function inChunks(part: SeriesPart, chunk: number): SeriesPart {
  const everyS = chunk / Math.max(1e-9, part.slope);
  const values = part.values.map((value) => Math.ceil(value / chunk) * chunk);
  const [leaked = part.values] = part.courses ?? [];
  return {
    ...part,
    values,
    courses: [leaked, values.map((value, i) => value - leaked[i]!)],
    variance: (spanS) => part.variance(spanS) + (part.slope > 0 ? 0.1 * chunk * chunk * Math.min(1, (3 * everyS) / spanS) : 0),
  };
}
