/** Centred sums of a straight line by least squares: slope is `sxy / sxx`, R squared `sxy ** 2 / (sxx * syy)`. */
export interface CentredSums {
  readonly n: number;
  readonly meanX: number;
  readonly meanY: number;
  readonly sxx: number;
  readonly sxy: number;
  readonly syy: number;
}

/** Over the points `from` (an index) to the last: sums about the means, for times are large and differ by little. */
export function centredSums(x: Float64Array, y: Float64Array, from = 0): CentredSums {
  const n = x.length - from;
  let meanX = 0;
  let meanY = 0;
  let sxx = 0;
  let sxy = 0;
  let syy = 0;
  for (let i = from; i < x.length; i++) {
    meanX += x[i]!;
    meanY += y[i]!;
  }
  meanX /= n;
  meanY /= n;
  for (let i = from; i < x.length; i++) {
    const dx = x[i]! - meanX;
    const dy = y[i]! - meanY;
    sxx += dx * dx;
    sxy += dx * dy;
    syy += dy * dy;
  }
  return { n, meanX, meanY, sxx, sxy, syy };
}
