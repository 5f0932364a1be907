import { blocks, type Points } from './prepare.ts';
import { fitLine, quantile95, tailP } from './regression.ts';
import type { FieldTrend, Trend, TrendBasis } from './types.ts';

export interface FieldOptions {
  readonly minSeconds: number;
  readonly minPoints: number;
  /** Judge the floor of a saw-tooth, not its middle. */
  readonly floor: boolean;
  /** A rise below this over the window is not material, in the field's unit. */
  readonly leastRise: number;
}

const BLOCKS = 96;
const P_GROWING = 0.005;

/** One field's trend in its current life: least squares on blocks, with rules for what looks like a trend and is none. */
export function fieldTrend(points: Points, options: FieldOptions): FieldTrend {
  const { t } = points;
  const windowSeconds = t.length > 1 ? t[t.length - 1]! - t[0]! : 0;
  const none = (because: string): FieldTrend => ({
    trend: 'not-enough-data',
    slopeBytesPerHour: null,
    low: null,
    high: null,
    p: null,
    points: t.length,
    windowSeconds,
    basis: { segments: [t[0] ?? 0], line: null, fits: [], tests: {}, because },
  });
  if (windowSeconds < options.minSeconds || t.length < options.minPoints) return none('the history is too short');
  const whole = judgeWindow(points, windowSeconds, options);
  if (whole === null) return none('too few points to fit a line');
  if (whole.trend !== 'stable' || points.t.length < 3 * options.minPoints * LATE) return whole;
  // The first minutes of a program hide a slope that came after them: the later part is asked too, by a stricter test.
  const from = t[t.length - 1]! - LATE * windowSeconds;
  const first = t.findIndex((x) => x >= from);
  const later = { t: t.slice(first), y: points.y.slice(first) };
  const late = judgeWindow(later, LATE * windowSeconds, { ...options, strict: true });
  return late !== null && late.trend === 'growing'
    ? { ...late, basis: { ...late.basis, segments: [t[0]!, later.t[0]!] } }
    : whole;
}

/** How much of the window is asked for by itself. */
const LATE = 0.7;

function judgeWindow(
  points: Points,
  windowSeconds: number,
  options: FieldOptions & { readonly strict?: boolean },
): FieldTrend | null {
  const { t } = points;
  const thin = blocks(points, BLOCKS, options.floor);
  const line = fitLine(thin);
  if (line === null) return null;
  const half = { t: thin.t.slice(thin.t.length >> 1), y: thin.y.slice(thin.t.length >> 1) };
  const late = fitLine(half);
  const tValue = line.standardError > 0 ? line.slope / line.standardError : line.slope === 0 ? 0 : Math.sign(line.slope) * 100;
  const p = tailP(tValue, line.degrees);
  const rise = line.slope * windowSeconds;
  const margin = quantile95(line.degrees) * line.standardError;
  const lateShare = late !== null && line.slope !== 0 ? late.slope / line.slope : 0;
  const tests = { t: tValue, degrees: line.degrees, rise, lateShare, residualSd: line.residualSd };
  const { trend, because } = decide({
    most: options.strict === true ? P_GROWING / 5 : P_GROWING,
    p,
    rise,
    lateShare,
    leastRise: options.leastRise,
    steps: largestStepShare(thin, rise),
  });
  const basis: TrendBasis = {
    segments: [t[0]!],
    line: {
      fromT: t[0]!,
      toT: t[t.length - 1]!,
      level: line.level + line.slope * (t[0]! - line.meanT),
      slopePerSecond: line.slope,
    },
    fits: [{ model: 'line', score: line.residualSd }],
    tests,
    because,
  };
  const hour = (perSecond: number): number => perSecond * 3600;
  return {
    trend,
    slopeBytesPerHour: hour(line.slope),
    low: hour(line.slope - margin),
    high: hour(line.slope + margin),
    p,
    points: t.length,
    windowSeconds,
    basis,
  };
}

function decide(x: { most: number; p: number; rise: number; lateShare: number; leastRise: number; steps: number }): {
  trend: Trend;
  because: string;
} {
  if (Math.abs(x.rise) < x.leastRise) return { trend: 'stable', because: 'the rise over the window is not material' };
  if (x.p > x.most && x.p < 1 - x.most) return { trend: 'stable', because: 'no drift that stands out from its own swings' };
  if (x.rise < 0) return { trend: 'shrinking', because: 'a lasting fall' };
  if (x.steps > 0.6) return { trend: 'stable', because: 'the rise is one step, not a slope' };
  if (x.lateShare < 0.5)
    return {
      trend: x.lateShare > 0.15 ? 'settling' : 'stable',
      because: 'the second half grows less than half as fast as the whole',
    };
  return { trend: 'growing', because: 'a steady rise in both halves of the window' };
}

/** How much of the whole rise the largest step between neighbours makes up: 1 for a single step. */
function largestStepShare({ y }: Points, rise: number): number {
  let largest = 0;
  for (let i = 2; i < y.length; i++) largest = Math.max(largest, y[i]! - y[i - 2]!);
  return rise > 0 ? largest / rise : 0;
}
