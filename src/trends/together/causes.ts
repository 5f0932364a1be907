import type { FieldJudgement } from '../field/field-trend.ts';
import { type Rate, rateOf, sumOf } from '../field/growth-rate.ts';
import type { Cause, CauseShare, Eta, Judgement, Trend } from '../types.ts';
import { beliefIn, type Fields, grows, type Limits, type Native } from './cause-confidence.ts';
import type { Moved } from './co-movement.ts';
import { anonRate, rateOfSum } from './sum-rates.ts';

const HOUR = 3600;
/** Memory that the kernel cannot take back, by field; v1 has only `kernel`, which is judged on its own. */
const UNRECLAIMABLE = [
  'anon',
  'shmem',
  'slab_unreclaimable',
  'kernel_stack',
  'pagetables',
  'sec_pagetables',
  'percpu',
  'vmalloc',
  'sock',
];

const slopeOf = (fields: Fields, id: string): number => fields.get(id)?.slopeBytesPerHour ?? 0;

/** Causes of growth, by the rules of docs/verdict.md. */
function causesOf(fields: Fields, native: FieldJudgement | null, moved: Moved): CauseShare[] {
  const hurtful: CauseShare[] = [];
  const harmless: CauseShare[] = [];
  const add = (cause: Cause, bytesPerHour: number, reclaimable: boolean) =>
    (reclaimable ? harmless : hurtful).push({ cause, bytesPerHour, reclaimable, what: null });
  const anonGrows = grows(fields, 'anon');
  const heapGrows = grows(fields, 'heap_used');
  const threadsGrow = grows(fields, 'threads') || grows(fields, 'kernel_stack');
  const metaspaceGrows = grows(fields, 'metaspace');
  if (heapGrows) add('heap', slopeOf(fields, 'heap_used'), false);
  const brought = metaspaceGrows && !threadsGrow ? withLoaders(fields, native) : 0;
  if (metaspaceGrows) add('metaspace', slopeOf(fields, 'metaspace') + brought, false);
  if (threadsGrow) {
    const stacks =
      Math.max(0, slopeOf(fields, 'kernel_stack')) + (heapGrows || metaspaceGrows ? 0 : anonGrows ? slopeOf(fields, 'anon') : 0);
    add('threads', Math.max(stacks, slopeOf(fields, 'kernel_stack')), false);
  }
  if (anonGrows) {
    const known = (heapGrows ? slopeOf(fields, 'heap_used') : 0) + (metaspaceGrows ? slopeOf(fields, 'metaspace') : 0);
    const rest = slopeOf(fields, 'anon') - known;
    if (!threadsGrow && native !== null) {
      if (native.trend === 'growing' && brought === 0) add('native', native.slopeBytesPerHour ?? rest, false);
    } else if (!threadsGrow && brought === 0 && (known === 0 || rest > 0.5 * slopeOf(fields, 'anon'))) add('native', rest, false);
  }
  if (grows(fields, 'shmem')) add('shmem', slopeOf(fields, 'shmem'), false);
  const fileGrows =
    grows(fields, 'file') &&
    slopeOf(fields, 'file') - Math.max(0, grows(fields, 'shmem') ? slopeOf(fields, 'shmem') : 0) > 0.2 * slopeOf(fields, 'file');
  const cache = fileGrows ? slopeOf(fields, 'file') : 0;
  // Some 3 % of page cache on ext4 is slab that comes with it (buffer heads): part of the cache, and no leak. A cache that goes by fits and
  // starts may not be called growing while the little that comes with it is.
  const alone = (id: string) =>
    grows(fields, id) &&
    !threadsGrow &&
    slopeOf(fields, id) > BROUGHT_BY_CACHE * cache &&
    !moved.cameWithCache(id, fields.get(id)?.basis.line ?? null, BROUGHT_BY_CACHE);
  if (alone('slab_unreclaimable')) add('slab', slopeOf(fields, 'slab_unreclaimable'), false);
  else if (alone('slab_reclaimable')) add('slab', slopeOf(fields, 'slab_reclaimable'), true);
  else if (fields.has('slab')) {
    if (alone('slab') && !fields.has('slab_unreclaimable')) add('slab', slopeOf(fields, 'slab'), false);
  } else if (alone('kernel') && !fields.has('slab_unreclaimable')) add('slab', slopeOf(fields, 'kernel'), true);
  if (fileGrows) add('page-cache', slopeOf(fields, 'file') - (grows(fields, 'shmem') ? slopeOf(fields, 'shmem') : 0), true);
  const steepest = (a: CauseShare, b: CauseShare) => b.bytesPerHour - a.bytesPerHour;
  return [...hurtful.sort(steepest), ...harmless.sort(steepest)];
}

/** Slab that comes with page cache is at most this part of it. */
const BROUGHT_BY_CACHE = 0.08;

/**
 * Class loaders bring native memory beside what metaspace counts as used: chunks of their own that are hardly filled, and tables from
 * malloc. Loaders of one small class each bring four times their used metaspace besides (scenarios/ClassLoaderLeak.java). Up to so much
 * is theirs; more is a cause of its own.
 */
const BROUGHT_BY_LOADERS = 5;

function withLoaders(fields: Fields, native: FieldJudgement | null): number {
  const known = (grows(fields, 'heap_used') ? slopeOf(fields, 'heap_used') : 0) + slopeOf(fields, 'metaspace');
  const rest = grows(fields, 'anon') ? slopeOf(fields, 'anon') - known : 0;
  const slope = native === null ? rest : native.trend === 'growing' ? (native.slopeBytesPerHour ?? rest) : 0;
  return slope <= BROUGHT_BY_LOADERS * slopeOf(fields, 'metaspace') ? Math.max(0, slope) : 0;
}

