/**
 * Mann 1945, "Nonparametric Tests Against Trend", and Sen 1968, "Estimates of the Regression Coefficient Based on Kendall's Tau", over all
 * pairs: the baseline for the detector's speed. The median slope uses every 997th pair, because all pairs of two weeks are 1.6 GB.
 */
export function allPairs(y: Float64Array): number {
  let s = 0;
  let pair = 0;
  const slopes: number[] = [];
  for (let i = 0; i < y.length; i++)
    for (let j = i + 1; j < y.length; j++) {
      const rise = y[j]! - y[i]!;
      s += Math.sign(rise);
      if (pair++ % 997 === 0) slopes.push(rise / (j - i));
    }
  slopes.sort((a, b) => a - b);
  return s + slopes[slopes.length >> 1]!;
}
