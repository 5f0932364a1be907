import { type FieldId, type FieldName, KERNEL_FIELDS, partsOf } from '../../fields.ts';
import { HOUR_S } from '../../units.ts';
import type { FieldEvaluation } from '../field/field-trend.ts';
import { type GrowthRate, growthRateOf, standardError, sumOfRates, Z90, Z99 } from '../field/growth-rate.ts';
import { type Fields, grows } from './cause-confidence.ts';

/*
 * A sum that grows, grows by what grows in it, and all that does not grow adds is noise: the slopes of its growing parts tell its slope
 * better than its own values do.
 */

/** Kinds of memory that are part of anon: what they grow by, anon grows by, also where its own noise hides it. */
const WITHIN_ANON = partsOf('anon');

/** Of anonymous memory, by itself and by what is known to grow inside it; null: it does not grow. */
export function anonGrowthRate(fields: Fields): GrowthRate | null {
  const anon = fields.get('anon');
  if (anon === undefined || anon.slopeBytesPerHour === null) return null;
  const ownRate = growthRateOf(anon);
  const within = WITHIN_ANON.flatMap((name) => (grows(fields, name) ? [fields.get(name)!] : []));
  const inner = sumOfRates(within.map(growthRateOf));
  if (anon.trend === 'growing') {
    // A JVM commits more than the floor of its heap rises by (-XX:MinHeapFreeRatio): that floor is the least that anon grows by.
    const free = grows(fields, 'heap_used') && ownRate.slope > inner.slope;
    return within.length > 0 && !free ? inverseVarianceMean(ownRate, inner) : ownRate;
  }
  if (ownRate.slope > 0 && (grows(fields, 'threads') || grows(fields, 'kernel_stack'))) return ownRate;
  if (within.length === 0) return null;
  // A heap that rises inside what is already committed does not move the container.
  if (within.every((field) => field === fields.get('heap_used')) && anon.posterior < 0.5) return null;
  return inverseVarianceMean(inner, ownRate);
}

/** Two estimates of one slope: their mean weighted by inverse variances where they agree, else the first. */
function inverseVarianceMean(first: GrowthRate, second: GrowthRate): GrowthRate {
  const variance = (rate: GrowthRate): number => Math.max(standardError(rate), 1e-9) ** 2;
  const [a, b] = [variance(first), variance(second)];
  if (Math.abs(first.slope - second.slope) > Z99 * Math.sqrt(a + b)) return first;
  const slope = (first.slope / a + second.slope / b) / (1 / a + 1 / b);
  const half = Z90 / Math.sqrt(1 / a + 1 / b);
  return { slope, low: slope - half, high: slope + half };
}

/** Sums over a whole container. The working set is usage without inactive_file. */
type Sum = 'usage' | 'working_set';
const FILE_PARTS_IN_WORKING_SET = partsOf('file').filter((id) => id !== 'inactive_file');

/** What a sum has beside anon. Where `kernel` is not reported, as on cgroup v1, its parts stand for it. */
const partsBesideAnon = (fields: Fields, sum: Sum): readonly FieldId[] =>
  partsOf('usage').flatMap((part): readonly FieldId[] => {
    if (part === 'anon') return [];
    if (part === 'file' && sum === 'working_set') return FILE_PARTS_IN_WORKING_SET;
    return part === 'kernel' && !fields.has('kernel') ? KERNEL_FIELDS : [part];
  });

/** Belief in growth from which a field is no longer known to stand still. */
const UNDECIDED_POSTERIOR = 0.5;
/** Part of a sum's slope that is not missed. */
const NEGLIGIBLE_SHARE = 0.02;

/** How fast a field that is the sum of others grows, by its parts where those know better; null: it does not grow. */
export function sumGrowthRate(fields: Fields, id: Sum): GrowthRate | null {
  if (!grows(fields, id)) return null;
  const ownRate = growthRateOf(fields.get(id)!);
  const anon = anonGrowthRate(fields);
  const beside = partsBesideAnon(fields, id);
  // A part that probably grows but is not reported as growing would be missing.
  const undecided = (part: FieldId): boolean => {
    const field = fields.get(part);
    if (field === undefined || field.trend === 'growing' || field.posterior <= UNDECIDED_POSTERIOR) return false;
    return (field.slopeBytesPerHour ?? 0) > NEGLIGIBLE_SHARE * ownRate.slope;
  };
  if ((anon === null && undecided('anon')) || beside.some(undecided)) return ownRate;
  const growing = beside.filter((part) => grows(fields, part)).map((part) => growthRateOf(fields.get(part)!));
  if (anon !== null) growing.push(anon);
  if (growing.length === 0) return ownRate;
  const parts = sumOfRates(growing);
  const agree = Math.abs(parts.slope - ownRate.slope) <= Z99 * standardError(ownRate);
  return agree && standardError(parts) <= standardError(ownRate) ? parts : ownRate;
}

/** The fields, where a sum that grows has the slope of its parts. */
export function reconcileSums(fields: Fields): Map<FieldName, FieldEvaluation> {
  const adjusted = new Map(fields);
  const adjust = (id: FieldId, rate: GrowthRate | null) => {
    if (rate === null) return;
    const field = fields.get(id)!;
    const { line } = field.basis;
    const slopePerSecond = rate.slope / HOUR_S;
    const adjustedLine = line && { ...line, level: field.levelNow - slopePerSecond * (line.toT - line.fromT), slopePerSecond };
    adjusted.set(id, {
      ...field,
      slopeBytesPerHour: rate.slope,
      low: rate.low,
      high: rate.high,
      basis: { ...field.basis, line: adjustedLine },
    });
  };
  if (grows(fields, 'anon')) adjust('anon', anonGrowthRate(fields));
  for (const id of ['usage', 'working_set'] as const) adjust(id, sumGrowthRate(fields, id));
  return adjusted;
}
