import type { Series } from '../history/series.ts';
import { lowerBound } from '../trends/field/block-means.ts';
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
  const from = lowerBound(t, toS - windowS, 0, t.length);
  let [now, samples] = [Number.POSITIVE_INFINITY, 0];
  for (let i = t.length - 1; i >= from && samples < SAMPLES_AT_LEVEL; i--) {
    const value = column[i]!;
    if (!Number.isFinite(value)) continue;
    now = Math.min(now, value);
    samples++;
  }
  if (samples < SAMPLES_AT_LEVEL) return null;
  // From the newest on: of what is steady the first one is as high as now, and the rest of the window is not read.
  let before = Number.NaN;
  for (let i = lowerBound(t, lateS, from, t.length) - 1; i >= from; i--) {
    const value = column[i]!;
    if (Number.isFinite(value) && !(value <= before)) before = value;
    if (before > 0 && now - before < MIN_SHARE * before) return null;
  }
  const bytes = now - before;
  if (!(before > 0)) return null;
  const low = column.findLastIndex((value) => value <= before + LOW * bytes);
  return { bytes, share: bytes / before, sinceS: t[low]! };
}
