import { leastSquaresLine } from './straight-line.ts';

/**
 * Straight pieces by binary segmentation (Vostrikova 1981, "Detecting disorder in multidimensional random processes"), a split
 * if it lowers the criterion of Schwarz 1978 for the effective number of values under autocorrelation; then a line through the last piece.
 */
const FEWEST = 10;

export function lastSegmentRises(y: Float64Array): boolean {
  const from = lastSplit(y, 0);
  const { slope, square } = leastSquaresLine(y, from);
  const movement = spreadOf(y);
  return slope > 0 && square > 0.5 && slope * (y.length - from) > 0.5 * movement;
}

function lastSplit(y: Float64Array, from: number): number {
  const n = y.length - from;
  if (n < 2 * FEWEST) return from;
  const whole = left(y, from, y.length);
  let best = whole;
  let at = from;
  for (let split = from + FEWEST; split <= y.length - FEWEST; split++) {
    const rest = left(y, from, split) + left(y, split, y.length);
    if (rest < best) {
      best = rest;
      at = split;
    }
  }
  if (at === from || best <= 0) return from;
  const independent = Math.max(6, n * lossOf(y, from));
  const gain = independent * Math.log(whole / best) - 3 * Math.log(independent);
  return gain > 0 ? lastSplit(y, at) : from;
}

const left = (y: Float64Array, from: number, to: number): number => {
  const { mean, square } = leastSquaresLine(y, from, to);
  let total = 0;
  for (let i = from; i < to; i++) total += (y[i]! - mean) ** 2;
  return total * (1 - square);
};

/** (1 - rho) / (1 + rho) of the residuals from one line: the share of independent values. */
function lossOf(y: Float64Array, from: number): number {
  const { slope, mean } = leastSquaresLine(y, from);
  const middle = from + (y.length - from - 1) / 2;
  let before = 0;
  let square = 0;
  let product = 0;
  for (let i = from; i < y.length; i++) {
    const rest = y[i]! - mean - slope * (i - middle);
    if (i > from) product += rest * before;
    square += rest * rest;
    before = rest;
  }
  const rho = Math.min(0.99, Math.max(0, square > 0 ? product / square : 0));
  return (1 - rho) / (1 + rho);
}

function spreadOf(y: Float64Array): number {
  const sorted = y.slice().sort();
  return sorted[Math.floor(0.95 * y.length)]! - sorted[Math.floor(0.05 * y.length)]!;
}
