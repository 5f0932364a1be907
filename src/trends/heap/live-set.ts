import type { Ordered } from '../normalise.ts';

/**
 * What a running JVM tells beyond heap_used. In a generational heap, garbage that was promoted stays in the old generation until
 * that is collected: before the first such collection a rising floor says nothing about leaks, however straight it is.
 *
 *     old  /|  /|  /|     collected at each fall: the floor is what lives       /
 *         / | / | / |     never collected yet: a leak, or only promotion       /
 */
export type HeapFloor =
  /** What collections of the old generation leave. */
  | { readonly state: 'told'; readonly t: Float64Array; readonly y: Float64Array }
  /** The old generation was not collected often enough in this life. */
  | { readonly state: 'untold' }
  /** The collector renews its figures before it has freed anything. */
  | { readonly state: 'never told' }
  /** No such figures (a series file): the floor must be taken from heap_used alone. */
  | { readonly state: 'unknown' };

/** Two values make no line; with two collections the span between them still says whether the floor rose. */
const FEWEST = 2;

export function heapFloor(series: Ordered, from: number, to: number): HeapFloor {
  const full = series.fields.get('full_gc_count');
  const old = series.fields.get('old_used') ?? series.fields.get('heap_used');
  if (old === undefined) return { state: 'unknown' };
  if (full === undefined) return { state: series.fields.has('gc_count') ? 'never told' : 'unknown' };
  // Shenandoah: one space, which falls in each of its cycles and is told at all times. Its pauses are counted many to a cycle.
  if (sameOver(old, series.fields.get('heap_used'), from, to)) return { state: 'unknown' };
  const { told, stretches } = stretchesOf(full, old, from, to);
  if (!told) return { state: 'unknown' };
  const whole = joined(stretches);
  const last = whole[whole.length - 1];
  if (last !== undefined && !isWhole(last, whole.slice(0, -1))) whole.pop();
  const floor = leastOfEach(whole);
  return whole.length >= FEWEST
    ? {
        state: 'told',
        t: Float64Array.from(floor, ({ at }) => series.t[at]!),
        y: Float64Array.from(floor, ({ least }) => least),
      }
    : { state: 'untold' };
}

function sameOver(a: Float64Array, b: Float64Array | undefined, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (b === undefined || (a[i] !== b[i] && Number.isFinite(a[i]!))) return false;
  return true;
}

/** From one collection of the old generation to the next. */
interface Stretch {
  /** Index of the first sample after the collection. */
  readonly from: number;
  readonly samples: number;
  /** The least of it until the next: G1 only marks in its cycle, and cleans the old regions in the young collections after it. */
  readonly least: number;
  readonly at: number;
}

function stretchesOf(full: Float64Array, old: Float64Array, from: number, to: number): { told: boolean; stretches: Stretch[] } {
  const stretches: Stretch[] = [];
  let count: number | null = null;
  for (let i = from; i < to; i++) {
    if (!Number.isFinite(full[i]!) || !Number.isFinite(old[i]!)) continue;
    const current = stretches[stretches.length - 1];
    if (count !== null && full[i]! > count) stretches.push({ from: i, samples: 1, least: old[i]!, at: i });
    else if (current !== undefined) {
      const lower = old[i]! < current.least;
      stretches[stretches.length - 1] = {
        ...current,
        samples: current.samples + 1,
        least: lower ? old[i]! : current.least,
        at: lower ? i : current.at,
      };
    }
    count = full[i]!;
  }
  return { told: count !== null, stretches };
}

/** Stretches with those of one sample joined to the next: the two pauses of one cycle of G1, or collections that follow each other. */
function joined(stretches: readonly Stretch[]): Stretch[] {
  const whole: Stretch[] = [];
  for (let k = 0; k < stretches.length; k++) {
    const one = stretches[k]!;
    const next = stretches[k + 1];
    if (one.samples > 1 || next === undefined) whole.push(one);
    else {
      const lower = one.least < next.least ? one : next;
      whole.push({ from: one.from, samples: one.samples + next.samples, least: lower.least, at: lower.at });
      k++;
    }
  }
  return whole;
}

/** Values that a floor is made of. */
const MOST = 30;

/** Where collections come as often as samples, these see the heap anywhere between two of them: the least of several is near the floor. */
function leastOfEach(whole: readonly Stretch[]): Stretch[] {
  const group = Math.max(1, Math.ceil(whole.length / MOST));
  const floor: Stretch[] = [];
  for (let k = 0; k + group <= whole.length; k += group)
    floor.push(whole.slice(k, k + group).reduce((a, b) => (b.least < a.least ? b : a)));
  return floor;
}

/** Whether the newest stretch has gone on for longer than earlier ones usually took to their least. */
function isWhole({ samples }: Stretch, earlier: readonly Stretch[]): boolean {
  const taken = earlier.map(({ at, from }) => at - from).sort((a, b) => a - b);
  return taken.length === 0 || samples > taken[taken.length >> 1]!;
}

/**
 * anon less the part of the heap that was ever touched: a JVM takes its committed heap page by page as it first fills it, which looks
 * like a leak of native memory for minutes or hours and ends by itself. Heap pages are not given back, so the high-water marks of the
 * old generation and of the rest are what is resident; `untouchedBytes` of what is committed were not yet seen in use, though between two
 * samples they may have been. null where the JVM's figures are not there.
 */
export function anonBeyondHeap(
  series: Ordered,
  starts: readonly number[],
): { readonly beyond: Float64Array; readonly untouchedBytes: number } | null {
  const anon = series.fields.get('anon');
  const heap = series.fields.get('heap_used');
  const old = series.fields.get('old_used');
  if (anon === undefined || heap === undefined || old === undefined) return null;
  const beyond = new Float64Array(anon.length).fill(Number.NaN);
  let oldMost = 0;
  let youngMost = 0;
  let told = false;
  const births = new Set(starts);
  for (let i = 0; i < anon.length; i++) {
    if (births.has(i)) oldMost = youngMost = 0;
    if (Number.isFinite(heap[i]!) && Number.isFinite(old[i]!)) {
      oldMost = Math.max(oldMost, old[i]!);
      youngMost = Math.max(youngMost, heap[i]! - old[i]!);
      told = true;
    }
    if (told && Number.isFinite(anon[i]!)) beyond[i] = Math.max(0, anon[i]! - oldMost - youngMost);
  }
  if (!told) return null;
  const committed = series.fields.get('heap_committed')?.findLast(Number.isFinite) ?? 0;
  return { beyond, untouchedBytes: Math.max(0, committed - oldMost - youngMost) };
}
