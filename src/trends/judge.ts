import { fieldRow } from '../fields.ts';
import type { Series } from '../history/series.ts';
import { fieldTrend } from './field-trend.ts';
import { anonBeyondHeap, heapFloor } from './heap.ts';
import { lifeBegin, orderedRows, pointsOf } from './prepare.ts';
import { fitLine, quantile95 } from './regression.ts';
import type { CauseShare, Eta, FieldTrend, Judgement, JudgeOptions, Trend } from './types.ts';

const FLOORS: ReadonlySet<string> = new Set(['heap_used', 'old_used']);
/** Counters, lists that are no type, and figures that only repeat others are not judged. */
const UNJUDGED =
  /^(?:pg|workingset_|zswp|thp_|memsw|swap|oom|under_oom|limit_hits|high_hits|gc_|full_gc|heap_committed|active_anon|inactive_anon|file_dirty|file_writeback|dirty|writeback)/;
const MIB = 2 ** 20;

/** The numeric verdict over all fields of one series. Pure: the same series gives the same answer anywhere, at any time. */
export function judge(series: Series, options: JudgeOptions): Judgement {
  const rows = orderedRows(series.t);
  const from = lifeBegin(series);
  const minPoints = Math.max(4, Math.min(30, Math.floor(options.minHistorySeconds / series.intervalS)));
  const fields: Record<string, FieldTrend> = {};
  for (const [id, column] of series.fields) {
    if (UNJUDGED.test(id)) continue;
    const points = pointsOf(series, rows, column, from);
    const level = points.y[points.y.length - 1] ?? 0;
    // JVM figures come less often in recordings: they need their own share of points, not one at every tick.
    const few = fieldRow(id).source === 'jvm' ? Math.min(minPoints, 8) : minPoints;
    fields[id] = fieldTrend(points, {
      minSeconds: options.minHistorySeconds,
      minPoints: few,
      floor: FLOORS.has(id),
      leastRise: fieldRow(id).unit === 'bytes' ? Math.max(MIB, 0.01 * level) : Math.max(3, 0.05 * level),
    });
  }
  judgeHeap(series, rows, from, fields);
  const beyond = anonBeyondHeap(series, rows, from);
  const native =
    beyond === null
      ? null
      : fieldTrend(beyond, {
          minSeconds: options.minHistorySeconds,
          minPoints,
          floor: false,
          leastRise: Math.max(MIB, 0.01 * (beyond.y[beyond.y.length - 1] ?? 0)),
        });
  return combine(series, fields, native, options);
}

/** Corrects the heap's trend by what its collections tell. */
function judgeHeap(series: Series, rows: Int32Array, from: number, fields: Record<string, FieldTrend>): void {
  const heap = fields.heap_used;
  if (heap === undefined || heap.trend === 'not-enough-data') return;
  const floor = heapFloor(series, rows, from);
  if (floor.state === 'untold' && heap.trend === 'growing') {
    fields.heap_used = calmed(heap, 'the old generation has hardly been collected yet: what survives cannot be told');
  } else if (floor.state === 'told') {
    const { t, y } = floor.points;
    const last = y.length - 1;
    const rise = y[last]! - y[0]!;
    const line = fitLine(floor.points);
    const slope = (line?.slope ?? rise / (t[last]! - t[0]!)) * 3600;
    const material = rise > Math.max(MIB, 0.02 * y[last]!);
    const lately = last < 2 || y[last]! > y[last >> 1]! + 0.25 * rise;
    if (heap.trend === 'growing' && material && lately && slope > 0) {
      const margin =
        line === null || line.standardError === 0 ? Math.abs(slope) / 2 : quantile95(line.degrees) * line.standardError * 3600;
      fields.heap_used = {
        ...heap,
        trend: 'growing',
        slopeBytesPerHour: slope,
        low: slope - margin,
        high: slope + margin,
        basis: {
          ...heap.basis,
          tests: { ...heap.basis.tests, oldCollections: y.length, floorRise: rise },
          because: `what the old generation keeps after its ${y.length} collections rises`,
        },
      };
    } else if (heap.trend === 'growing')
      fields.heap_used = calmed(heap, 'what the old generation keeps after its collections does not rise');
  }
}

const calmed = (field: FieldTrend, because: string): FieldTrend => ({
  ...field,
  trend: 'stable',
  basis: { ...field.basis, because },
});

const grows = (f: FieldTrend | undefined): number => (f?.trend === 'growing' ? f.slopeBytesPerHour! : 0);

function combine(
  series: Series,
  fields: Record<string, FieldTrend>,
  native: FieldTrend | null,
  options: JudgeOptions,
): Judgement {
  const causes = causesOf(fields, native);
  const solid = causes.filter((c) => !c.reclaimable);
  const main = fields.usage ?? fields.anon ?? fields.working_set;
  const enough = main !== undefined && main.trend !== 'not-enough-data';
  const trend: Trend = !enough
    ? 'not-enough-data'
    : causes.length > 0
      ? 'growing'
      : main.trend === 'growing'
        ? 'stable'
        : main.trend;
  const leak = !enough ? null : solid.length > 0;
  return {
    trend,
    leak,
    confidence: confidenceOf(trend, fields),
    causes,
    etas: etasOf(series, fields, causes),
    needs: enough ? null : { hours: needed(series, main, options) / 3600, for: 'a drift as fast as 1 % of the limit an hour' },
    fields,
  };
}

