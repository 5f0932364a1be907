import { type FieldName, fieldRow } from '../../fields.ts';
import { DAY_S, HOUR_S } from '../../units.ts';
import type { Arithmetic } from '../model/arithmetic.ts';
import type { GrowthOdds, ModelPosterior } from '../model/model-average.ts';
import type { FieldTrend, Trend, TrendBasis } from '../types.ts';
import { type BlockMeans, blockMeans, lowerBound } from './block-means.ts';
import { Z90 } from './growth-rate.ts';
import { isTooShortToKnow, type LastingRise, lastingRise } from './lasting-rise.ts';
import { isPracticallySignificant } from './practical-significance.ts';
import {
  hasTooFewCycles,
  isStillToCome,
  leastPosterior,
  MIN_CYCLES,
  type ReportedTrend,
  reportedTrend,
} from './reported-trend.ts';
import { type SawtoothFloor, sawtoothFloor } from './sawtooth-floor.ts';
import { withoutSpikes } from './spikes.ts';
import { BURSTS_THAT_COME_BACK, type Staircase, staircase } from './staircase.ts';
import { withoutGarbage } from './steady-garbage.ts';
import { errorOfStepHeights } from './step-heights.ts';
import { type Straightness, straightness } from './straightness.ts';
import { troughLateness } from './trough-lateness.ts';
import type { Window } from './window.ts';
import { isYoungStep } from './young-step.ts';

/** A field's trend, with what `together/` needs beside the public part. */
export interface FieldEvaluation extends FieldTrend {
  /** Level of the most probable model at the end of the window, in the field's unit. */
  readonly levelNow: number;
  /** Level at the start of the window, in the field's unit. */
  readonly levelAtStart: number;
  /** Whether the most probable model has a saturation (a warm-up) beside its drift. */
  readonly saturating: boolean;
  /** Whether earlier runs, or more than a week of this run, show that the growth is not part of a daily cycle. */
  readonly dailyLoadExcluded: boolean;
  /** Posterior probability of growth under a flat prior. Confidence starts from it. */
  readonly posterior: number;
  /** Its odds of growth by the models alone; null: it has too few values, or did not move enough to matter. */
  readonly growthOdds: GrowthOdds | null;
  /**
   * The heap grows or is nearly full, and its collector does not report what is left after a collection; or most of what is allocated survives the
   * young collections, and the old generation was not collected: a leak is neither found nor excluded.
   */
  readonly liveSetUnknown?: true;
  /** What its collections leave does not rise, or is not known: its own values are no evidence of growth. */
  readonly overruled?: true;
  /** It rose, no lasting slope was found, and it stands for too short a time to know whether it has stopped; null: it is not so. */
  readonly undecidedRise: LastingRise | null;
}

const MIN_BLOCKS = 6;
const MAX_BLOCKS = 120;

/** Confidence in a floor of few collections is at most this. */
const FEW_CYCLES_POSTERIOR = 0.75;

const EMPTY = {
  basis: { segments: [], line: null, modelProbabilities: [], statistics: {} },
  levelNow: Number.NaN,
  levelAtStart: Number.NaN,
  saturating: false,
  dailyLoadExcluded: false,
  posterior: 0,
  growthOdds: null,
  undecidedRise: null,
};

export function notEnoughData(points: number, windowS: number, because: string): FieldEvaluation {
  return {
    ...EMPTY,
    trend: 'not-enough-data',
    slopeBytesPerHour: null,
    low: null,
    high: null,
    p: null,
    points,
    windowSeconds: windowS,
    basis: { ...EMPTY.basis, reason: because },
  };
}

function flatField(level: number, points: number, windowS: number, because: string): FieldEvaluation {
  return {
    ...EMPTY,
    trend: 'stable',
    slopeBytesPerHour: 0,
    low: 0,
    high: 0,
    p: 0.5,
    points,
    windowSeconds: windowS,
    basis: { ...EMPTY.basis, reason: because },
    levelNow: level,
  };
}

const NOT_FINITE = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];

