import { median } from './median.ts';

/** From each value to the next. */
export function movesOf(y: Float64Array): Float64Array {
  const moves = new Float64Array(Math.max(0, y.length - 1));
  for (let i = 0; i < moves.length; i++) moves[i] = y[i + 1]! - y[i]!;
  return moves;
}

/** The size of each move. */
export function sizesOf(moves: Float64Array): Float64Array {
  const sizes = moves.slice();
  for (let i = 0; i < sizes.length; i++) if (sizes[i]! < 0) sizes[i] = -sizes[i]!;
  return sizes;
}

/** The median size of the moves. */
export const medianSize = (moves: Float64Array): number => median(sizesOf(moves));

/** The farthest below an earlier value. */
export function deepestFall(y: Float64Array): number {
  let [highest, fall] = [Number.NEGATIVE_INFINITY, 0];
  for (let i = 0; i < y.length; i++) {
    const value = y[i]!;
    if (value > highest) highest = value;
    else if (highest - value > fall) fall = highest - value;
  }
  return fall;
}
