import { median } from '../median.ts';
import type { OrderedSeries } from '../normalise.ts';

/**
 * The live set after GC, from the JVM's counters. In a generational heap, promoted garbage stays in the old generation until that is
 * collected. Before the first such collection, a rising floor does not mean a leak, even if the rise is perfectly straight.
 *
 *     old  /|  /|  /|     collected at each fall: the floor is the live set     /
 *         / | / | / |     never collected yet: a leak, or only promotion       /
 */
export type LiveSet =
  /** Bytes in the old generation after its collections, at epoch seconds `t`. */
  | { readonly state: 'known'; readonly t: Float64Array; readonly y: Float64Array }
  /** The old generation was not collected often enough in this run; `since`: the row of its last collection, or the first one of the run. */
  | { readonly state: 'not-collected'; readonly since: number }
  /** The collector updates its counters before it has freed anything. */
  | { readonly state: 'not-reported' }
  /** The series has no such counters (a series file). The floor must be taken from heap_used. */
  | { readonly state: 'no-data' };

/** Two values are too few to fit a line, but they show a large rise. */
const MIN_COLLECTIONS = 2;

export function liveSetAfterGc(series: OrderedSeries, from: number, to: number): LiveSet {
  const full = series.fields.get('full_gc_count');
  const old = series.fields.get('old_used') ?? series.fields.get('heap_used');
  if (old === undefined) return { state: 'no-data' };
  if (full === undefined) return { state: series.fields.has('gc_count') ? 'not-reported' : 'no-data' };
  const { counted, cycles } = gcCycles(full, old, from, to, series.fields.get('heap_used') ?? old);
  if (!counted) return { state: 'no-data' };
  const whole = withOverflow(joinShortCycles(cycles));
  const last = whole[whole.length - 1];
  if (last !== undefined && !isComplete(last, whole.slice(0, -1))) whole.pop();
  const floor = cycleMinima(whole);
  return whole.length >= MIN_COLLECTIONS
    ? {
        state: 'known',
        t: Float64Array.from(floor, ({ minimumIndex: at }) => series.t[at]!),
        y: Float64Array.from(floor, ({ minimum: least }) => least),
      }
    : { state: 'not-collected', since: cycles[cycles.length - 1]?.from ?? from };
}

/** The time from one collection of the old generation to the next. */
interface GcCycle {
  /** Index of the first sample after the collection. */
  readonly from: number;
  readonly samples: number;
  /** Minimum until the next collection, in bytes. G1 only marks in its cycle, and frees old regions in the young collections after it. */
  readonly minimum: number;
  readonly minimumIndex: number;
  /** The most that the old generation held until the next collection, and the least that the whole heap did, in bytes. */
  readonly most: number;
  readonly heapMinimum: number;
}

function gcCycles(
  full: Float64Array,
  old: Float64Array,
  from: number,
  to: number,
  heap: Float64Array,
): { counted: boolean; cycles: GcCycle[] } {
  const cycles: GcCycle[] = [];
  let count: number | null = null;
  for (let i = from; i < to; i++) {
    if (!Number.isFinite(full[i]!) || !Number.isFinite(old[i]!)) continue;
    const current = cycles[cycles.length - 1];
    const inHeap = Number.isFinite(heap[i]!) ? heap[i]! : Number.POSITIVE_INFINITY;
    if (count !== null && full[i]! > count)
      cycles.push({ from: i, samples: 1, minimum: old[i]!, minimumIndex: i, most: old[i]!, heapMinimum: inHeap });
    else if (current !== undefined) {
      const lower = old[i]! < current.minimum;
      cycles[cycles.length - 1] = {
        ...current,
        samples: current.samples + 1,
        minimum: lower ? old[i]! : current.minimum,
        minimumIndex: lower ? i : current.minimumIndex,
        most: Math.max(current.most, old[i]!),
        heapMinimum: Math.min(current.heapMinimum, inHeap),
      };
    }
    count = full[i]!;
  }
  return { counted: count !== null, cycles };
}

/** Joins a cycle of one sample to the next one. Such cycles are the two pauses of one G1 cycle, or collections in quick succession. */
function joinShortCycles(cycles: readonly GcCycle[]): GcCycle[] {
  const whole: GcCycle[] = [];
  for (let k = 0; k < cycles.length; k++) {
    const one = cycles[k]!;
    const next = cycles[k + 1];
    if (one.samples > 1 || next === undefined) whole.push(one);
    else {
      const lower = one.minimum < next.minimum ? one : next;
      whole.push({
        from: one.from,
        samples: one.samples + next.samples,
        minimum: lower.minimum,
        minimumIndex: lower.minimumIndex,
        most: Math.max(one.most, next.most),
        heapMinimum: Math.min(one.heapMinimum, next.heapMinimum),
      });
      k++;
    }
  }
  return whole;
}

