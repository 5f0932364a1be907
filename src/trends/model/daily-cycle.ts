import { DAY_S } from '../../units.ts';

const HARMONICS = 4;

/**
 * Removes the daily cycle from `y`, in place: four harmonics of 24 h, fitted to the differences from the running mean of a day, so that neither a drift
 * nor a step is taken for a cycle. `x`: seconds after the window's start, a block each `stepS`. Windows that show less than four fifths of a day's
 * hours are left as they are.
 */
export function removeDailyCycle(x: Float64Array, y: Float64Array, stepS: number, windowS: number): void {
  const m = y.length;
  const bins = Math.max(8, Math.min(48, Math.round(DAY_S / stepS)));
  const width = DAY_S / bins;
  // The mean of the day around each point, where a whole one is there.
  const sums = new Float64Array(bins);
  const counts = new Float64Array(bins);
  let from = 0;
  let to = 0;
  let sum = 0;
  for (let i = 0; i < m; i++) {
    const at = x[i]!;
    while (to < m && x[to]! <= at + DAY_S / 2) sum += y[to++]!;
    while (x[from]! < at - DAY_S / 2) sum -= y[from++]!;
    if (at < DAY_S / 2 || at > windowS - DAY_S / 2 || (to - from) * stepS < 0.7 * DAY_S) continue;
    const bin = Math.floor((at % DAY_S) / width) % bins;
    sums[bin] = sums[bin]! + y[i]! - sum / (to - from);
    counts[bin] = counts[bin]! + 1;
  }
  const known: number[] = [];
  for (let bin = 0; bin < bins; bin++) if (counts[bin]! > 0) known.push(bin);
  if (known.length < 0.8 * bins) return;
  const profile = known.map((bin) => sums[bin]! / counts[bin]!);
  for (let h = 1; h <= HARMONICS; h++) {
    let a = 0;
    let b = 0;
    known.forEach((bin, i) => {
      const angle = (2 * Math.PI * h * (bin + 0.5)) / bins;
      a += (2 * profile[i]! * Math.sin(angle)) / known.length;
      b += (2 * profile[i]! * Math.cos(angle)) / known.length;
    });
    for (let i = 0; i < m; i++) {
      const angle = (2 * Math.PI * h * x[i]!) / DAY_S;
      y[i] = y[i]! - a * Math.sin(angle) - b * Math.cos(angle);
    }
  }
}
