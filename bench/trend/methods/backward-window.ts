import { hourlyRunningMedian } from './running-median.ts';

/**
 * Linear backward regression: lines through the newest values, ever further back, and a leak where any of them rises with an
 * R squared of SQUARE. Jindal, Staab, Cardoso, Gerndt & Podolskiy 2021, "Online Memory Leak Detection in the
 * Cloud-based Infrastructures", arXiv 2101.09799 (five-minute medians, smoothed over an hour).
 * The authors use sixty values and 0.8. With three hours and 0.7 it scores here as it does on real machines.
 */
const FEWEST = 36;
const SQUARE = 0.7;

export function risesBackward(y: Float64Array): boolean {
  const n = y.length;
  const smooth = hourlyRunningMedian(y);
  const from = smooth[n - 1]!;
  let sy = 0;
  let syy = 0;
  let sxy = 0;
  for (let k = 0; k < n; k++) {
    const value = smooth[n - 1 - k]! - from;
    sy += value;
    syy += value * value;
    sxy += k * value;
    const m = k + 1;
    if (m < Math.min(FEWEST, n)) continue;
    const sxx = (m * (m * m - 1)) / 12;
    const cross = sxy - (sy * (m - 1)) / 2;
    const total = syy - (sy * sy) / m;
    const square = total > 0 ? (cross * cross) / (sxx * total) : 0;
    if (cross < 0 && square >= SQUARE) return true;
  }
  return false;
}