/** An old generation that holds this share of its most right after a collection is full. */
const FULL = 0.98;
/** So many collections in a row leave it full, and so many before did not: otherwise it may hold always the same. */
const MIN_FULL = 3;

/**
 * The cycles with what no longer fits the old generation. A full collection leaves live objects in the young generation once the old one is full of
 * them (Serial and Parallel), and what the old one holds rises no more. What the rest of the heap holds then, beyond what it held after the collections
 * before, is live too.
 *
 *     heap  . . . ..::::      the rest of it is what was allocated since the collection, until the old generation is full
 *     old   ____/‾‾‾‾‾‾‾
 */
function withOverflow(cycles: readonly GcCycle[]): GcCycle[] {
  const most = cycles.reduce((sum, cycle) => Math.max(sum, cycle.most), 0);
  const first = cycles.findLastIndex(({ minimum }) => minimum < FULL * most) + 1;
  if (first < MIN_FULL || cycles.length - first < MIN_FULL) return [...cycles];
  const rests = cycles.map(({ heapMinimum, minimum }) => heapMinimum - minimum);
  const usual = median(Float64Array.from(rests.slice(0, first)));
  return cycles.map((cycle, k) => {
    const overflow = rests[k]! - usual;
    return k < first || !(overflow > 0 && Number.isFinite(overflow)) ? cycle : { ...cycle, minimum: cycle.minimum + overflow };
  });
}

/** A floor has about this many values or fewer. */
const MAX_FLOOR_POINTS = 30;

/** Minima of groups of cycles. If collections are as frequent as samples, one sample can be far above the floor; the minimum of several is near it. */
function cycleMinima(whole: readonly GcCycle[]): GcCycle[] {
  const group = Math.max(1, Math.ceil(whole.length / MAX_FLOOR_POINTS));
  const floor: GcCycle[] = [];
  for (let k = 0; k + group <= whole.length; k += group)
    floor.push(whole.slice(k, k + group).reduce((a, b) => (b.minimum < a.minimum ? b : a)));
  return floor;
}

/** Whether the newest cycle is already longer than earlier cycles took, in the median, to reach their minimum. */
function isComplete({ samples }: GcCycle, earlier: readonly GcCycle[]): boolean {
  const taken = earlier.map(({ minimumIndex: at, from }) => at - from).sort((a, b) => a - b);
  return taken.length === 0 || samples > taken[taken.length >> 1]!;
}

/**
 * anon less the resident part of the heap, in bytes; null if the JVM's counters are missing. A JVM touches its committed heap page by
 * page when it first uses it. That looks like a native memory leak for minutes or hours, and then stops. The JVM seldom gives heap
 * pages back, so the high-water marks of the old generation and of the rest are taken as resident. `untouchedBytes` of the committed heap
 * were in use in no sample, although they may have been in use between two samples. A heap of one space (Shenandoah) is used region after region, and
 * what it copies goes to regions of its own, so all that it has committed is taken as resident.
 */
export function anonOutsideHeap(
  series: OrderedSeries,
  starts: readonly number[],
): { readonly outsideHeap: Float64Array; readonly untouchedBytes: number } | null {
  const anon = series.fields.get('anon');
  const heap = series.fields.get('heap_used');
  const old = series.fields.get('old_used');
  if (anon === undefined || heap === undefined || old === undefined) return null;
  const committed = series.fields.get('heap_committed');
  const ofOneSpace = series.fields.has('full_gc_count') && isSingleSpace(old, heap) ? committed : undefined;
  const beyond = new Float64Array(anon.length).fill(Number.NaN);
  let oldHighWater = 0;
  let youngHighWater = 0;
  let hasHeapValues = false;
  const restartIndexes = new Set(starts);
  for (let i = 0; i < anon.length; i++) {
    if (restartIndexes.has(i)) oldHighWater = youngHighWater = 0;
    if (Number.isFinite(heap[i]!) && Number.isFinite(old[i]!)) {
      const inOld = ofOneSpace?.[i] ?? Number.NaN;
      oldHighWater = Math.max(oldHighWater, old[i]!, Number.isFinite(inOld) ? inOld : 0);
      youngHighWater = Math.max(youngHighWater, heap[i]! - old[i]!);
      hasHeapValues = true;
    }
    if (hasHeapValues && Number.isFinite(anon[i]!)) beyond[i] = Math.max(0, anon[i]! - oldHighWater - youngHighWater);
  }
  if (!hasHeapValues) return null;
  const committedNow = committed?.findLast(Number.isFinite) ?? 0;
  return { outsideHeap: beyond, untouchedBytes: Math.max(0, committedNow - oldHighWater - youngHighWater) };
}

const isSingleSpace = (old: Float64Array, heap: Float64Array): boolean =>
  old.every((value, i) => value === heap[i] || !Number.isFinite(value));
