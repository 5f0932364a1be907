import type { Series } from '../history/series.ts';
import { MINUTE_S } from '../units.ts';

/**
 * A level far above all that a field had in its window until just now. The shapes of the models are those of many samples, so a rise of the
 * last few is a spike of something steady to them.
 */
export interface NewHigh {
  readonly bytes: number;
  /** Of the highest level before. */
  readonly share: number;
  /** Since the last sample that was as low as before, epoch seconds. */
  readonly sinceS: number;
}

const MIN_SHARE = 0.2;
/** "Just now" is the last minute, a longer time in a long window, and no more than half of a short one. */
const LATE_SHARE = 1 / 20;
const MAX_LATE_SHARE = 1 / 2;
/** One sample may be a spike. */
const SAMPLES_AT_LEVEL = 2;
/** Of the rise: less is still the level before. */
const LOW = 0.1;

/** null: it is not so. */
export function newHigh({ t }: Pick<Series, 't'>, column: Float64Array, longestS: number): NewHigh | null {
  const toS = t[t.length - 1] ?? 0;
  const windowS = Math.min(longestS, toS - (t[0] ?? 0));
  const lateS = toS - Math.min(MAX_LATE_SHARE * windowS, Math.max(MINUTE_S, LATE_SHARE * windowS));
  let [now, samples, before] = [Number.POSITIVE_INFINITY, 0, Number.NaN];
  for (let i = t.length - 1; i >= 0 && t[i]! >= toS - windowS; i--) {
    const value = column[i]!;
    if (!Number.isFinite(value)) continue;
    if (samples++ < SAMPLES_AT_LEVEL) now = Math.min(now, value);
    if (t[i]! < lateS && !(value <= before)) before = value;
  }
  const bytes = now - before;
  if (samples < SAMPLES_AT_LEVEL || !(before > 0) || bytes < MIN_SHARE * before) return null;
  const low = column.findLastIndex((value) => value <= before + LOW * bytes);
  return { bytes, share: bytes / before, sinceS: t[low]! };
}
