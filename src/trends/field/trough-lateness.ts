import { median } from '../median.ts';
import { lowerBound } from './block-means.ts';
import type { SawtoothFloor } from './sawtooth-floor.ts';

/** A delay that may be anything up to a step is half of it on average, and its standard deviation is this share of the average. */
const DEVIATION_OF_DELAY = 1 / Math.sqrt(3);
/** With fewer troughs their scatter is not known. */
const MIN_TROUGHS_OF_SCATTER = 4;

/**
 * By how much the troughs of a saw-tooth lie above its floor, on average, in the unit of the values. A collection comes at any time between two samples.
 * The sample after it has what was allocated since: half of what comes from one sample to the next.
 *
 *     /|            two rises after a trough must show it: where collections are as frequent as samples, the first one is by chance. And
 *    / |  .         troughs that are late at random scatter as much: where they do not, they are the lowest of many.
 *      | x  } late
 *      |/
 */
export function troughLateness(t: Float64Array, values: Float64Array, floor: Pick<SawtoothFloor, 't' | 'values'>): number {
  const n = values.length;
  const climbs: number[] = [];
  for (const at of floor.t) {
    const i = lowerBound(t, at, 0, n);
    if (i < 1 || i + 2 >= n) continue;
    const perSecond = (k: number): number => (values[k + 1]! - values[k]!) / (t[k + 1]! - t[k]!);
    climbs.push((Math.min(perSecond(i), perSecond(i + 1)) * (t[i]! - t[i - 1]!)) / 2);
  }
  if (climbs.length === 0) return 0;
  // A floor is not below nothing.
  const lowest = floor.values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
  return Math.max(0, Math.min(median(Float64Array.from(climbs)), scatter(floor) / DEVIATION_OF_DELAY, lowest));
}

/** The standard deviation of the troughs about a floor that may rise, by the differences of neighbours (von Neumann 1941). */
function scatter({ t, values }: Pick<SawtoothFloor, 't' | 'values'>): number {
  const n = values.length;
  if (n < MIN_TROUGHS_OF_SCATTER) return Number.POSITIVE_INFINITY;
  const slope = (values[n - 1]! - values[0]!) / (t[n - 1]! - t[0]!);
  let sum = 0;
  for (let k = 1; k < n; k++) sum += (values[k]! - values[k - 1]! - slope * (t[k]! - t[k - 1]!)) ** 2;
  return Math.sqrt(sum / (2 * (n - 2)));
}
