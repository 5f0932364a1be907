import type { OrderedSeries } from '../normalise.ts';

/**
 * What the counters of a running JVM say beyond heap_used. In a generational heap, garbage that was promoted stays in the old generation until
 * that is collected: before the first such collection a rising floor says nothing about leaks, however straight it is.
 *
 *     old  /|  /|  /|     collected at each fall: the floor is what lives       /
 *         / | / | / |     never collected yet: a leak, or only promotion       /
 */
export type LiveSet =
  /** What collections of the old generation leave. */
  | { readonly state: 'known'; readonly t: Float64Array; readonly y: Float64Array }
  /** The old generation was not collected often enough in this run. */
  | { readonly state: 'not-collected' }
  /** The collector updates its figures before it has freed anything. */
  | { readonly state: 'not-reported' }
  /** There are no such figures (a series file): the floor must be taken from heap_used alone. */
  | { readonly state: 'no-data' };

/** Two values are too few for a line, but the rise between two collections can still be seen. */
const MIN_COLLECTIONS = 2;

export function liveSetAfterGc(series: OrderedSeries, from: number, to: number): LiveSet {
  const full = series.fields.get('full_gc_count');
  const old = series.fields.get('old_used') ?? series.fields.get('heap_used');
  if (old === undefined) return { state: 'no-data' };
  if (full === undefined) return { state: series.fields.has('gc_count') ? 'not-reported' : 'no-data' };
  // Shenandoah: one space, which falls in each of its cycles and is reported at all times. Its pauses are counted many to a cycle.
  if (isSingleSpace(old, series.fields.get('heap_used'), from, to)) return { state: 'no-data' };
  const { counted, cycles } = gcCycles(full, old, from, to);
  if (!counted) return { state: 'no-data' };
  const whole = joinShortCycles(cycles);
  const last = whole[whole.length - 1];
  if (last !== undefined && !isComplete(last, whole.slice(0, -1))) whole.pop();
  const floor = cycleMinima(whole);
  return whole.length >= MIN_COLLECTIONS
    ? {
        state: 'known',
        t: Float64Array.from(floor, ({ minimumIndex: at }) => series.t[at]!),
        y: Float64Array.from(floor, ({ minimum: least }) => least),
      }
    : { state: 'not-collected' };
}

function isSingleSpace(a: Float64Array, b: Float64Array | undefined, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (b === undefined || (a[i] !== b[i] && Number.isFinite(a[i]!))) return false;
  return true;
}

/** From one collection of the old generation to the next. */
interface GcCycle {
  /** Index of the first sample after the collection. */
  readonly from: number;
  readonly samples: number;
  /** The least of it until the next: G1 only marks in its cycle, and cleans the old regions in the young collections after it. */
  readonly minimum: number;
  readonly minimumIndex: number;
}

function gcCycles(full: Float64Array, old: Float64Array, from: number, to: number): { counted: boolean; cycles: GcCycle[] } {
  const stretches: GcCycle[] = [];
  let count: number | null = null;
  for (let i = from; i < to; i++) {
    if (!Number.isFinite(full[i]!) || !Number.isFinite(old[i]!)) continue;
    const current = stretches[stretches.length - 1];
    if (count !== null && full[i]! > count) stretches.push({ from: i, samples: 1, minimum: old[i]!, minimumIndex: i });
    else if (current !== undefined) {
      const lower = old[i]! < current.minimum;
      stretches[stretches.length - 1] = {
        ...current,
        samples: current.samples + 1,
        minimum: lower ? old[i]! : current.minimum,
        minimumIndex: lower ? i : current.minimumIndex,
      };
    }
    count = full[i]!;
  }
  return { counted: count !== null, cycles: stretches };
}

/** Stretches with those of one sample joined to the next: the two pauses of one cycle of G1, or collections that follow each other. */
function joinShortCycles(stretches: readonly GcCycle[]): GcCycle[] {
  const whole: GcCycle[] = [];
  for (let k = 0; k < stretches.length; k++) {
    const one = stretches[k]!;
    const next = stretches[k + 1];
    if (one.samples > 1 || next === undefined) whole.push(one);
    else {
      const lower = one.minimum < next.minimum ? one : next;
      whole.push({
        from: one.from,
        samples: one.samples + next.samples,
        minimum: lower.minimum,
        minimumIndex: lower.minimumIndex,
      });
      k++;
    }
  }
  return whole;
}

/** Values that a floor is made of. */
const MAX_FLOOR_POINTS = 30;

/** Where collections come as often as samples, these see the heap anywhere between two of them: the least of several is near the floor. */
function cycleMinima(whole: readonly GcCycle[]): GcCycle[] {
  const group = Math.max(1, Math.ceil(whole.length / MAX_FLOOR_POINTS));
  const floor: GcCycle[] = [];
  for (let k = 0; k + group <= whole.length; k += group)
    floor.push(whole.slice(k, k + group).reduce((a, b) => (b.minimum < a.minimum ? b : a)));
  return floor;
}

/** Whether the newest stretch has gone on for longer than earlier ones usually took to their least. */
function isComplete({ samples }: GcCycle, earlier: readonly GcCycle[]): boolean {
  const taken = earlier.map(({ minimumIndex: at, from }) => at - from).sort((a, b) => a - b);
  return taken.length === 0 || samples > taken[taken.length >> 1]!;
}

/**
 * anon less the part of the heap that was ever touched: a JVM takes its committed heap page by page as it first fills it, which looks
 * like a leak of native memory for minutes or hours and ends by itself. Heap pages are not given back, so the high-water marks of the
 * old generation and of the rest are what is resident; `untouchedBytes` of what is committed were not yet seen in use, though between two
 * samples they may have been. null where the JVM's figures are not there.
 */
export function anonOutsideHeap(
  series: OrderedSeries,
  starts: readonly number[],
): { readonly outsideHeap: Float64Array; readonly untouchedBytes: number } | null {
  const anon = series.fields.get('anon');
  const heap = series.fields.get('heap_used');
  const old = series.fields.get('old_used');
  if (anon === undefined || heap === undefined || old === undefined) return null;
  const beyond = new Float64Array(anon.length).fill(Number.NaN);
  let oldHighWater = 0;
  let youngHighWater = 0;
  let hasHeapValues = false;
  const restartIndexes = new Set(starts);
  for (let i = 0; i < anon.length; i++) {
    if (restartIndexes.has(i)) oldHighWater = youngHighWater = 0;
    if (Number.isFinite(heap[i]!) && Number.isFinite(old[i]!)) {
      oldHighWater = Math.max(oldHighWater, old[i]!);
      youngHighWater = Math.max(youngHighWater, heap[i]! - old[i]!);
      hasHeapValues = true;
    }
    if (hasHeapValues && Number.isFinite(anon[i]!)) beyond[i] = Math.max(0, anon[i]! - oldHighWater - youngHighWater);
  }
  if (!hasHeapValues) return null;
  const committed = series.fields.get('heap_committed')?.findLast(Number.isFinite) ?? 0;
  return { outsideHeap: beyond, untouchedBytes: Math.max(0, committed - oldHighWater - youngHighWater) };
}
