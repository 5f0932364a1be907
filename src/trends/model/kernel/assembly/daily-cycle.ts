import { f64At, i32At, put } from './memory';

const DAY: f64 = 86_400;
const MAX_BINS = 48;
const profile = memory.data(MAX_BINS * 8);
const counts = memory.data(MAX_BINS * 8);

/**
 * As `removeDailyCycle` in ../../daily-cycle.ts. `x`: times of `m` points; `y`: their values. `binOf`: of each point its part of the day, one of `bins`.
 * `waves`: of each of the `harmonics` its sine at each point, then its cosine; `binWaves`: the same at the parts of the day.
 */
export function removeDailyCycle(
  x: usize,
  y: usize,
  m: i32,
  stepS: f64,
  windowS: f64,
  bins: i32,
  binOf: usize,
  harmonics: i32,
  waves: usize,
  binWaves: usize,
): void {
  memory.fill(profile, 0, MAX_BINS * 8);
  memory.fill(counts, 0, MAX_BINS * 8);
  let from = 0;
  let to = 0;
  let sum: f64 = 0;
  for (let i = 0; i < m; i++) {
    const at = f64At(x, i);
    while (to < m && f64At(x, to) <= at + DAY / 2) sum += f64At(y, to++);
    while (f64At(x, from) < at - DAY / 2) sum -= f64At(y, from++);
    if (at < DAY / 2 || at > windowS - DAY / 2 || (to - from) * stepS < 0.7 * DAY) continue;
    const bin = i32At(binOf, i);
    put(profile, bin, f64At(profile, bin) + f64At(y, i) - sum / (to - from));
    put(counts, bin, f64At(counts, bin) + 1);
  }
  let known = 0;
  for (let bin = 0; bin < bins; bin++) {
    if (f64At(counts, bin) === 0) continue;
    put(profile, bin, f64At(profile, bin) / f64At(counts, bin));
    known++;
  }
  if (known < 0.8 * bins) return;
  for (let h = 0; h < harmonics; h++) {
    const sines = waves + ((<usize>(2 * h * m)) << 3);
    const cosines = sines + ((<usize>m) << 3);
    const binSines = binWaves + ((<usize>(2 * h * bins)) << 3);
    const binCosines = binSines + ((<usize>bins) << 3);
    let a: f64 = 0;
    let b: f64 = 0;
    for (let bin = 0; bin < bins; bin++) {
      if (f64At(counts, bin) === 0) continue;
      a += (2 * f64At(profile, bin) * f64At(binSines, bin)) / known;
      b += (2 * f64At(profile, bin) * f64At(binCosines, bin)) / known;
    }
    for (let i = 0; i < m; i++) put(y, i, f64At(y, i) - a * f64At(sines, i) - b * f64At(cosines, i));
  }
}
