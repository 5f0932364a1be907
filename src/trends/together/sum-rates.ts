import { type FieldId, type FieldName, KERNEL_FIELDS, partsOf } from '../../fields.ts';
import { UNRECLAIMABLE_FIELDS } from '../../memory-facts.ts';
import type { Limit } from '../../sources/types.ts';
import { HOUR_S } from '../../units.ts';
import type { FieldEvaluation } from '../field/field-trend.ts';
import { type GrowthRate, growthRateOf, inverseVarianceMean, standardError, sumOfRates, Z99 } from '../field/growth-rate.ts';
import { isPracticallySignificant } from '../field/practical-significance.ts';
import { MIN_POSTERIOR } from '../field/reported-trend.ts';
import { type Fields, grows } from './cause-confidence.ts';

/*
 * The slope of a sum is the sum of the slopes of its growing parts. The parts that do not grow only add noise. So the growing parts often
 * give a narrower interval than the values of the sum.
 */

/** Kinds of memory that are part of anon. If they grow, anon grows too, even if noise hides it. */
const WITHIN_ANON = partsOf('anon');

/** Growth rate of anonymous memory, from its own values and from its growing parts; null: it does not grow. */
export function anonGrowthRate(fields: Fields): GrowthRate | null {
  const anon = fields.get('anon');
  if (anon === undefined || anon.slopeBytesPerHour === null) return null;
  const ownRate = growthRateOf(anon);
  const within = WITHIN_ANON.flatMap((name) => (grows(fields, name) ? [fields.get(name)!] : []));
  const inner = sumOfRates(within.map(growthRateOf));
  if (anon.trend === 'growing') {
    // A JVM commits more than its heap floor rises by (-XX:MinHeapFreeRatio), so the heap floor is only a lower bound for anon.
    const free = grows(fields, 'heap_used') && ownRate.slope > inner.slope;
    return within.length > 0 && !free ? inverseVarianceMean(ownRate, inner) : ownRate;
  }
  if (ownRate.slope > 0 && (grows(fields, 'threads') || grows(fields, 'kernel_stack'))) return ownRate;
  if (within.length === 0) return null;
  // A heap that grows within its committed memory does not change the container's usage.
  if (within.every((field) => field === fields.get('heap_used')) && anon.posterior < 0.5) return null;
  return inverseVarianceMean(inner, ownRate);
}

/** Sums over a whole container. The working set is usage without inactive_file. */
type Sum = 'usage' | 'working_set';
const FILE_PARTS_IN_WORKING_SET = partsOf('file').filter((id) => id !== 'inactive_file');

/** The parts of a sum other than anon. If `kernel` is not reported, as on cgroup v1, its parts replace it. */
const partsBesideAnon = (fields: Fields, sum: Sum): readonly FieldId[] =>
  partsOf('usage').flatMap((part): readonly FieldId[] => {
    if (part === 'anon') return [];
    if (part === 'file' && sum === 'working_set') return FILE_PARTS_IN_WORKING_SET;
    return part === 'kernel' && !fields.has('kernel') ? KERNEL_FIELDS : [part];
  });

/** Above this posterior of growth, a field that is not reported as growing may grow after all. */
const UNDECIDED_POSTERIOR = 0.5;
/** A part may be ignored if its slope is less than this share of the sum's slope. */
const NEGLIGIBLE_SHARE = 0.02;

/** Growth rate of a field that is the sum of others, from its parts if their interval is narrower; null: it does not grow. */
export const sumGrowthRate = (fields: Fields, id: Sum): GrowthRate | null => (grows(fields, id) ? rateOfParts(fields, id) : null);

function rateOfParts(fields: Fields, id: Sum): GrowthRate {
  const ownRate = growthRateOf(fields.get(id)!);
  const anon = anonGrowthRate(fields);
  const beside = partsBesideAnon(fields, id);
  // The sum of the parts is too small if a part probably grows but is not reported as growing.
  const undecided = (part: FieldId): boolean => {
    const field = fields.get(part);
    if (field === undefined || field.trend === 'growing' || field.posterior <= UNDECIDED_POSTERIOR) return false;
    return (field.slopeBytesPerHour ?? 0) > NEGLIGIBLE_SHARE * ownRate.slope;
  };
  if ((anon === null && undecided('anon')) || beside.some(undecided)) return ownRate;
  const growing = beside.filter((part) => grows(fields, part)).map((part) => growthRateOf(fields.get(part)!));
  if (anon !== null) growing.push(anon);
  if (growing.length === 0) return ownRate;
  const countsPageTables = grows(fields, 'kernel') || grows(fields, 'pagetables') || !fields.has('pagetables');
  if (anon !== null && !countsPageTables) growing.push(pageTablesFor(anon));
  return narrower(sumOfRates(growing), ownRate);
}

/** A page table of 4096 bytes has entries for 512 pages; memory in huge pages needs next to none. */
const PAGE_TABLE_SHARE = 1 / 512;

/** Page tables of memory that grows, where they are too small to be called growing themselves. */
const pageTablesFor = ({ slope }: GrowthRate): GrowthRate => ({
  slope: (PAGE_TABLE_SHARE / 2) * slope,
  low: 0,
  high: PAGE_TABLE_SHARE * slope,
});

