import { DAY_S } from '../../units.ts';

const HARMONICS = 4;

/** What of a daily cycle depends on the points alone. */
export interface DailyCycle {
  readonly stepS: number;
  /** Parts of a day that are told apart. */
  readonly bins: number;
  /** Of each point its part of the day. */
  readonly binOf: readonly number[];
  readonly harmonics: number;
  /** Of each harmonic its sine at each point, then its cosine. */
  readonly waves: Float64Array;
  /** The same in the middle of each part of the day. */
  readonly binWaves: Float64Array;
}

/** `x`: seconds after the window's start, a block each `stepS`. */
export function dailyCycle(x: Float64Array, stepS: number): DailyCycle {
  const bins = Math.max(8, Math.min(48, Math.round(DAY_S / stepS)));
  const width = DAY_S / bins;
  const binOf = Array.from(x, (at) => Math.floor((at % DAY_S) / width) % bins);
  const middles = Float64Array.from({ length: bins }, (_, bin) => bin + 0.5);
  return { stepS, bins, binOf, harmonics: HARMONICS, waves: wavesAt(x, DAY_S), binWaves: wavesAt(middles, bins) };
}

function wavesAt(at: Float64Array, day: number): Float64Array {
  const m = at.length;
  const waves = new Float64Array(2 * HARMONICS * m);
  for (let h = 1; h <= HARMONICS; h++) {
    const first = 2 * (h - 1) * m;
    for (let i = 0; i < m; i++) {
      const angle = (2 * Math.PI * h * at[i]!) / day;
      waves[first + i] = Math.sin(angle);
      waves[first + m + i] = Math.cos(angle);
    }
  }
  return waves;
}

/**
 * Removes the daily cycle from `y`, in place: four harmonics of 24 h, fitted to the differences from the running mean of a day, so that neither a drift
 * nor a step is taken for a cycle. `x`: seconds after the window's start; `cycle`: at these points. Windows that show less than four fifths of a day's
 * hours are left as they are.
 */
export function removeDailyCycle(x: Float64Array, y: Float64Array, cycle: DailyCycle, windowS: number): void {
  const { stepS, bins, binOf, waves, binWaves } = cycle;
  const m = y.length;
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
    const bin = binOf[i]!;
    sums[bin] = sums[bin]! + y[i]! - sum / (to - from);
    counts[bin] = counts[bin]! + 1;
  }
  const known: number[] = [];
  for (let bin = 0; bin < bins; bin++) if (counts[bin]! > 0) known.push(bin);
  if (known.length < 0.8 * bins) return;
  const profile = known.map((bin) => sums[bin]! / counts[bin]!);
  for (let h = 0; h < HARMONICS; h++) {
    const [sines, cosines] = [2 * h * m, (2 * h + 1) * m];
    const [binSines, binCosines] = [2 * h * bins, (2 * h + 1) * bins];
    let a = 0;
    let b = 0;
    known.forEach((bin, i) => {
      a += (2 * profile[i]! * binWaves[binSines + bin]!) / known.length;
      b += (2 * profile[i]! * binWaves[binCosines + bin]!) / known.length;
    });
    for (let i = 0; i < m; i++) y[i] = y[i]! - a * waves[sines + i]! - b * waves[cosines + i]!;
  }
}
