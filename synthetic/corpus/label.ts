import type { Labelled } from '../../bench/trend/corpus-score.ts';
import type { Grid, SeriesPart } from './parts.ts';

/**
 * The rules by which a series gets its label. They see the generator's own parameters (claims of the parts), never a detector:
 *
 *  1. Only the run since the last restart counts, and within it the time since the last lasting change.
 *  2. Under 15 min or 30 samples of it: not-enough-data.
 *  3. Significant: 0.4 % of the limit a day, or a tenth of the field's own level and 1 MiB a day; risen by 1 MiB and 1 % in the window.
 *  4. Visible: the true slope is six of its standard errors. Significant and visible: growing or shrinking; only significant: indeterminate.
 *  5. Bounded growth is never growing: indeterminate while it will rise by 2 % of the limit or a tenth of the field within a day, stable after that.
 *  6. Bounded movement that does not return within the window: indeterminate if over 1 % of the limit.
 *  7. Overall growing needs a leak in memory that cannot be reclaimed, or in the heap.
 */
const MIB = 1_048_576;
const DAY = 86_400;
const HOUR = 3600;
const VISIBLE = 6;

type LabelledTrend = 'growing' | 'shrinking' | 'stable' | 'indeterminate' | 'not-enough-data';

export interface FieldLabel {
  readonly said: LabelledTrend;
  /** Bytes an hour. */
  readonly slope: number;
  /** Significant in practice, whether or not it is visible yet. */
  readonly leaks: boolean;
}

/** Standard error of the rise over the last `spanS` seconds. */
export const errorOf = (parts: readonly SeriesPart[], spanS: number): number =>
  Math.sqrt(parts.reduce((sum, part) => sum + part.variance(spanS), 0));

export function labelField(parts: readonly SeriesPart[], windowS: number, limit: number): FieldLabel {
  const slope = parts.reduce((sum, part) => sum + part.slope, 0);
  const sinceS = Math.max(...parts.map((part) => part.sinceS));
  const spanS = windowS - sinceS;
  const level = Math.abs(parts.reduce((sum, part) => sum + part.values[part.values.length - 1]!, 0));
  const dailyRise = Math.abs(slope) * DAY;
  const rise = Math.abs(slope) * spanS;
  const matters = dailyRise >= 0.004 * limit || (dailyRise >= 0.1 * level && dailyRise >= MIB);
  const toCome = parts.reduce((sum, part) => sum + part.toCome, 0);
  const pending = parts.reduce((sum, part) => sum + part.pending, 0);
  const perHour = slope * HOUR;
  if (matters) {
    const seen =
      rise >= VISIBLE * errorOf(parts, spanS) && rise >= Math.max(MIB, 0.01 * level) && pending < rise / 2 && toCome < rise / 4;
    return { said: seen ? (slope > 0 ? 'growing' : 'shrinking') : 'indeterminate', slope: perHour, leaks: slope > 0 };
  }
  const bounded = Math.abs(toCome) > Math.min(0.02 * limit, 0.1 * level) || pending > 0.01 * limit;
  return { said: bounded ? 'indeterminate' : 'stable', slope: perHour, leaks: false };
}

const HURTS = ['anon', 'shmem', 'slab_unreclaimable', 'kernel_stack', 'pagetables', 'sock', 'heap_used'];

/** The label of all fields together, and the time to the limit. */
export function labelWhole(
  scenario: string,
  fields: ReadonlyMap<string, readonly SeriesPart[]>,
  about: { readonly grid: Grid; readonly limit: number; readonly heapMax: number | null; readonly cause: string },
): Labelled {
  const { grid, limit, heapMax, cause } = about;
  const { windowS, n } = grid;
  const short = windowS < 900 || n < 30;
  const labels = new Map([...fields].map(([id, parts]) => [id, labelField(parts, windowS, limit)]));
  const hurting = HURTS.flatMap((id) => labels.get(id) ?? []);
  const leaks = hurting.some((label) => label.leaks);
  const usage = labels.get('usage')!;
  let overall: LabelledTrend = usage.said === 'shrinking' ? 'shrinking' : 'stable';
  if (hurting.some(({ said }) => said === 'indeterminate') || (usage.said === 'indeterminate' && !usage.leaks))
    overall = 'indeterminate';
  if (hurting.some(({ said }) => said === 'growing')) overall = 'growing';
  if (short) overall = 'not-enough-data';
  const heap = labels.get('heap_used');
  const heapNow = fields.get('heap_used')?.reduce((sum, part) => sum + (part.liveNow ?? 0), 0) ?? 0;
  return {
    scenario,
    truth: {
      overall,
      accept: [],
      leak: leaks,
      per_field: Object.fromEntries([...labels].map(([id, { said }]) => [id, short ? 'not-enough-data' : said])),
      slope_bytes_per_hour: Object.fromEntries([...labels].map(([id, { slope }]) => [id, slope])),
      cause: overall === 'growing' ? cause : 'none',
      eta_s: overall === 'growing' ? untilLimit(fields, labels, grid, limit) : null,
      heap_eta_s:
        overall === 'growing' && heap !== undefined && heap.said === 'growing' && heapMax !== null
          ? ((heapMax - heapNow) / heap.slope) * HOUR
          : null,
    },
  };
}

/** Seconds until the 95th percentile of memory that cannot be reclaimed, about its trend, reaches the limit. */
function untilLimit(
  fields: ReadonlyMap<string, readonly SeriesPart[]>,
  labels: ReadonlyMap<string, FieldLabel>,
  { n, stepS }: Grid,
  limit: number,
): number | null {
  const ids = HURTS.filter((id) => id !== 'heap_used' && fields.has(id));
  const slope = ids.reduce((sum, id) => sum + (labels.get(id)!.leaks ? labels.get(id)!.slope : 0), 0) / HOUR;
  if (!(slope > 0)) return null;
  const parts = ids.flatMap((id) => fields.get(id)!);
  const from = Math.floor(Math.max(...parts.map((part) => part.sinceS)) / stepS);
  const level = Float64Array.from({ length: n - from }, (_, k) => {
    const i = from + k;
    return parts.reduce((sum, { values }) => sum + values[i]!, 0) + slope * (n - 1 - i) * stepS;
  }).sort();
  return Math.max(0, (limit - level[Math.floor(0.95 * (level.length - 1))]!) / slope);
}
