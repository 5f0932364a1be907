import { type FieldId, type FieldName, fieldRow, partsOf } from '../../fields.ts';
import { HOUR_S } from '../../units.ts';
import { lowerBound } from '../field/block-means.ts';
import type { FieldEvaluation } from '../field/field-trend.ts';
import { type GrowthRate, growthRateOf, Z90 } from '../field/growth-rate.ts';
import type { Window } from '../field/window.ts';
import { centredSums } from '../straight-line.ts';

/*
 * Each field is evaluated by itself, so the newest line of all memory used may begin later than that of a part: where growth has slowed down, the
 * sum then has the pace of now, and the part the mean of both paces.
 *
 *     usage   ____/‾‾‾‾   line since the bend        anon   ____/‾‾‾‾   line since the start
 *
 * So all of them get their pace since the newest of these beginnings, where it is another.
 */

type Fields = ReadonlyMap<FieldName, FieldEvaluation>;
type Rows = Pick<Window, 't' | 'from' | 'to'>;

/** All memory used, and what it consists of. */
const MOVING: readonly FieldId[] = ['usage', ...partsOf('usage')];
/** What grows more slowly than this share of the fastest does not tell when the growth changed. */
const MIN_SHARE = 0.1;
/** Paces differ by more than this share of the larger one, or are left as they are. */
const MIN_DIFFERENCE = 0.25;
/** A line through fewer samples is that of a moment. */
const MIN_ROWS = 5;
/** Lines whose lengths differ by less have the same window. */
const MIN_LENGTH_RATIO = 1.25;
/** Neighbouring samples that differ alike tell less; of a longer memory than this nothing is known from so few. */
const MAX_AUTOCORRELATION = 0.9;

const linePart = ({ trend, basis }: FieldEvaluation) => (trend === 'growing' ? basis.line : null);

/** The newest time since which all paces may be told; null: nothing grows, or there are too few samples since. */
export function commonBeginning(fields: Fields, { t, from, to }: Rows): number | null {
  const growing = MOVING.flatMap((id): FieldEvaluation[] => {
    const field = fields.get(id);
    return field !== undefined && linePart(field) !== null ? [field] : [];
  });
  const fastest = Math.max(...growing.map((field) => growthRateOf(field).slope));
  const main = growing.filter((field) => growthRateOf(field).slope >= MIN_SHARE * fastest);
  const beginnings = main.map(({ basis }) => basis.line!.fromT).sort((a, b) => b - a);
  return beginnings.find((atS) => to - lowerBound(t, atS, from, to) >= MIN_ROWS) ?? null;
}

const differ = (a: GrowthRate, b: GrowthRate): boolean =>
  Math.abs(a.slope - b.slope) > MIN_DIFFERENCE * Math.max(a.slope, b.slope);

/** The field with its pace since `atS`, where that is another than its own; of a saw-tooth, or of bursts, a part tells no pace. */
export function paceSince(
  id: FieldName,
  field: FieldEvaluation,
  values: Float64Array | undefined,
  { t, from, to }: Rows,
  atS: number,
): FieldEvaluation {
  const line = linePart(field);
  if (line === null || values === undefined || fieldRow(id).sawtooth || field.basis.statistics.bursts !== undefined) return field;
  const endS = t[to - 1]!;
  const [ownS, newS] = [endS - line.fromT, endS - atS];
  if (Math.max(ownS, newS) < MIN_LENGTH_RATIO * Math.min(ownS, newS)) return field;
  const first = lowerBound(t, atS, from, to);
  const rows = Array.from({ length: to - first }, (_, k) => first + k).filter((row) => Number.isFinite(values[row]));
  if (rows.length < MIN_ROWS) return field;
  const x = rows.map((row) => t[row]! - endS);
  const y = rows.map((row) => values[row]!);
  const { meanX, meanY, sxx, sxy } = centredSums(x, y);
  const slope = sxy / sxx;
  const half =
    Z90 *
    errorOfSlope(
      x,
      y.map((value, k) => value - meanY - slope * (x[k]! - meanX)),
      sxx,
    );
  const rate = { slope: slope * HOUR_S, low: (slope - half) * HOUR_S, high: (slope + half) * HOUR_S };
  // The interval of a mean of two paces is wide, so it is this one that must be certain.
  if (!(rate.low > 0) || !differ(growthRateOf(field), rate)) return field;
  const levelNow = meanY - slope * meanX;
  return {
    ...field,
    slopeBytesPerHour: rate.slope,
    low: rate.low,
    high: rate.high,
    levelNow,
    basis: {
      ...field.basis,
      segments: [...field.basis.segments.filter((s) => s < atS), atS],
      line: { fromT: atS, toT: endS, level: levelNow - slope * newS, slopePerSecond: slope },
    },
  };
}

/** The standard error of a slope of least squares; residuals that follow each other count for less. */
function errorOfSlope(x: readonly number[], residuals: readonly number[], sxx: number): number {
  const sum = (of: (k: number) => number, first = 0): number => {
    let all = 0;
    for (let k = first; k < residuals.length; k++) all += of(k);
    return all;
  };
  const squares = sum((k) => residuals[k]! ** 2);
  if (squares === 0) return 0;
  const follows = sum((k) => residuals[k]! * residuals[k - 1]!, 1) / squares;
  const r = Math.min(MAX_AUTOCORRELATION, Math.max(0, follows));
  return Math.sqrt((squares / (x.length - 2) / sxx) * ((1 + r) / (1 - r)));
}
