import type { FileTrack } from '../../history/series.ts';
import { centredSums } from '../../trends/straight-line.ts';
import { HOUR_S } from '../../units.ts';

/** The growth rate of a column of bytes, in bytes per hour. */
export interface GrowthPace {
  /** Since it last became smaller, by a rotation or a truncation; if that happens repeatedly, over its peaks. null: not known yet. */
  readonly now: number | null;
  /**
   * Of its highest level, because files that are written and removed in turn do not grow, and only of growth that goes on: a heap dump is
   * written at once and stands. The end of a disk is told by it. null: not known yet.
   */
  readonly net: number | null;
}

/** A file system may release a part of the space that it reserved for a file. That is not a rotation. */
const MAX_SHRINKAGE = 0.02;
/** If a rise has slowed to less than this share of its mean rate, the rate of its later half is used. */
const SLOWED = 0.5;
/** And to less than this share of the earlier half, if that is by more than so many standard errors of chance. */
const SLOWER = 0.75;
const Z_SLOWER = 2.5;
const MIN_RISES_OF_ERROR = 4;
const MIN_POINTS = 3;
/** Growth goes on if it came in so many separate rises at least, of which one was in the last part of the time. */
const MIN_RISES = 3;
const LAST_PART = 1 / 3;
/** A rise by more than this share of all growth, in at most that share of the time, is an event and no part of a pace. */
const MAX_SHARE_OF_ONE_RISE = 2 / 3;
const MAX_SHARE_OF_ITS_TIME = 1 / 3;

/** Least squares over the known values of the column. */
export function growthPace(t: Float64Array, column: Float64Array): GrowthPace {
  const known = [...column.keys()].filter((i) => Number.isFinite(column[i]));
  const times = known.map((i) => t[i]!);
  const bytes = known.map((i) => column[i]!);
  const drops = dropsOf(bytes);
  const last = drops[drops.length - 1] ?? 0;
  const sinceDrop = slope(times.slice(last), bytes.slice(last));
  const ofPeaks = drops.length === 0 ? null : peakGrowth(times, bytes, drops);
  return {
    now: drops.length > 1 ? ofPeaks : sinceDrop,
    net: netPace(times, bytes, drops, ofPeaks),
  };
}

function netPace(
  times: readonly number[],
  bytes: readonly number[],
  drops: readonly number[],
  ofPeaks: number | null,
): number | null {
  if (ofPeaks === null) return lastingPace(times, bytes);
  const [drop] = drops;
  const cameBackAtOnce = drops.length === 1 && largestRise(bytes.slice(drop)) !== null;
  return cameBackAtOnce ? null : ofPeaks;
}

/** The pace of growth that goes on. 0: it has stopped. null: it rose too few times to know. */
function lastingPace(times: readonly number[], bytes: readonly number[]): number | null {
  const step = stepOf(times, bytes);
  if (step !== null) {
    const without = (values: readonly number[]): number[] => {
      const rise = values[step.at]! - values[step.at - 1]!;
      return [...values.slice(0, step.at), ...values.slice(step.at + 1).map((value) => value - rise)];
    };
    return lastingPace(without(times), without(bytes));
  }
  const whole = slope(times, bytes);
  if (whole === null || whole <= 0) return whole;
  if (risesOf(bytes).filter((rise) => rise > 0).length < MIN_RISES) return null;
  return hasStopped(times, bytes) ? 0 : slowed(times, bytes, whole);
}

/** How much each value is above the one before it; 0: it is not. */
const risesOf = (bytes: readonly number[]): number[] => bytes.map((b, i) => (i === 0 ? 0 : Math.max(0, b - bytes[i - 1]!)));

interface Rise {
  /** Index of the value after it. */
  readonly at: number;
  readonly bytes: number;
}

/** The one rise that has most of all growth; null: there is none. */
function largestRise(bytes: readonly number[]): Rise | null {
  const rises = risesOf(bytes);
  const all = rises.reduce((sum, rise) => sum + rise, 0);
  const at = rises.findIndex((rise) => rise > MAX_SHARE_OF_ONE_RISE * all);
  return at < 0 ? null : { at, bytes: rises[at]! };
}

/** The one that came in little of the time, besides; null: there is none. */
function stepOf(times: readonly number[], bytes: readonly number[]): Rise | null {
  const rise = largestRise(bytes);
  if (rise === null) return null;
  const seconds = times[rise.at]! - times[rise.at - 1]!;
  return seconds <= MAX_SHARE_OF_ITS_TIME * (times[times.length - 1]! - times[0]!) ? rise : null;
}

function hasStopped(times: readonly number[], bytes: readonly number[]): boolean {
  const last = times.length - 1;
  const fromS = times[last]! - LAST_PART * (times[last]! - times[0]!);
  const from = times.findLastIndex((t) => t <= fromS);
  return bytes[last]! <= bytes[from]!;
}

/** The rate since `fromS`, epoch seconds, by least squares; null: too few values are known. */
export function paceSince(t: Float64Array, column: Float64Array, fromS: number): number | null {
  const known = [...column.keys()].filter((i) => t[i]! >= fromS && Number.isFinite(column[i]));
  return slope(
    known.map((i) => t[i]!),
    known.map((i) => column[i]!),
  );
}

