import type { FieldId } from '../../fields.ts';
import { UNRECLAIMABLE_FIELDS } from '../../memory-facts.ts';
import { HOUR_S } from '../../units.ts';
import type { FieldEvaluation } from '../field/field-trend.ts';
import { type GrowthRate, growthRateOf, inverseVarianceMean, standardError, Z90 } from '../field/growth-rate.ts';
import { isEven, type LastingRise } from '../field/lasting-rise.ts';
import { MIN_CYCLES } from '../field/reported-trend.ts';
import type { TrendBasis } from '../types.ts';
import { type Fields, grows, type NativeTrend } from './cause-confidence.ts';

/*
 * The kernel (anonymous memory) and the JVM (heap floor, metaspace, loaded classes, threads) measure independently, so their evidence is combined.
 * Both together may be certain although neither is certain alone.
 *
 *     odds of growth  =  odds by the kernel's field  x  odds by the JVM's field
 */
export interface JointEvidence {
  readonly fields: Fields;
  readonly native: NativeTrend | null;
}

/** Fields of the JVM that indicate a cause, with other fields for the same cause. Metaspace is updated at a collection, classes at once. */
const OF_JVM: readonly (readonly [cause: FieldId, witnesses: readonly FieldId[]])[] = [
  ['heap_used', ['heap_used']],
  ['metaspace', ['metaspace', 'classes']],
  ['threads', ['threads']],
];
/** Unreclaimable memory, and the sums that include it. */
const MEMORY: readonly FieldId[] = [...UNRECLAIMABLE_FIELDS, 'rss', 'working_set', 'usage'];
const UNDECIDED_MATTERS: readonly FieldId[] = [...UNRECLAIMABLE_FIELDS, 'heap_used', 'metaspace'];

/** Odds of a posterior of 0.94, from which a single field is called growing. */
const REQUIRED_ODDS = 0.94 / 0.06;
const MAX_ODDS = 1000;
/** Less than the odds say: growth that no single field shows with certainty may still stop. */
const JOINT_POSTERIOR = 0.9;
/** Confidence in a rise that has been steady for too short a time: odds of four to one if the rise was even, little more than even odds if it was not. */
const ODDS_OF_EVEN_RISE = 4;
const ODDS_OF_RISE = 1.4;

function oddsOf(field: FieldEvaluation | undefined): number {
  if (field === undefined || field.overruled === true) return 0;
  if (field.undecidedRise !== null) return isEven(field.undecidedRise) ? ODDS_OF_EVEN_RISE : ODDS_OF_RISE;
  if (field.trend !== 'growing' && field.basis.statistics.significant !== 1) return 0;
  const growing = 1 - (field.p ?? 1);
  const least = field.trend === 'growing' ? REQUIRED_ODDS : 0;
  return Math.min(MAX_ODDS, Math.max(least, growing / Math.max(1e-9, 1 - growing)));
}

/** An undecided rise of less than this share of all used memory does not matter to an operator. */
const MIN_SHARE_OF_USAGE = 0.05;

export function jointEvidence(fields: Fields, native: NativeTrend | null): JointEvidence {
  const joint = new Map(fields);
  const ofUsage = growsWithUsage(fields);
  if (ofUsage !== null) joint.set('anon', ofUsage);
  // Certainty that memory grows is no evidence about the part that grows.
  const byKernel = Math.min(ODDS_OF_EVEN_RISE, oddsOf(fields.get(fields.has('anon') ? 'anon' : 'usage')));
  let supported = false;
  for (const [cause, witnesses] of OF_JVM) {
    const field = fields.get(cause);
    const byJvm = Math.max(...witnesses.map((id) => oddsOf(fields.get(id))));
    if (field === undefined || !(byKernel > 1)) continue;
    const explained = cause === 'heap_used' ? explainedBy(field, fields.get('anon')) : null;
    if (byKernel * byJvm < REQUIRED_ODDS && explained === null) continue;
    const grown = asGrowing(explained ?? field, JOINT_POSTERIOR, JOINTLY);
    if (grown === null) continue;
    joint.set(cause, grown);
    supported = true;
  }
  // A heap commits memory in steps, so the rate of its floor is known better than that of anon.
  if (supported && joint.get('heap_used')?.trend !== 'growing')
    for (const id of MEMORY) {
      const field = joint.get(id);
      const rose = field === undefined || field.undecidedRise === null ? null : asGrowing(field, JOINT_POSTERIOR, JOINTLY);
      if (rose !== null) joint.set(id, rose);
    }
  return {
    fields: joint,
    native:
      native === null || !grows(joint, 'anon') ? native : { ...native, field: growingWith(joint.get('anon')!, native.field) },
  };
}

/**
 * The heap's floor where growing anonymous memory comes from it, with the slope of both; null: it need not. The slope of the floor is likelier if it
 * is that of anon than if it is 0. Few collections are too few points to say by themselves that a floor rises, but if something else grew, it would
 * hardly rise at just that rate. Without that, the rest of anon would be the cause, for which there is no evidence at all.
 */
function explainedBy(floor: FieldEvaluation, anon: FieldEvaluation | undefined): FieldEvaluation | null {
  if (floor.trend === 'growing' || floor.overruled === true || floor.liveSetUnknown === true) return null;
  if (anon?.trend !== 'growing' || (floor.basis.statistics.collections ?? 0) < MIN_CYCLES) return null;
  const [own, ofAnon] = [growthRateOf(floor), growthRateOf(anon)];
  if (oddsOfSlope(own, ofAnon) < MIN_ODDS_OF_SLOPE) return null;
  const { slope, low, high } = inverseVarianceMean(own, ofAnon);
  return { ...floor, slopeBytesPerHour: slope, low, high, undecidedRise: null };
}

