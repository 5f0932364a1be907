/** Ordinary least squares of a straight line, as centred sums: the slope is `sxy / sxx`, R squared is `sxy ** 2 / (sxx * syy)`. */
export interface CentredSums {
  readonly n: number;
  readonly meanX: number;
  readonly meanY: number;
  readonly sxx: number;
  readonly sxy: number;
  readonly syy: number;
}

/** Sums over the points from index `from` to the last. They are taken about the means because times are large and differ by little. */
export function centredSums(x: ArrayLike<number>, y: ArrayLike<number>, from = 0): CentredSums {
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

/** The values of each `stride`th point less their least-squares line. */
export function withoutLine(t: Float64Array, values: Float64Array, stride: number): Float64Array {
  const count = Math.ceil(values.length / stride);
  const [x, y] = [new Float64Array(count), new Float64Array(count)];
  for (let k = 0; k < count; k++) {
    x[k] = t[k * stride]!;
    y[k] = values[k * stride]!;
  }
  const { meanX, sxx, sxy } = centredSums(x, y);
  const slope = sxx > 0 ? sxy / sxx : 0;
  return y.map((value, k) => value - slope * (x[k]! - meanX));
}