/** Which kinds of memory grow, unreclaimable ones first. A kind is named once: the heap before anon, threads before native. */
function causesOf(fields: Record<string, FieldTrend>, beyondHeap: FieldTrend | null): CauseShare[] {
  const share = (cause: CauseShare['cause'], bytesPerHour: number, reclaimable: boolean): CauseShare => ({
    cause,
    bytesPerHour,
    reclaimable,
    what: null,
  });
  const solid: CauseShare[] = [];
  const taken: CauseShare[] = [];
  // Where the JVM tells its heap, anon counts by what lies beyond it.
  const anon = beyondHeap === null ? grows(fields.anon) : grows(beyondHeap);
  const heap = grows(fields.heap_used);
  const metaspace = grows(fields.metaspace);
  const shmem = grows(fields.shmem);
  const kernel = grows(fields.kernel);
  const stacks = grows(fields.kernel_stack);
  const threads = grows(fields.threads) > 0;
  if (heap > 0) solid.push(share('heap', heap, false));
  if (metaspace > 0) solid.push(share('metaspace', metaspace, false));
  if (shmem > 0) solid.push(share('shmem', shmem, false));
  if (threads && anon > 0) solid.push(share('threads', anon + Math.max(kernel, stacks), false));
  else if (anon > 0 && (beyondHeap !== null || heap < 0.5 * anon) && metaspace < 0.5 * anon)
    solid.push(share('native', anon - (beyondHeap === null ? heap : 0) - metaspace, false));
  const cache = Math.max(0, grows(fields.file) - shmem);
  if (cache > 0) taken.push(share('page-cache', cache, true));
  const unreclaimable = grows(fields.slab_unreclaimable);
  // Some 3 % of page cache on ext4 is slab that comes with it (buffer heads): that is part of the cache, and no leak.
  const alone = kernel > 0.08 * cache && !threads;
  if (alone && (fields.slab_reclaimable === undefined || kernel > 0)) {
    const reclaimable = fields.slab_reclaimable === undefined || unreclaimable < 0.5 * kernel;
    (reclaimable ? taken : solid).push(share('slab', kernel, reclaimable));
  }
  const steepest = (a: CauseShare, b: CauseShare): number => b.bytesPerHour - a.bytesPerHour;
  return [...solid.sort(steepest), ...taken.sort(steepest)];
}

function etasOf(series: Series, fields: Record<string, FieldTrend>, causes: readonly CauseShare[]): Eta[] {
  const etas: Eta[] = [];
  const last = (id: string): number => {
    const column = series.fields.get(id);
    for (let i = (column?.length ?? 0) - 1; i >= 0; i--) if (Number.isFinite(column![i])) return column![i]!;
    return 0;
  };
  const limit = series.limitBytes;
  const solid = causes.filter((c) => !c.reclaimable);
  const kernel = Math.max(0, last('kernel') - last('slab_reclaimable'));
  if (typeof limit === 'number' && solid.length > 0) {
    const ids = ['anon', 'shmem'];
    push(
      etas,
      'oom-kill',
      limit - last('anon') - last('shmem') - kernel,
      ids.map((id) => fields[id]),
    );
  }
  if (typeof series.heapMaxBytes === 'number' && grows(fields.heap_used) > 0)
    push(etas, 'heap-exhausted', series.heapMaxBytes - last('heap_used'), [fields.heap_used]);
  if (typeof limit === 'number' && solid.length === 0 && causes.some((c) => c.cause === 'page-cache'))
    push(etas, 'reclaim', limit - last('usage'), [fields.usage]);
  return etas.sort((a, b) => a.seconds - b.seconds);
}

function push(etas: Eta[], event: Eta['event'], room: number, growing: readonly (FieldTrend | undefined)[]): void {
  const among = growing.filter((f): f is FieldTrend => grows(f) > 0);
  const slope = among.reduce((s, f) => s + f.slopeBytesPerHour!, 0);
  if (slope <= 0) return;
  const low = among.reduce((s, f) => s + f.low!, 0);
  const high = among.reduce((s, f) => s + f.high!, 0);
  const seconds = (perHour: number): number => Math.round((Math.max(0, room) / perHour) * 3600);
  etas.push({ event, seconds: seconds(slope), low: seconds(high), high: low > 0 ? seconds(low) : null });
}

function confidenceOf(trend: Trend, fields: Record<string, FieldTrend>): number {
  if (trend === 'not-enough-data') return 0.5;
  const ps = Object.values(fields)
    .filter((f) => f.trend === 'growing')
    .map((f) => f.p ?? 1);
  return ps.length === 0 ? 0.9 : Math.min(0.97, 1 - Math.min(...ps) * 10 - 0.02);
}

function needed(series: Series, main: FieldTrend | undefined, options: JudgeOptions): number {
  return Math.max(0, Math.max(options.minHistorySeconds, series.intervalS * 8) - (main?.windowSeconds ?? 0));
}
