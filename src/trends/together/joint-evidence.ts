import type { FieldId } from '../../fields.ts';
import { UNRECLAIMABLE_FIELDS } from '../../memory-facts.ts';
import { HOUR_S } from '../../units.ts';
import type { FieldEvaluation } from '../field/field-trend.ts';
import { type GrowthRate, growthRateOf, Z90 } from '../field/growth-rate.ts';
import { isEven, type LastingRise } from '../field/lasting-rise.ts';
import { type Fields, grows, type NativeTrend } from './cause-confidence.ts';

/*
 * Evidence of the kernel (anonymous memory) and of the JVM (the heap's floor, metaspace, loaded classes, threads) is measured apart, so it
 * counts together: neither may be sure of itself where both lean the same way.
 *
 *     odds of growth  =  odds by the kernel's field  x  odds by the JVM's field
 */
export interface JointEvidence {
  readonly fields: Fields;
  readonly native: NativeTrend | null;
}

/** Fields of the JVM that stand for a cause, with those that say the same of it. Metaspace is updated at a collection, classes at once. */
const OF_JVM: readonly (readonly [cause: FieldId, witnesses: readonly FieldId[]])[] = [
  ['heap_used', ['heap_used']],
  ['metaspace', ['metaspace', 'classes']],
  ['threads', ['threads']],
];
/** Memory that cannot be reclaimed, and the sums over it. */
const MEMORY: readonly FieldId[] = [...UNRECLAIMABLE_FIELDS, 'rss', 'working_set', 'usage'];
const UNDECIDED_MATTERS: readonly FieldId[] = [...UNRECLAIMABLE_FIELDS, 'heap_used', 'metaspace'];

/** Odds of a posterior of 0.94, from which one field by itself is called growing. */
const REQUIRED_ODDS = 0.94 / 0.06;
const MAX_ODDS = 1000;
/** What is not sure by itself may yet stop. */
const MAX_JOINT_POSTERIOR = 0.9;
/** A rise that stands for too short a time: four to one that an even one goes on, and little more than even of one that was uneven. */
const ODDS_OF_EVEN_RISE = 4;
const ODDS_OF_RISE = 1.4;

function oddsOf(field: FieldEvaluation | undefined): number {
  if (field === undefined || field.overruled === true || field.trend === 'not-enough-data') return 0;
  if (field.undecidedRise !== null) return isEven(field.undecidedRise) ? ODDS_OF_EVEN_RISE : ODDS_OF_RISE;
  if (field.trend !== 'growing' && field.basis.statistics.significant !== 1) return 0;
  const growing = 1 - (field.p ?? 1);
  const least = field.trend === 'growing' ? REQUIRED_ODDS : 0;
  return Math.min(MAX_ODDS, Math.max(least, growing / Math.max(1e-9, 1 - growing)));
}

/** A rise of less than this share of all memory used is nobody's concern while it is undecided. */
const MIN_SHARE_OF_USAGE = 0.05;

export function jointEvidence(fields: Fields, native: NativeTrend | null): JointEvidence {
  const joint = new Map(fields);
  // However sure it is that memory grows, that does not say which part of it does.
  const byKernel = Math.min(ODDS_OF_EVEN_RISE, oddsOf(fields.get(fields.has('anon') ? 'anon' : 'usage')));
  let support = 0;
  for (const [cause, witnesses] of OF_JVM) {
    const field = fields.get(cause);
    const byJvm = Math.max(...witnesses.map((id) => oddsOf(fields.get(id))));
    const odds = byKernel * byJvm;
    if (field === undefined || !(byKernel > 1) || !(byJvm > 1) || odds < REQUIRED_ODDS) continue;
    const grown = asGrowing(field, posteriorOf(odds), JOINTLY);
    if (grown === null) continue;
    joint.set(cause, grown);
    support = Math.max(support, odds);
  }
  // A heap commits memory in steps of its own: how fast its floor rises is known better than how fast anon does.
  if (support > 0 && joint.get('heap_used')?.trend !== 'growing')
    for (const id of MEMORY) {
      const field = joint.get(id);
      const rose = field === undefined || field.undecidedRise === null ? null : asGrowing(field, posteriorOf(support), JOINTLY);
      if (rose !== null) joint.set(id, rose);
    }
  return {
    fields: joint,
    native: native === null || !grows(joint, 'anon') ? native : { ...native, field: growingWithAnon(native.field) },
  };
}

const JOINTLY = 'it rises, and so does memory that is measured apart from it';

/** What anon has beside the heap, where anon is known to grow. */
const growingWithAnon = (field: FieldEvaluation): FieldEvaluation =>
  field.undecidedRise === null ? field : (asGrowing(field, EVEN_RISE_POSTERIOR, 'it rose, and anon grows') ?? field);
const EVEN_RISE_POSTERIOR = ODDS_OF_EVEN_RISE / (1 + ODDS_OF_EVEN_RISE);

/** Whether memory that cannot be reclaimed rose, and nothing tells yet whether it goes on. */
export const hasUndecidedRise = (fields: Fields): boolean =>
  [...UNDECIDED_MATTERS, ...(fields.has('anon') ? [] : (['usage'] as const))].some((id) => isLarge(fields, id));

function isLarge(fields: Fields, id: FieldId): boolean {
  const rise = fields.get(id)?.undecidedRise ?? null;
  const used = fields.get('usage')?.levelNow ?? fields.get('anon')?.levelNow ?? 0;
  return rise !== null && rise.amount >= MIN_SHARE_OF_USAGE * used;
}

const posteriorOf = (odds: number): number => Math.min(MAX_JOINT_POSTERIOR, odds / (1 + odds));

/** null: there is no slope that could go on. */
function asGrowing(field: FieldEvaluation, posterior: number, reason: string): FieldEvaluation | null {
  if (field.trend === 'growing') return field;
  const rise = field.undecidedRise;
  const rate = rise === null ? growthRateOf(field) : rateOfRise(rise);
  if (!(rate.slope > 0)) return null;
  const { line } = field.basis;
  const fromT = line === null ? null : line.toT - field.windowSeconds;
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
      line:
        rise === null || line === null || fromT === null
          ? line
          : {
              fromT,
              toT: line.toT,
              level: rise.levelNow - rise.slopePerSecond * (line.toT - fromT),
              slopePerSecond: rise.slopePerSecond,
            },
      reason,
    },
  };
}

/** A staircase of k even levels has an R squared of 1 - 1 / k^2, and tells its pace to one part in the root of k. */
function rateOfRise({ slopePerSecond, rSquared }: LastingRise): GrowthRate {
  const slope = slopePerSecond * HOUR_S;
  const half = Z90 * slope * Math.min(0.6, (1 - rSquared) ** 0.25);
  return { slope, low: slope - half, high: slope + half };
}