/** How much likelier an estimate is if its true value is that of another estimate than if it is 0: the ratio of two normal densities. */
function oddsOfSlope(floor: GrowthRate, anon: GrowthRate): number {
  const error = standardError(floor);
  if (!(floor.slope > 0 && error > 0)) return 0;
  const differs = Math.hypot(error, standardError(anon));
  if (Math.abs(floor.slope - anon.slope) > MAX_DIFFERENCE * differs) return 0;
  return (error / differs) * Math.exp(((floor.slope / error) ** 2 - ((floor.slope - anon.slope) / differs) ** 2) / 2);
}

const MIN_ODDS_OF_SLOPE = 1.5;
/** Standard errors. What differs by more has another slope, and something else grows too. */
const MAX_DIFFERENCE = 3;

/**
 * Anonymous memory that rose, stands for too short a time to know whether it has stopped, and leans to growth, where usage goes on growing and nothing
 * else in it does: what moves in the other parts hides the pause. It has the pace of usage. null: it is not so.
 */
function growsWithUsage(fields: Fields): FieldEvaluation | null {
  const [anon, usage] = [fields.get('anon'), fields.get('usage')];
  if (anon === undefined || usage === undefined || anon.undecidedRise === null || usage.trend !== 'growing') return null;
  if ((anon.p ?? 1) > 1 - MIN_LEANING || (usage.p ?? 1) > 1 - MIN_OF_USAGE) return null;
  if (OTHER_PARTS.some((id) => grows(fields, id))) return null;
  const { slopeBytesPerHour, low, high } = usage;
  const line = anon.basis.line &&
    usage.basis.line && { ...usage.basis.line, level: usage.basis.line.level - (usage.levelNow - anon.levelNow) };
  return {
    ...anon,
    trend: 'growing',
    slopeBytesPerHour,
    low,
    high,
    p: 1 - JOINT_POSTERIOR,
    posterior: Math.max(anon.posterior, JOINT_POSTERIOR),
    undecidedRise: null,
    basis: { ...anon.basis, line, reason: 'it rose, and usage goes on to grow' },
  };
}

const MIN_LEANING = 0.3;
const MIN_OF_USAGE = 0.9;
const OTHER_PARTS: readonly FieldId[] = ['file', 'shmem', 'slab', 'slab_reclaimable', 'slab_unreclaimable', 'kernel', 'sock'];

const JOINTLY = 'it rises, and so does memory that is measured apart from it';

/** anon outside the heap, if anon is known to grow: no more certainly than that. */
const growingWith = (anon: FieldEvaluation, field: FieldEvaluation): FieldEvaluation =>
  field.undecidedRise === null
    ? field
    : (asGrowing(field, Math.min(EVEN_RISE_POSTERIOR, anon.posterior), 'it rose, and anon grows') ?? field);
const EVEN_RISE_POSTERIOR = ODDS_OF_EVEN_RISE / (1 + ODDS_OF_EVEN_RISE);

/** Whether unreclaimable memory rose and it is not known yet whether the rise continues. */
export const hasUndecidedRise = (fields: Fields): boolean =>
  [...UNDECIDED_MATTERS, ...(fields.has('anon') ? [] : ([fields.has('usage') ? 'usage' : 'working_set'] as const))].some((id) =>
    isLarge(fields, id),
  );

function isLarge(fields: Fields, id: FieldId): boolean {
  const rise = fields.get(id)?.undecidedRise ?? null;
  const used = fields.get('usage')?.levelNow ?? fields.get('anon')?.levelNow ?? 0;
  return rise !== null && rise.amount >= MIN_SHARE_OF_USAGE * used;
}

/** null: there is no slope that could continue. */
function asGrowing(field: FieldEvaluation, posterior: number, reason: string): FieldEvaluation | null {
  if (field.trend === 'growing') return field;
  const rise = field.undecidedRise;
  const rate = rise === null ? growthRateOf(field) : rateOfRise(rise);
  if (!(rate.slope > 0)) return null;
  const { line } = field.basis;
  return {
    ...field,
    trend: 'growing',
    slopeBytesPerHour: rate.slope,
    low: rate.low,
    high: rate.high,
    levelNow: rise?.levelNow ?? field.levelNow,
    p: Math.min(field.p ?? 1, 1 - posterior),
    posterior: Math.max(field.posterior, posterior),
    undecidedRise: null,
    basis: {
      ...field.basis,
      line: rise === null || line === null ? line : lineOfRise(rise, line.toT, field.windowSeconds),
      reason,
    },
  };
}

const lineOfRise = ({ levelNow, slopePerSecond }: LastingRise, toT: number, windowS: number): TrendBasis['line'] => ({
  fromT: toT - windowS,
  toT,
  level: levelNow - slopePerSecond * windowS,
  slopePerSecond,
});

/** A staircase of k even levels has an R squared of 1 - 1 / k^2. The relative error of its rate is one over the square root of k. */
function rateOfRise({ slopePerSecond, rSquared }: LastingRise): GrowthRate {
  const slope = slopePerSecond * HOUR_S;
  const half = Z90 * slope * Math.min(0.6, (1 - rSquared) ** 0.25);
  return { slope, low: slope - half, high: slope + half };
}
