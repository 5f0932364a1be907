import type { Arithmetic } from '../model/arithmetic.ts';
import { centredSums } from '../straight-line.ts';
import { lowerBound } from './block-means.ts';

/** How much a straight line is what a field does, whatever the models say. */
export interface Straightness {
  /** R squared of a straight line: the share of the variation that is drift. */
  readonly rSquared: number;
  /** The slope of the newer half as a share of the line's; null: that half has too few points. */
  readonly newerHalf: number | null;
  readonly points: number;
}

/** With fewer points the slope of the newer half is too uncertain. */
const MIN_POINTS_OF_HALF = 12;

/** Of the points since `fromS` (seconds). `sums`: another implementation of `centredSums`. */
export function straightness(
  x: Float64Array,
  y: Float64Array,
  fromS: number,
  sums: Arithmetic['centredSums'] = centredSums,
): Straightness {
  const first = lowerBound(x, fromS, 0, x.length);
  const { n, sxx, sxy, syy } = sums(x, y, first);
  const slope = sxy / sxx;
  const middle = lowerBound(x, (x[first]! + x[x.length - 1]!) / 2, first, x.length);
  const newer = sums(x, y, middle);
  return {
    // Of a single point, or of points of one level, it is not defined.
    rSquared: (sxy * sxy) / (sxx * syy) || 0,
    newerHalf: newer.n < MIN_POINTS_OF_HALF || slope === 0 ? null : newer.sxy / newer.sxx / slope,
    points: n,
  };
}
