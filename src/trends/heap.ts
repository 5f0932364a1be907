import type { Ordered } from './normalise.ts';

/**
 * What a running JVM tells beyond heap_used. In a generational heap, garbage that was promoted stays in the old generation until
 * that is collected: before the first such collection a rising floor says nothing about leaks, however straight it is.
 *
 *     old  /|  /|  /|     collected at each fall: the floor is what lives       /
 *         / | / | / |     never collected yet: a leak, or only promotion       /
 */
export type HeapFloor =
  /** Values right after collections of the old generation. */
  | { readonly state: 'told'; readonly t: Float64Array; readonly y: Float64Array }
  /** The old generation was not collected often enough in this life. */
  | { readonly state: 'untold'; readonly collections: number }
  /** No such figures (a series file): the floor must be taken from heap_used alone. */
  | { readonly state: 'unknown' };

/** Two values make no line; with two collections the span between them still says whether the floor rose. */
const FEWEST = 2;

export function heapFloor(series: Ordered, from: number, to: number): HeapFloor {
  const full = series.fields.get('full_gc_count');
  const old = series.fields.get('old_used') ?? series.fields.get('heap_used');
  if (full === undefined || old === undefined) return { state: 'unknown' };
  const t: number[] = [];
  const y: number[] = [];
  let before: number | null = null;
  for (let i = from; i < to; i++) {
    const count = full[i]!;
    if (!Number.isFinite(count) || !Number.isFinite(old[i]!)) continue;
    if (before !== null && count > before) {
      t.push(series.t[i]!);
      y.push(old[i]!);
    }
    before = count;
  }
  if (before === null) return { state: 'unknown' };
  return t.length >= FEWEST
    ? { state: 'told', t: Float64Array.from(t), y: Float64Array.from(y) }
    : { state: 'untold', collections: t.length };
}

/**
 * anon less the part of the heap that was ever touched: a JVM takes its committed heap page by page as it first fills it, which looks
 * like a leak of native memory for minutes or hours and ends by itself. Heap pages are not given back, so the high-water marks of the
 * old generation and of the rest are what is resident. null where the JVM's figures are not there.
 */
export function anonBeyondHeap(series: Ordered, starts: readonly number[]): Float64Array | null {
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
  return told ? beyond : null;
}
