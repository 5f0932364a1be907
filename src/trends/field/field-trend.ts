import { fieldRow } from '../../fields.ts';
import type { Limit } from '../../sources/types.ts';
import { removeDays } from '../model/daily-cycle.ts';
import { shapeAt } from '../model/mean-models.ts';
import { evenHanded, weighShapes } from '../model/model-average.ts';
import { driftBelow, driftQuantile } from '../model/slope-posterior.ts';
import type { FieldTrend, Trend } from '../types.ts';
import { type Blocks, blockMeans, firstAt } from './block-means.ts';
import { centredSums } from './least-squares.ts';
import { isMaterial } from './practical-significance.ts';
import { type Floor, floorOf } from './sawtooth-floor.ts';

/** What the combination needs beside the public trend. */
export interface FieldJudgement extends FieldTrend {
  /** Level of the fitted line at the end, in the field's unit. */
  readonly levelNow: number;
  /** Level at the beginning of the window. */
  readonly levelThen: number;
  /** Whether it also fills, as a warm-up does, beside its drift. */
  readonly fills: boolean;
  /** That it is no part of a day is known, from earlier lives of the container or from weeks of this one. */
  readonly known: boolean;
  /** Share of belief that it grows, where bends and days were as likely beforehand as plain lines: what confidence is made of. */
  readonly certainty: number;
}

export interface Window {
  readonly t: Float64Array;
  readonly from: number;
  readonly to: number;
  readonly intervalS: number;
  readonly limit: Limit;
}

const HOUR = 3600;
const DAY = 86_400;
const FEWEST_BLOCKS = 6;

/**
 * Least share of belief for a drift to be told. Where the drift is but a small part of all movement, belief rests on the noise being
 * as modelled, and must be strong; where it is nearly all of it, no noise of a real machine was seen to do the same.
 */
const CERTAIN = 0.94;
const CERTAIN_WHEN_STRAIGHT = 0.55;
const HARDLY_STRAIGHT = 0.5;
const STRAIGHT = 0.85;
const certainEnough = (straight: number): number =>
  CERTAIN -
  (CERTAIN - CERTAIN_WHEN_STRAIGHT) * Math.min(1, Math.max(0, (straight - HARDLY_STRAIGHT) / (STRAIGHT - HARDLY_STRAIGHT)));

/** Collections before a floor can be said to rise; and before it is sure that one bends and then rises: a few are few points for that. */
const FEWEST_CYCLES = 4;
const FEWEST_FOR_BENDS = 12;
const FEW = 0.75;

const FLOORED: ReadonlySet<string> = new Set(['heap_used', 'old_used']);

const blank = {
  basis: { segments: [], line: null, fits: [], tests: {} },
  levelNow: Number.NaN,
  levelThen: Number.NaN,
  fills: false,
  known: false,
  certainty: 0,
};

export function notEnough(points: number, windowS: number, because: string): FieldJudgement {
  return {
    ...blank,
    trend: 'not-enough-data',
    slopeBytesPerHour: null,
    low: null,
    high: null,
    p: null,
    points,
    windowSeconds: windowS,
    basis: { ...blank.basis, because },
  };
}

function still(level: number, points: number, windowS: number, because: string): FieldJudgement {
  return {
    ...blank,
    trend: 'stable',
    slopeBytesPerHour: 0,
    low: 0,
    high: 0,
    p: 0.5,
    points,
    windowSeconds: windowS,
    basis: { ...blank.basis, because },
    levelNow: level,
  };
}

function present(values: Float64Array, window: Window): { t: Float64Array; y: Float64Array } {
  const t = new Float64Array(window.to - window.from);
  const y = new Float64Array(window.to - window.from);
  let count = 0;
  for (let i = window.from; i < window.to; i++)
    if (Number.isFinite(values[i])) {
      t[count] = window.t[i]!;
      y[count++] = values[i]!;
    }
  return { t: t.subarray(0, count), y: y.subarray(0, count) };
}

function floorBlocks({ t: at, values }: Pick<Floor, 't' | 'values'>, { t, from, to, intervalS }: Window): Blocks {
  const thin = blockMeans(at, values, 0, at.length, intervalS, 120);
  const windowS = t[to - 1]! - t[from]!;
  return {
    ...thin,
    x: thin.x.map((x) => x + at[0]! - t[from]!),
    fromT: t[from]!,
    stepS: Math.max(thin.stepS, windowS / at.length),
    windowS,
  };
}

/** Blocks of the field, or of its floor where it is a saw-tooth; `cycles`: collections that the floor rests on. */
function blocksOf(id: string, values: Float64Array, window: Window): { blocks: Blocks; cycles: number | null } {
  const { t, from, to, intervalS } = window;
  if (FLOORED.has(id)) {
    const { t: at, y } = present(values, window);
    const floor = floorOf(at, y);
    if (floor !== null && floor.cycles >= FEWEST_CYCLES) {
      const thin = { ...floorBlocks(floor, window), points: y.length };
      const enough = thin.y.length >= FEWEST_BLOCKS;
      return { blocks: enough ? thin : blockMeans(t, values, from, to, intervalS, 120), cycles: floor.cycles };
    }
    return { blocks: blockMeans(t, values, from, to, intervalS, 120), cycles: floor?.cycles ?? null };
  }
  return { blocks: blockMeans(t, values, from, to, intervalS, 120), cycles: null };
}

