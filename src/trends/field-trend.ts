import { fieldRow } from '../fields.ts';
import type { Limit } from '../sources/types.ts';
import { blockMedians } from './blocks.ts';
import { floorOf } from './floor.ts';
import { isMaterial } from './material.ts';
import {
  type Fit,
  fitStructural,
  mixtureBelow,
  mixtureDeviation,
  mixtureMean,
  mixtureQuantile,
  noiseGrid,
} from './structural.ts';
import type { FieldTrend, Trend } from './types.ts';

/** What the combination needs beside the public trend. */
export interface FieldJudgement extends FieldTrend {
  /** Level of the fitted line at the end, in the field's unit. */
  readonly levelNow: number;
  /** 95th percentile of the samples about the line. */
  readonly spread95: number;
  readonly material: boolean;
  /** Slope over its standard deviation. */
  readonly z: number;
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
/** Least one-sided certainty for a drift to be told. */
const ALPHA = 0.001;

export function notEnough(points: number, windowS: number, because: string): FieldJudgement {
  return {
    trend: 'not-enough-data',
    slopeBytesPerHour: null,
    low: null,
    high: null,
    p: null,
    points,
    windowSeconds: windowS,
    basis: { segments: [], line: null, fits: [], tests: {}, because },
    levelNow: Number.NaN,
    spread95: 0,
    material: false,
    z: 0,
  };
}

export function judgeField(id: string, values: Float64Array, window: Window): FieldJudgement {
  const { t, from, to, limit } = window;
  const fromT = t[from]!;
  const windowS = t[to - 1]! - fromT;
  let present = 0;
  for (let i = from; i < to; i++) if (Number.isFinite(values[i])) present++;
  if (present < 8) return notEnough(present, windowS, 'fewer than 8 values');
  let blocks = blockMedians(t, values, from, to, window.intervalS);
  let cycles = Number.POSITIVE_INFINITY;
  if (id === 'heap_used' || id === 'old_used') {
    const t1: number[] = [];
    const v1: number[] = [];
    for (let i = from; i < to; i++)
      if (Number.isFinite(values[i])) {
        t1.push(t[i]!);
        v1.push(values[i]!);
      }
    const floor = floorOf(Float64Array.from(t1), Float64Array.from(v1));
    if (floor !== null) {
      cycles = floor.cycles;
      if (cycles >= 4) {
        const thin = blockMedians(floor.t, floor.values, 0, floor.t.length, window.intervalS);
        const shift = floor.t[0]! - fromT;
        blocks = {
          ...thin,
          x: thin.x.map((at) => at + shift),
          fromT,
          stepS: Math.max(thin.stepS, windowS / cycles),
          windowS,
          points: present,
        };
      }
    }
  }
  const m = blocks.y.length;
  if (m < 8) return notEnough(present, windowS, 'fewer than 8 blocks');
  let level = 0;
  for (const value of blocks.y) level += value;
  level /= m;
  let scale = 0;
  for (const value of blocks.y) scale = Math.max(scale, Math.abs(value - level));
  const unit = fieldRow(id).unit;
  const basisOf = (because: string, fit: Fit | null, line: { level: number; slope: number } | null) => ({
    segments: [fromT],
    line: line === null ? null : { fromT, toT: t[to - 1]!, level: line.level, slopePerSecond: line.slope },
    fits: fit === null ? [] : [{ model: 'line', score: -2 * fit.logLik }],
    tests: {} as Record<string, number>,
    because,
  });
  if (scale <= 1e-9 * Math.abs(level) || scale === 0) {
    return {
      trend: 'stable',
      slopeBytesPerHour: 0,
      low: 0,
      high: 0,
      p: 0.5,
      points: present,
      windowSeconds: windowS,
      basis: basisOf('the value did not move', null, { level, slope: 0 }),
      levelNow: level,
      spread95: 0,
      material: false,
      z: 0,
    };
  }
  const y = blocks.y.map((value) => (value - level) / scale);
  const one = new Float64Array(m).fill(1);
  const time = blocks.x.map((at) => at / windowS - 0.5);
  const columns = [one, time];
  if (windowS >= 1.5 * DAY)
    for (let h = 1; h <= 3; h++) {
      columns.push(blocks.x.map((at) => Math.sin((2 * Math.PI * h * at) / DAY)));
      columns.push(blocks.x.map((at) => Math.cos((2 * Math.PI * h * at) / DAY)));
    }
  const fit = fitStructural(blocks.x, y, columns, 1, blocks.stepS, noiseGrid(windowS));
  const toSlope = scale / windowS;
  const slope = mixtureMean(fit) * toSlope;
  const deviation = mixtureDeviation(fit) * toSlope;
  const below = mixtureBelow(fit, 0);
  const z = slope / deviation;
  const levelNow = level + fit.best[0]! * scale + slope * windowS * 0.5;
  const residuals = new Float64Array(m);
  for (let i = 0; i < m; i++) residuals[i] = blocks.y[i]! - (levelNow - slope * (windowS - blocks.x[i]!));
  residuals.sort();
  const material = isMaterial(slope, level, limit, windowS, unit);
  let trend: Trend = 'stable';
  if (material && below < ALPHA) trend = 'growing';
  else if (material && 1 - below < ALPHA) trend = 'shrinking';
  if (cycles < 4 && trend === 'growing') trend = 'cyclic';
  const basis = basisOf(
    trend === 'growing'
      ? 'a lasting drift that the wandering of the series does not explain'
      : 'no material drift beyond its own wandering',
    fit,
    { level: levelNow - slope * windowS, slope },
  );
  basis.tests.z = z;
  return {
    trend,
    slopeBytesPerHour: slope * HOUR,
    low: mixtureQuantile(fit, 0.05) * toSlope * HOUR,
    high: mixtureQuantile(fit, 0.95) * toSlope * HOUR,
    p: below,
    points: present,
    windowSeconds: windowS,
    basis,
    levelNow,
    spread95: residuals[Math.min(m - 1, Math.floor(0.95 * m))]!,
    material,
    z,
  };
}