/** Growth rate of slab, from the part that cannot be reclaimed where that is known more exactly. */
function slabRate(fields: Fields): GrowthRate {
  const [whole, part] = [growthRateOf(fields.get('slab')!), fields.get('slab_unreclaimable')];
  return part === undefined || !grows(fields, 'slab_unreclaimable') ? whole : narrower(growthRateOf(part), whole);
}

/** The rate of the parts, where that of the sum agrees and is no more exact. */
const narrower = (parts: GrowthRate, own: GrowthRate): GrowthRate =>
  Math.abs(parts.slope - own.slope) <= Z99 * standardError(own) && standardError(parts) <= standardError(own) ? parts : own;

/** The fastest of what grows in a sum, if it surely does and the kernel cannot take it back. What it can, it takes back some time: then the sum has not grown. */
function growthForGood(fields: Fields, parts: readonly FieldId[]): FieldEvaluation | null {
  const growing = parts.filter((id) => id !== 'heap_used' && grows(fields, id));
  const fastest = growing.toSorted((a, b) => slopeOf(fields, b) - slopeOf(fields, a))[0];
  if (fastest === undefined || !FOR_GOOD.has(fastest)) return null;
  const field = fields.get(fastest)!;
  return (field.p ?? 1) <= 1 - MIN_POSTERIOR ? field : null;
}

/**
 * The rate of a sum whose own noise hides that what falls in it falls, null: there is none. Nothing else in it grows, and its own values do not
 * contradict.
 */
function hiddenFall(fields: Fields, id: Sum): GrowthRate | null {
  const [field, anon] = [fields.get(id), fields.get('anon')];
  if (field?.trend !== 'stable' || field.slopeBytesPerHour === null || anon?.trend !== 'shrinking') return null;
  if (partsBesideAnon(fields, id).some((part) => grows(fields, part))) return null;
  const [own, rate] = [growthRateOf(field), growthRateOf(anon)];
  return Math.abs(rate.slope - own.slope) <= Z99 * standardError(own) ? rate : null;
}

/** Whether a sum shrinks, by its own values or by those of its largest part. */
export const sumShrinks = (fields: Fields, id: Sum): boolean =>
  fields.get(id)?.trend === 'shrinking' || hiddenFall(fields, id) !== null;

const slopeOf = (fields: Fields, id: FieldId): number => fields.get(id)?.slopeBytesPerHour ?? 0;
/** Without the heap: it may grow in what it has committed already. */
const FOR_GOOD: ReadonlySet<FieldId> = new Set([...UNRECLAIMABLE_FIELDS, ...WITHIN_ANON.filter((id) => id !== 'heap_used')]);

/**
 * All fields. Growing sums have the slope of their parts. A sum in which the noise of other parts hides what grows grows too, if its own values do not
 * contradict.
 */
export function reconcileSums(fields: Fields, limit: Limit): Map<FieldName, FieldEvaluation> {
  const adjusted = new Map(fields);
  const adjust = (id: FieldId, rate: GrowthRate | null, parts: readonly FieldId[]) => {
    const field = fields.get(id);
    if (rate === null || field === undefined || field.slopeBytesPerHour === null) return;
    const slopePerSecond = rate.slope / HOUR_S;
    const isByParts =
      rate.slope !== field.slopeBytesPerHour &&
      rate.low > 0 &&
      isPracticallySignificant(slopePerSecond, field.levelNow, limit, field.windowSeconds, 'bytes');
    const hidden = field.trend !== 'growing' && isByParts ? growthForGood(fields, parts) : null;
    if (field.trend !== 'growing' && hidden === null) return;
    const { line } = field.basis;
    const adjustedLine = line && { ...line, level: field.levelNow - slopePerSecond * (line.toT - line.fromT), slopePerSecond };
    adjusted.set(id, {
      ...field,
      ...(hidden !== null && { trend: 'growing', p: hidden.p, posterior: hidden.posterior }),
      slopeBytesPerHour: rate.slope,
      low: rate.low,
      high: rate.high,
      basis: { ...field.basis, line: adjustedLine, ...(hidden !== null && { reason: 'a part of it grows' }) },
    });
  };
  adjust('anon', anonGrowthRate(fields), WITHIN_ANON);
  if (fields.has('slab')) adjust('slab', slabRate(fields), partsOf('slab'));
  for (const id of ['usage', 'working_set'] as const) {
    if (fields.has(id)) adjust(id, rateOfParts(fields, id), ['anon', ...WITHIN_ANON, ...partsBesideAnon(fields, id)]);
    const fall = hiddenFall(fields, id);
    if (fall !== null) adjusted.set(id, falling(fields.get(id)!, fall));
  }
  return adjusted;
}

function falling(field: FieldEvaluation, { slope, low, high }: GrowthRate): FieldEvaluation {
  return {
    ...field,
    trend: 'shrinking',
    slopeBytesPerHour: slope,
    low,
    high,
    basis: { ...field.basis, reason: 'a part of it falls' },
  };
}
