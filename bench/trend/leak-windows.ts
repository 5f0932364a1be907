import { machinePercent } from '../../synthetic/machine.ts';
import { Random } from '../../synthetic/random.ts';
import { leastSquaresLine } from './methods/straight-line.ts';

/** Memory of one machine in a window, with or without a leak added. Per cent of the machine. */
export interface LeakWindow {
  readonly hours: number;
  /** Seconds. Collectors are late and sometimes lose a sample. */
  readonly t: Float64Array;
  readonly y: Float64Array;
  /** Slope of the added leak, per cent an hour; 0: none. */
  readonly slope: number;
  /** Rise of the leak divided by the middle 90 % of the window's own movement; 0: none. */
  readonly size: number;
}

export interface Machine {
  readonly t: Float64Array;
  readonly percent: Float64Array;
  readonly windows: readonly LeakWindow[];
}

export const STEP_S = 300;
const DAYS = 8;
const HOURS = [6, 12, 24, 48, 96, 192];

/** Leaks rise by so many times the window's own swing ... */
const LEAKS = [0.8, 4] as const;
/** ... and count only if their slope is so many standard errors: a fair label needs a leak that can be seen. */
const VISIBLE = 6;
/** A smaller leak does not matter: per cent of the machine a day, and share of the level in the window. */
const LEAST_DAILY = 0.5;
const LEAST_RISE = 0.015;

export function machineOf(seed: number): Machine {
  const random = new Random(seed);
  const all = machinePercent(random, DAYS, STEP_S);
  const kept: number[] = [];
  for (let i = 0; i < all.length; i++) if (!random.chance(0.01)) kept.push(i);
  const percent = Float64Array.from(kept, (i) => all[i]!);
  const t = Float64Array.from(kept, (i) => i * STEP_S + 100 * random.next() * random.next());
  const windows: LeakWindow[] = [];
  for (const hours of HOURS) {
    const spanS = hours * 3600;
    const fromS = random.between(0, DAYS * 86_400 - spanS);
    const from = t.findIndex((at) => at >= fromS);
    const past = t.findIndex((at) => at > fromS + spanS);
    const window = { hours, t: t.subarray(from, past === -1 ? t.length : past) };
    const y = percent.subarray(from, past === -1 ? t.length : past);
    windows.push({ ...window, y, slope: 0, size: 0 });
    const swing = Math.max(0.05, swingOf(y));
    const least = Math.max((LEAST_DAILY * hours) / 24, LEAST_RISE * y[0]!);
    const rise = Math.max(least, swing * random.scale(...LEAKS));
    if (rise < VISIBLE * errorOfRise(y)) continue;
    const slope = rise / hours;
    const leaking = y.map((value, i) => value + (slope * (window.t[i]! - window.t[0]!)) / 3600);
    windows.push({ ...window, y: leaking, slope, size: rise / swing });
  }
  return { t, percent, windows };
}

function swingOf(y: Float64Array): number {
  const sorted = y.slice().sort();
  return sorted[Math.floor(0.95 * y.length)]! - sorted[Math.floor(0.05 * y.length)]!;
}

const BLOCKS = 24;

/** Standard error of a rise over the window: block means, widened for the autocorrelation that is left (and its bias: Kendall 1954). */
function errorOfRise(y: Float64Array): number {
  const means = Float64Array.from({ length: BLOCKS }, (_, k) => {
    const block = y.subarray(Math.floor((k * y.length) / BLOCKS), Math.floor(((k + 1) * y.length) / BLOCKS));
    return block.reduce((sum, value) => sum + value, 0) / block.length;
  });
  const { slope, mean } = leastSquaresLine(means);
  let square = 0;
  let product = 0;
  let before = 0;
  means.forEach((value, k) => {
    const rest = value - mean - slope * (k - (BLOCKS - 1) / 2);
    if (k > 0) product += rest * before;
    square += rest * rest;
    before = rest;
  });
  if (square === 0) return 0;
  const rho = Math.min(0.95, Math.max(0, product / square + (1 + (4 * product) / square) / BLOCKS));
  return Math.sqrt(((square / (BLOCKS - 2)) * 12 * (1 + rho)) / (1 - rho) / BLOCKS);
}