function presentValues(values: Float64Array, window: Window): { t: Float64Array; y: Float64Array } {
  const all = values.subarray(window.from, window.to);
  // V8 searches an array without a step of its interpreter.
  if (!NOT_FINITE.some((one) => all.includes(one))) return { t: window.t.subarray(window.from, window.to), y: all };
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

function floorBlockMeans({ t: at, values }: Pick<SawtoothFloor, 't' | 'values'>, window: Window): BlockMeans {
  const { t, from, to } = window;
  const thin = blockMeans(values, { ...window, t: at, from: 0, to: at.length }, MAX_BLOCKS);
  const windowS = t[to - 1]! - t[from]!;
  return {
    ...thin,
    timesS: thin.timesS.map((x) => x + at[0]! - t[from]!),
    fromT: t[from]!,
    stepS: Math.max(thin.stepS, windowS / at.length),
    windowS,
  };
}

interface FieldBlocks {
  readonly blocks: BlockMeans;
  /** Number of collections; null: no sawtooth. */
  readonly cycles: number | null;
  /** The floor, where it has too few values to be the blocks: they are those of the saw-tooth without its garbage. */
  readonly fewTroughs: SawtoothFloor | null;
  /** How far the floor lies below the troughs that were sampled. */
  readonly lateness: number;
}

/** Blocks of the field, or of its floor if it is a sawtooth. */
function blocksOf(id: FieldName, values: Float64Array, window: Window): FieldBlocks {
  if (fieldRow(id).sawtooth) {
    const { t: at, y } = presentValues(values, window);
    const floor = sawtoothFloor(at, y, window.shared.arithmetic.withoutLine);
    if (floor !== null && floor.cycles >= MIN_CYCLES) {
      const thin = { ...floorBlockMeans(floor, window), points: y.length };
      const enough = thin.y.length >= MIN_BLOCKS;
      return {
        blocks: enough ? thin : blockMeans(withValues(values, window, withoutGarbage(at, y, floor)), window, MAX_BLOCKS),
        cycles: floor.cycles,
        fewTroughs: enough ? null : floor,
        lateness: troughLateness(at, y, floor),
      };
    }
    return {
      blocks: blockMeans(values, window, MAX_BLOCKS),
      cycles: floor?.cycles ?? null,
      fewTroughs: floor,
      lateness: floor === null ? 0 : troughLateness(at, y, floor),
    };
  }
  return { blocks: blockMeans(values, window, MAX_BLOCKS), cycles: null, fewTroughs: null, lateness: 0 };
}

/** The same column with other values where it has any. */
function withValues(column: Float64Array, { from, to }: Window, values: Float64Array): Float64Array {
  const out = column.slice();
  for (let i = from, k = 0; i < to; i++) if (Number.isFinite(out[i])) out[i] = values[k++]!;
  return out;
}

export function evaluateField(id: FieldName, values: Float64Array, window: Window): FieldEvaluation {
  return evaluateBlocks(id, blocksOf(id, values, window), window);
}

/** With at least this many collections, a heap's live set is evaluated like any other field. */
export const MANY_COLLECTIONS = 8;

/** The trend of a heap's floor. `floor`: the live set after each collection. `values`: heap used. Both in bytes. */
export function evaluateFloor(
  id: FieldName,
  floor: Pick<SawtoothFloor, 't' | 'values'>,
  values: Float64Array,
  window: Window,
): FieldEvaluation {
  const points = presentValues(values, window).y.length;
  const blocks = { ...floorBlockMeans(floor, window), points };
  return evaluateBlocks(id, { blocks, cycles: floor.values.length, fewTroughs: null, lateness: 0 }, window);
}

function evaluateBlocks(id: FieldName, { blocks, cycles, fewTroughs, lateness }: FieldBlocks, window: Window): FieldEvaluation {
  const { t, from, to, limit } = window;
  const windowS = t[to - 1]! - t[from]!;
  const m = blocks.y.length;
  if (m < MIN_BLOCKS) return notEnoughData(blocks.points, windowS, `${m} values are too few`);
  const unit = fieldRow(id).unit;
  // Loops by index, of few steps: V8's interpreter allocates an object for each value of an iterator, and for each result.
  let [level, lowest, highest] = [0, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < m; i++) {
    const value = blocks.y[i]!;
    level += value;
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  level /= m;
  const scale = Math.max(highest - level, level - lowest);
  if (!isPracticallySignificant((2 * scale) / windowS, level, limit, windowS, unit))
    return flatField(
      // The newest trough may be later than the others, or not late at all.
      lateness === 0 ? blocks.y[m - 1]! : (troughLevel(fewTroughs, t[from]!, t[to - 1]!, 0) ?? level) - lateness,
      blocks.points,
      windowS,
      'it did not move enough to matter',
    );

  const moves = new Float64Array(m);
  for (let i = 0; i < m; i++) moves[i] = (blocks.y[i]! - level) / scale;
  if (windowS >= 2 * DAY_S) window.shared.removeDailyCycle(blocks.timesS, moves, blocks.stepS, windowS);
  // A floor has no spikes: its values are troughs.
  const y = cycles === null ? withoutSpikes(moves, window.shared.arithmetic.movesOf) : moves;
  const { models, drifting, growing, falling, growingFlatPrior, ...average } = window.shared.modelAverage(
    blocks.timesS,
    y,
    windowS,
    cycles !== null,
  );
  let remainingRise = 0;
  for (const { model, coefficients, probability } of models)
    if (model.remainingShare !== null)
      remainingRise += probability * coefficients[1]! * scale * model.remainingShare(DAY_S / windowS);
  const toSlope = scale / windowS;
  const slope = average.slope.median * toSlope;
  const stepError = Z90 * slope * errorOfStepHeights(y, window.shared.arithmetic.movesOf);
  const top = models[0]!;
  // The middle of the last block is a little before the end of the window.
  const ahead = top.model.slopeFactors === null ? 0 : slope * (windowS - blocks.timesS[m - 1]!);
  const levelNow =
    (troughLevel(fewTroughs, t[from]! + top.model.lastPartStart * windowS, t[to - 1]!, slope) ??
      level + average.levelAtEnd * scale + ahead) - lateness;
  const line = newestLine(top, blocks.timesS, y, top.model.lastPartStart * windowS, window.shared.arithmetic);
  const { rSquared } = line;
  const significant = isPracticallySignificant(slope, level, limit, windowS, unit);
  const settles = top.model.remainingShare !== null && isStillToCome(remainingRise, levelNow, limit);
  const { lastPartStart } = top.model;
  const moved = Math.abs(slope) * (1 - lastPartStart) * windowS;
  const moveOfLimit = typeof limit === 'number' && unit === 'bytes' ? moved / limit : null;
  const netShare = (Math.sign(slope) * (average.levelAtEnd - average.levelAfterStart) * scale) / moved;
  const byModels = reportedTrend({
    significant,
    growing,
    falling,
    straightAllAlong: straightAllAlong(models),
    moveOfLimit,
    netShare,
    line,
    leastPosterior: leastPosterior(top, { cycles, rSquared, netShare }),
    settles,
    cycles: cycles === null || lastPartStart < LATE || netShare >= ROSE_BEFORE ? cycles : Math.min(cycles, line.points),
  });
  const values = new Float64Array(m);
  for (let i = 0; i < m; i++) values[i] = level + y[i]! * scale;
  const reported: ReportedTrend =
    byModels.trend === 'growing' && isYoungStep(blocks.timesS, values, lastPartStart * windowS)
      ? { trend: 'stable', reason: 'it rose in one step just now' }
      : byModels;
  // A saw-tooth rises until it is collected: only its floor can be said to have risen.
  const floorIsKnown = !fieldRow(id).sawtooth || (cycles ?? 0) >= MIN_CYCLES;
  const inBursts =
    IN_BURSTS.has(reported.trend) && !fieldRow(id).sawtooth
      ? staircase(blocks.timesS, values, windowS, window.shared.arithmetic.movesOf)
      : null;
  const matters = inBursts !== null && isPracticallySignificant(inBursts.slopePerSecond, level, limit, windowS, unit);
  // The newest line may be that of the newest burst alone.
  const isLineOfBurst = reported.trend === 'growing' && top.model.lastPartStart * windowS > (inBursts?.beganS ?? windowS);
  const goesOn = matters && (reported.trend === 'growing' ? isLineOfBurst : inBursts.bursts >= BURSTS_THAT_COME_BACK);
  const rise = reported.trend === 'stable' && floorIsKnown && !goesOn ? lastingRise(blocks.timesS, values, windowS) : null;
  const isUndecided =
    rise !== null && isTooShortToKnow(rise) && isPracticallySignificant(rise.slopePerSecond, level, limit, windowS, unit);
  const { trend, reason }: ReportedTrend = isUndecided
    ? { trend: 'settling', reason: 'it rose, and stands for too short a time to know whether it has stopped' }
    : reported;
  const tooFewCycles = cycles !== null && hasTooFewCycles(top, cycles);
  const evaluated: FieldEvaluation = {
    trend,
    slopeBytesPerHour: slope * HOUR_S,
    low: (slope - Math.hypot(slope - average.slope.low * toSlope, stepError)) * HOUR_S,
    high: (slope + Math.hypot(average.slope.high * toSlope - slope, stepError)) * HOUR_S,
    p: Math.max(0, 1 - growing),
    points: blocks.points,
    windowSeconds: windowS,
    basis: {
      segments: top.model.lastPartStart > 0.01 ? [t[from]!, t[from]! + top.model.lastPartStart * windowS] : [t[from]!],
      line: {
        fromT: t[from]! + top.model.lastPartStart * windowS,
        toT: t[to - 1]!,
        level: levelNow - slope * (1 - top.model.lastPartStart) * windowS,
        slopePerSecond: slope,
      },
      modelProbabilities: probabilitiesByName(models),
      statistics: {
        growing,
        falling,
        drifting,
        remainingRise,
        rSquared,
        significant: significant ? 1 : 0,
        ...(cycles === null ? {} : { collections: cycles }),
        ...(matters ? { bursts: inBursts.bursts } : {}),
        ...(rise === null
          ? {}
          : { rise: rise.amount, riseShare: rise.share, roseSeconds: rise.roseSeconds, standsSeconds: rise.standsSeconds }),
      },
      reason,
    },
    levelNow,
    levelAtStart: blocks.y[0]! - lateness,
    saturating: SATURATING.has(top.model.name),
    dailyLoadExcluded: false,
    growthOdds: average.growthOdds,
    posterior: tooFewCycles ? Math.min(FEW_CYCLES_POSTERIOR, growingFlatPrior) : growingFlatPrior,
    undecidedRise: isUndecided ? rise : null,
  };
  return goesOn ? growingInBursts(evaluated, inBursts, t[from]!, values[m - 1]!) : evaluated;
}

/** One of the places for a bend in a short last part of the window fits a few collections by chance. */
const LATE = 0.75;
/** A floor that rose as much before the bend as after it did not begin to rise there. */
const ROSE_BEFORE = 2;

/**
 * The level of the floor at the time `at`: its troughs since `since`, or the last of them, moved along `slope` (a second). Blocks of a saw-tooth
 * with few troughs have its slope. null: there is no trough.
 */
function troughLevel(floor: SawtoothFloor | null, since: number, at: number, slope: number): number | null {
  const n = floor?.t.length ?? 0;
  if (floor === null || n === 0) return null;
  const first = Math.min(n - 1, lowerBound(floor.t, since, 0, n));
  let sum = 0;
  for (let k = first; k < n; k++) sum += floor.values[k]! + slope * (at - floor.t[k]!);
  return sum / (n - first);
}

/** Trends of which a burst, or the pause after it, may be the reason. */
const IN_BURSTS: ReadonlySet<Trend> = new Set(['growing', 'stable', 'settling']);
/** The next burst may not come. */
const BURSTS_POSTERIOR = 0.75;

/** A field that rises in bursts, as growth at their mean rate. */
function growingInBursts(
  field: FieldEvaluation,
  { slopePerSecond, standardError, beganS }: Staircase,
  windowT: number,
  levelNow: number,
): FieldEvaluation {
  const [slope, half] = [slopePerSecond * HOUR_S, Z90 * standardError * slopePerSecond * HOUR_S];
  const [fromT, toT] = [windowT + beganS, windowT + field.windowSeconds];
  return {
    ...field,
    trend: 'growing',
    slopeBytesPerHour: slope,
    low: slope - half,
    high: slope + half,
    ...(field.trend !== 'growing' && { p: 1 - BURSTS_POSTERIOR, posterior: BURSTS_POSTERIOR }),
    levelNow,
    basis: {
      ...field.basis,
      line: { fromT, toT, level: levelNow - slopePerSecond * (toT - fromT), slopePerSecond },
      reason: 'it rises in bursts, and has not paused for longer than before',
    },
  };
}

/** Probability of the models whose slope is that of the whole window. */
function straightAllAlong(models: readonly ModelPosterior[]): number {
  let sum = 0;
  for (const { model, probability } of models) if (model.slopeFactors !== null && model.lastPartStart === 0) sum += probability;
  return sum;
}

const SATURATING: ReadonlySet<string> = new Set(['saturation-line', 'two-saturations-line']);

/** Each name once: models of one name differ in where they bend or step. */
function probabilitiesByName(models: readonly ModelPosterior[]): TrendBasis['modelProbabilities'] {
  const byName = new Map<string, number>();
  for (const { model, probability } of models) byName.set(model.name, (byName.get(model.name) ?? 0) + probability);
  return [...byName]
    .filter(([, probability]) => probability >= LEAST_PUBLISHED_PROBABILITY)
    .sort((a, b) => b[1] - a[1])
    .map(([model, probability]) => ({ model, probability }));
}

const LEAST_PUBLISHED_PROBABILITY = 0.001;

/** The newest line of the likeliest model. Where that shifts, it is straight if it is with the shift and without: neither may be what makes it so. */
function newestLine(
  { model: { shift }, coefficients }: ModelPosterior,
  x: Float64Array,
  y: Float64Array,
  fromS: number,
  { centredSums }: Arithmetic,
): Straightness {
  const whole = straightness(x, y, fromS, centredSums);
  if (shift === null) return whole;
  const size = coefficients[1]!;
  const unshifted = y.map((value, i) => (i < shift.at ? value : i === shift.at ? value - shift.share * size : value - size));
  const line = straightness(x, unshifted, fromS, centredSums);
  return { ...line, rSquared: Math.min(line.rSquared, whole.rSquared) };
}