export function judgeField(id: string, values: Float64Array, window: Window): FieldJudgement {
  const { blocks, cycles } = blocksOf(id, values, window);
  return judgeBlocks(id, blocks, cycles, window);
}

/** The floor of a heap whose values are `values`, by what is known to be left after each of its collections. */
export function judgeFloor(id: string, floor: Pick<Floor, 't' | 'values'>, values: Float64Array, window: Window): FieldJudgement {
  const points = present(values, window).y.length;
  return judgeBlocks(id, { ...floorBlocks(floor, window), points }, floor.values.length, window);
}

function judgeBlocks(id: string, blocks: Blocks, cycles: number | null, { t, from, to, limit }: Window): FieldJudgement {
  const windowS = t[to - 1]! - t[from]!;
  const m = blocks.y.length;
  if (m < FEWEST_BLOCKS) return notEnough(blocks.points, windowS, `${m} values are too few`);
  const unit = fieldRow(id).unit;
  // By index: an iterator makes an object a value, where code is interpreted.
  let level = 0;
  for (let i = 0; i < m; i++) level += blocks.y[i]!;
  level /= m;
  let scale = 0;
  for (let i = 0; i < m; i++) scale = Math.max(scale, Math.abs(blocks.y[i]! - level));
  if (!isMaterial((2 * scale) / windowS, level, limit, windowS, unit))
    return still(blocks.y[m - 1]!, blocks.points, windowS, 'it did not move enough to matter');

  const y = blocks.y.map((value) => (value - level) / scale);
  if (windowS >= 2 * DAY) removeDays(blocks.x, y, blocks.stepS, windowS);
  const weighing = weighShapes(blocks.x, y, windowS);
  const { weighed } = weighing;
  let drifting = 0;
  let coming = 0;
  for (const { shape, best, weight } of weighed) {
    if (shape.drift !== null) drifting += weight;
    else if (shape.toCome !== null) coming += weight * best[1]! * scale * shape.toCome(DAY / windowS);
  }
  const toSlope = scale / windowS;
  const drift = weighed.flatMap((one) => one.drift);
  const below = driftBelow(drift, 0);
  const growing = drifting * (1 - below);
  const falling = drifting * below;
  const slope = driftQuantile(drift, 0.5) * toSlope;
  const top = weighed[0]!;
  // The last block's middle is a little before the end.
  const ahead = top.shape.drift === null ? 0 : slope * (windowS - blocks.x[m - 1]!);
  const levelNow = level + shapeAt(top.shape, weighing.basis, top.best, m - 1) * scale + ahead;
  const straight = straightness(blocks.x, y, top.shape.begins * windowS);
  const material = isMaterial(slope, level, limit, windowS, unit);
  let trend: Trend = 'stable';
  let because = 'no material drift beyond its own wandering';
  if (material && growing >= certainEnough(straight)) {
    trend = 'growing';
    because = 'a lasting drift that its own wandering does not explain';
  } else if (material && falling >= certainEnough(straight)) {
    trend = 'shrinking';
    because = 'a lasting fall that its own wandering does not explain';
  } else if (top.shape.toCome !== null && coming > 0) {
    const limitShare = typeof limit === 'number' ? 0.02 * limit : Number.POSITIVE_INFINITY;
    if (coming > Math.min(limitShare, 0.1 * Math.abs(levelNow))) {
      trend = 'settling';
      because = 'it rises ever more slowly towards a level';
    }
  }
  if (cycles !== null && cycles < FEWEST_CYCLES && trend === 'growing') {
    trend = 'cyclic';
    because = `a saw-tooth of only ${cycles} collections`;
  }
  // Feet that fell together and rise again are the collections of a generation that is collected rarely: of those this is but one.
  const fell = top.shape.name === 'step-line' && top.best[1]! < 0;
  const few = cycles !== null && (fell || (cycles < FEWEST_FOR_BENDS && top.shape.name !== 'line'));
  return {
    trend,
    slopeBytesPerHour: slope * HOUR,
    low: driftQuantile(drift, 0.05) * toSlope * HOUR,
    high: driftQuantile(drift, 0.95) * toSlope * HOUR,
    p: Math.max(0, 1 - growing),
    points: blocks.points,
    windowSeconds: windowS,
    basis: {
      segments: top.shape.begins > 0.01 ? [t[from]!, t[from]! + top.shape.begins * windowS] : [t[from]!],
      line: {
        fromT: t[from]! + top.shape.begins * windowS,
        toT: t[to - 1]!,
        level: levelNow - slope * (1 - top.shape.begins) * windowS,
        slopePerSecond: slope,
      },
      fits: weighed.slice(0, 6).map(({ shape, weight }) => ({ model: shape.name, score: -2 * Math.log(weight + 1e-12) })),
      tests: {
        growing,
        falling,
        drifting,
        coming,
        straight,
        material: material ? 1 : 0,
        ...(cycles === null ? {} : { collections: cycles }),
      },
      because,
    },
    levelNow,
    levelThen: blocks.y[0]!,
    fills: top.shape.name === 'fill-line',
    known: false,
    certainty: few ? Math.min(FEW, evenHanded(weighed)) : evenHanded(weighed),
  };
}

/** R squared of a straight line over what comes after `fromS`: how much of all the movement is the drift. */
function straightness(x: Float64Array, y: Float64Array, fromS: number): number {
  const { sxx, sxy, syy } = centredSums(x, y, firstAt(x, fromS, 0, x.length));
  return sxx > 0 && syy > 0 ? (sxy * sxy) / (sxx * syy) : 0;
}
