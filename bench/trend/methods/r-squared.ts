import { leastSquaresLine } from './straight-line.ts';

/** The rule of thumb: it rises, and a straight line explains more than half of the movement. */
export function risesByRSquared(y: Float64Array): boolean {
  const { slope, square } = leastSquaresLine(y);
  return slope > 0 && square > 0.5;
}