const dropsOf = (bytes: readonly number[]): number[] =>
  [...bytes.keys()].filter((i) => i > 0 && bytes[i]! < bytes[i - 1]! * (1 - MAX_SHRINKAGE));

/** The number of times that a file became smaller. */
export const dropsIn = (column: Float64Array): number => dropsOf([...column].filter(Number.isFinite)).length;

/**
 * From peak to peak. Until the newest cycle has lasted as long as those before, its peak may still be to come, so it tells only what the pace is at
 * least.
 */
function peakGrowth(times: readonly number[], bytes: readonly number[], drops: readonly number[]): number {
  const last = drops[drops.length - 1]!;
  const peaks = drops.map((drop, k) => indexOfPeak(bytes, drops[k - 1] ?? 0, drop));
  const newest = paceBetween(times, bytes, peaks[peaks.length - 1]!, indexOfPeak(bytes, last, bytes.length));
  const longestS = Math.max(...drops.slice(1).map((drop, k) => times[drop]! - times[drops[k]!]!));
  if (drops.length === 1 || times[times.length - 1]! - times[last]! > longestS) return newest;
  return Math.max(newest, paceBetween(times, bytes, peaks[Math.max(0, peaks.length - PEAKS)]!, peaks[peaks.length - 1]!));
}

/** Of so many cycles the pace is told. */
const PEAKS = 4;

/** 0: the later peak is no higher. */
function paceBetween(times: readonly number[], bytes: readonly number[], from: number, to: number): number {
  const rise = bytes[to]! - bytes[from]!;
  return rise <= 0 ? 0 : (rise / (times[to]! - times[from]!)) * HOUR_S;
}

function indexOfPeak(bytes: readonly number[], from: number, to: number): number {
  let peak = from;
  for (let i = from; i < to; i++) if (bytes[i]! > bytes[peak]!) peak = i;
  return peak;
}

/** The rate of the recent part, where growth slows down: of the later half, and so on within that. */
function slowed(times: readonly number[], bytes: readonly number[], whole: number): number {
  const middle = (times[0]! + times[times.length - 1]!) / 2;
  const half = times.findIndex((t) => t >= middle);
  const [laterTimes, laterBytes] = [times.slice(half), bytes.slice(half)];
  const [earlierTimes, earlierBytes] = [times.slice(0, half + 1), bytes.slice(0, half + 1)];
  const later = slope(laterTimes, laterBytes);
  if (later === null) return whole;
  const earlier = slope(earlierTimes, earlierBytes);
  const isSlower =
    later < SLOWED * whole ||
    (earlier !== null &&
      later < SLOWER * earlier &&
      earlier - later > Z_SLOWER * Math.hypot(errorOfRate(earlierTimes, earlierBytes), errorOfRate(laterTimes, laterBytes)));
  return isSlower ? slowed(laterTimes, laterBytes, later) : whole;
}

/** The standard error of a rate, by how much its rises differ: of a log that is written in bursts the halves differ by chance. Per hour. */
function errorOfRate(times: readonly number[], bytes: readonly number[]): number {
  const rises = times.slice(1).map((_, i) => bytes[i + 1]! - bytes[i]!);
  if (rises.length < MIN_RISES_OF_ERROR) return Number.POSITIVE_INFINITY;
  const mean = rises.reduce((sum, rise) => sum + rise, 0) / rises.length;
  const squares = rises.reduce((sum, rise) => sum + (rise - mean) ** 2, 0);
  const variance = (squares / (rises.length - 1)) * rises.length;
  return (Math.sqrt(variance) / (times[times.length - 1]! - times[0]!)) * HOUR_S;
}

function slope(times: readonly number[], bytes: readonly number[]): number | null {
  if (bytes.length < MIN_POINTS) return null;
  const { sxx, sxy } = centredSums(times, bytes);
  return sxx === 0 ? null : (sxy / sxx) * HOUR_S;
}

/** NaN: no value is known. */
export function sumOfColumns(columns: readonly Float64Array[]): Float64Array {
  return (columns[0] ?? new Float64Array()).map((_, i) =>
    columns.reduce((sum, c) => (Number.isFinite(c[i]) ? (Number.isNaN(sum) ? 0 : sum) + c[i]! : sum), Number.NaN),
  );
}

/** The last entry of a column if it is a number. If the newest value is a gap, this is null, never an old number. */
export function lastFinite(column: Float64Array): number | null {
  const last = column[column.length - 1] ?? Number.NaN;
  return Number.isFinite(last) ? last : null;
}

/** The allocated bytes on its file system; if they are not recorded, its length. */
export const allocatedColumn = ({ allocatedBytes, sizeBytes }: FileTrack): Float64Array =>
  lastFinite(allocatedBytes) === null ? sizeBytes : allocatedBytes;

/** The bytes in memory; if residency cannot be queried, the allocated bytes are the best known values. */
export const residentColumn = (track: FileTrack): Float64Array =>
  lastFinite(track.residentBytes) === null ? allocatedColumn(track) : track.residentBytes;
