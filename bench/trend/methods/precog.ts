import { upperMedian } from '../../stats/median.ts';
import { hourlyRunningMedian } from './running-median.ts';
import { leastSquaresLine } from './straight-line.ts';

/**
 * Precog with maximum filtering: it learns the trends between earlier change points. A leak is a straight rise until now that is
 * steeper and longer than one of them, will reach the limit within a week, and is above all earlier values. Jindal, Staab,
 * Kulkarni, Cardoso, Gerndt & Podolskiy 2021, "Memory Leak Detection Algorithms in the Cloud-based Infrastructure", arXiv 2106.08938, with
 * the authors' own settings. They learn from a history before the window in question; here there is only a window, and it learns from the
 * first half of it. Values in per cent, evenly spaced.
 */
const STRAIGHT = 0.8;
const LEAST_LEVEL = 40;
const LIMIT = 100;
const FULL = 95;
const SHORTEST_H = 6;
const CRITICAL_H = 7 * 24;
const CHANGED = 3.5;
const TOP = 10;

interface Rise {
  readonly slope: number;
  readonly length: number;
}

export function precogRise(y: Float64Array, stepS: number): boolean {
  const hour = 3600 / stepS;
  const half = y.length >> 1;
  const known = hourlyRunningMedian(y.subarray(0, half));
  const asked = hourlyRunningMedian(y.subarray(half));
  const end = asked.length;
  if (asked[end - 1]! < LEAST_LEVEL) return false;
  const learned = risesOf(known, hour);
  const steepest = Math.max(0, ...learned.map(({ slope }) => slope));
  const longest = Math.max(SHORTEST_H * hour, ...learned.map(({ length }) => length));
  const points = changePoints(asked, hour);
  const leaks = points.slice(0, -1).some((from) => {
    const rise = riseOf(asked, from, end, hour);
    const worse = (than: Rise): boolean => rise !== null && rise.slope >= than.slope && rise.length >= than.length;
    return worse({ slope: steepest, length: longest }) || learned.some(worse);
  });
  if (!leaks) return false;
  const before = highest(known);
  const usual = before[before.length >> 1]!;
  return highest(asked.subarray(points[points.length - 2]!)).every((value) => value >= Math.min(FULL, usual));
}

/** From each change point the best straight rise to a later one, without those that have not ended. */
function risesOf(y: Float64Array, hour: number): Rise[] {
  const points = changePoints(y, hour);
  return points.flatMap((from, k) => {
    let best: (Rise & { readonly square: number; readonly to: number }) | null = null;
    for (const to of points.slice(k + 1)) {
      const rise = riseOf(y, from, to, hour);
      if (rise !== null && (best === null || (rise.square >= best.square && rise.slope >= best.slope))) best = { ...rise, to };
    }
    return best === null || best.to >= y.length - 1 ? [] : [best];
  });
}

/** A straight rise that is long enough and would reach the limit in time. */
function riseOf(y: Float64Array, from: number, to: number, hour: number): (Rise & { readonly square: number }) | null {
  const length = to - from;
  if (length < SHORTEST_H * hour) return null;
  const { slope, square } = leastSquaresLine(y, from, to);
  return slope > 0 && square > STRAIGHT && (LIMIT - y[to - 1]!) / slope <= CRITICAL_H * hour ? { slope, square, length } : null;
}

/** The beginning, the end, and where steps stand out by the modified z-score of Iglewicz & Hoaglin 1993, hours apart. */
function changePoints(y: Float64Array, hour: number): number[] {
  const steps = Array.from({ length: y.length - 1 }, (_, i) => Math.abs(y[i + 1]! - y[i]!));
  const usual = upperMedian(steps);
  const spread = upperMedian(steps.map((step) => Math.abs(step - usual)));
  const points = [0];
  steps.forEach((step, i) => {
    const apart = i - points[points.length - 1]! >= SHORTEST_H * hour;
    if (apart && (0.6745 * (step - usual)) / spread > CHANGED) points.push(i);
  });
  return [...points, y.length - 1];
}

const highest = (y: Float64Array): Float64Array => y.slice().sort().slice(-TOP);