/** The fields of memory that cannot be reclaimed that this kernel tells. */
const solid = (fields: Fields): string[] =>
  (fields.has('slab_unreclaimable') ? UNRECLAIMABLE : [...UNRECLAIMABLE, 'slab']).filter((id) => fields.has(id));

/** How fast memory that cannot be reclaimed grows, all of it together. */
function solidRate(fields: Fields): Rate {
  const parts = solid(fields).flatMap((id): Rate[] => {
    const part = id === 'anon' ? anonRate(fields) : grows(fields, id) ? rateOf(fields.get(id)!) : null;
    return part === null ? [] : [{ ...part, low: Math.max(0, part.low) }];
  });
  return sumOf(parts);
}

/** Bytes of these fields at their peaks now, where all of them together grow at `rate`. */
function peakOf(fields: Fields, ids: readonly string[], { slope }: Rate, moved: Moved): number {
  const told = ids.flatMap((id) => (Number.isFinite(fields.get(id)?.levelNow) ? [{ id, field: fields.get(id)! }] : []));
  const growing = told.filter(({ field }) => field.trend === 'growing');
  const fastest = growing.reduce<FieldJudgement | null>(
    (best, { field }) => ((field.slopeBytesPerHour ?? 0) > (best?.slopeBytesPerHour ?? 0) ? field : best),
    null,
  );
  // What stands still is known also where it was not told; what grows is not.
  const parts = told.map(({ id, field }) => ({ id, level: field.trend === 'growing' ? null : field.levelNow }));
  return moved.peak(parts, slope, fastest?.basis.line?.fromT ?? 0) ?? told.reduce((sum, { field }) => sum + field.levelNow, 0);
}

function spanTo(room: number, rate: Rate, event: Eta['event']): Eta | null {
  if (!(rate.slope > 0) || !Number.isFinite(room)) return null;
  const seconds = (perHour: number) => Math.max(0, (room / perHour) * HOUR);
  return { event, seconds: seconds(rate.slope), low: seconds(rate.high), high: rate.low > 0 ? seconds(rate.low) : null };
}

/** When what grows meets its wall. The wall of memory that cannot be reclaimed is the limit; of the heap, -Xmx; of page cache, reclaim. */
function etasOf(fields: Fields, causes: readonly CauseShare[], limits: Limits, moved: Moved): Eta[] {
  const etas: Eta[] = [];
  const heap = fields.get('heap_used');
  if (causes.some((cause) => cause.cause === 'heap') && heap !== undefined && typeof limits.heapMax === 'number') {
    const eta = spanTo(limits.heapMax - heap.levelNow, rateOf(heap), 'heap-exhausted');
    if (eta !== null) etas.push(eta);
  }
  if (typeof limits.limit === 'number') {
    const { limit } = limits;
    const until = (ids: readonly string[], rate: Rate, event: Eta['event']): Eta | null =>
      rate.slope > 0 ? spanTo(limit - peakOf(fields, ids, rate, moved), rate, event) : null;
    const usage = rateOfSum(fields, 'usage');
    const eta = causes.some((cause) => !cause.reclaimable)
      ? until(solid(fields), solidRate(fields), 'oom-kill')
      : causes.length > 0 && usage !== null
        ? until(['usage'], usage, 'reclaim')
        : null;
    if (eta !== null) etas.push(eta);
  }
  return etas.sort((a, b) => a.seconds - b.seconds);
}

/** Nothing is surer than this. */
const MOST = 0.99;

/** Belief in growth, not told, past which "nothing grows" is about as often wrong as right. */
const HARDLY_QUIET = 0.8;

/**
 * That nothing hurtful grows is the surer the less belief there is in growth of any field. The factors make it right as often as it says
 * (docs/verdict.md, "right at confidence").
 */
function quiet(fields: Fields): number {
  let most = 0;
  for (const id of [...UNRECLAIMABLE, 'heap_used', 'metaspace', 'slab']) most = Math.max(most, fields.get(id)?.certainty ?? 0);
  return 0.98 - 0.2 * most - Math.max(0, most - HARDLY_QUIET);
}

/** All fields of one life, put together. */
export function combine(
  fields: Fields,
  native: Native | null,
  limits: Limits,
  moved: Moved,
): Pick<Judgement, 'trend' | 'leak' | 'confidence' | 'causes' | 'etas'> {
  const causes = causesOf(fields, native?.field ?? null, moved);
  const any = (trend: Trend) => [...fields.values()].some((field) => field.trend === trend);
  // v1 cannot split kernel memory: whether what grows there can be taken back is not known.
  const untold = causes.some(({ cause }) => cause === 'slab') && !fields.has('slab') && !fields.has('slab_reclaimable');
  // anon that grows without a cause is a heap that fills and has hardly been collected: what of it survives is not known yet.
  const filling = grows(fields, 'anon') && grows(fields, 'usage');
  const leak = causes.some((cause) => !cause.reclaimable) ? true : untold || filling ? null : false;
  if (causes.length > 0 || grows(fields, 'usage')) {
    const telling = leak === false ? causes : causes.filter(({ reclaimable }) => !reclaimable || leak === null);
    const beliefs = telling.map((cause) => beliefIn(cause, fields, limits, native));
    const belief = beliefs.length > 0 ? Math.max(...beliefs) : (fields.get('usage')?.certainty ?? 0.5);
    return {
      trend: 'growing',
      leak,
      confidence: Math.min(MOST, Math.max(0.5, belief)),
      causes,
      etas: etasOf(fields, causes, limits, moved),
    };
  }
  const main = fields.get('usage')?.trend ?? fields.get('anon')?.trend ?? (any('stable') ? 'stable' : 'not-enough-data');
  return { trend: main, leak: main === 'not-enough-data' ? null : false, confidence: quiet(fields), causes, etas: [] };
}
