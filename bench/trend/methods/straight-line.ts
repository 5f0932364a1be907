/** A least-squares line through evenly spaced values, sums centred. `slope` a step. */
export interface Line {
  readonly slope: number;
  readonly mean: number;
  /** Share of the movement that the line explains. */
  readonly square: number;
}

export function leastSquaresLine(y: Float64Array, from = 0, to = y.length): Line {
  const n = to - from;
  let mean = 0;
  for (let i = from; i < to; i++) mean += y[i]! / n;
  let sxy = 0;
  let syy = 0;
  for (let i = from; i < to; i++) {
    const above = y[i]! - mean;
    sxy += (i - from - (n - 1) / 2) * above;
    syy += above * above;
  }
  const sxx = (n * (n * n - 1)) / 12;
  return { slope: sxy / sxx, mean, square: syy > 0 ? (sxy * sxy) / (sxx * syy) : 0 };
}
