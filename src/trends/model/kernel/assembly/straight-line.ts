import { f64At, put } from './memory';

/**
 * As `centredSums` in ../../straight-line.ts, of `count` points, each `stride`th of those at `x` and `y`. Into `out`: the means of x and y, then sxx, sxy and
 * syy.
 */
export function centredSums(x: usize, y: usize, count: i32, stride: i32, out: usize): void {
  let meanX: f64 = 0;
  let meanY: f64 = 0;
  let sxx: f64 = 0;
  let sxy: f64 = 0;
  let syy: f64 = 0;
  for (let i = 0, at = 0; i < count; i++, at += stride) {
    meanX += f64At(x, at);
    meanY += f64At(y, at);
  }
  meanX /= count;
  meanY /= count;
  for (let i = 0, at = 0; i < count; i++, at += stride) {
    const dx = f64At(x, at) - meanX;
    const dy = f64At(y, at) - meanY;
    sxx += dx * dx;
    sxy += dx * dy;
    syy += dy * dy;
  }
  put(out, 0, meanX);
  put(out, 1, meanY);
  put(out, 2, sxx);
  put(out, 3, sxy);
  put(out, 4, syy);
}

/** As `withoutLine` in ../../straight-line.ts: the values of these points less their line, into `out`, which has room for 5 numbers more. */
export function withoutLine(x: usize, y: usize, count: i32, stride: i32, out: usize): void {
  const sums = out + ((<usize>count) << 3);
  centredSums(x, y, count, stride, sums);
  const meanX = f64At(sums, 0);
  const slope = f64At(sums, 2) > 0 ? f64At(sums, 3) / f64At(sums, 2) : 0;
  for (let i = 0, at = 0; i < count; i++, at += stride) put(out, i, f64At(y, at) - slope * (f64At(x, at) - meanX));
}
