import { HOUR_S, MIB } from '../../units.ts';
import { lowerBound } from '../field/block-means.ts';
import type { FieldEvaluation } from '../field/field-trend.ts';
import type { Window } from '../field/window.ts';
import type { OrderedSeries } from '../normalise.ts';

/*
 * Native memory that a collection frees: direct buffers, Deflaters and the like of which nobody holds the Java object any more. Between two
 * collections it grows as straight as a leak.
 *
 *     anon    /|   /|   /     it falls at a collection            ____/     malloc keeps what was freed, and it pauses
 *            / |  / |  /                                    ____/           while that is used again
 *
 * The JVM counts its collections, so growth is compared with what came between two of them.
 */

/** `counts`: a collection does not explain the growth. `open`: the next ones tell. `given-back`: a collection freed such memory, and it has not come further since. */
export type Waiting = 'counts' | 'open' | 'given-back';

/** What the growth of native memory may be, given the seconds until it ends in an OOM kill; null: it has no end in sight. */
export type WaitsForCollection = (native: FieldEvaluation, secondsToEnd: number | null) => Waiting;

/** Growth that outlasts so many of the longest times between two collections does not wait for one. */
const MAX_GAPS = 4;
/** Growth that goes on for longer is seen among many collections, or in a JVM that hardly collects at all. */
const MAX_WAIT_S = HOUR_S;
/** What stays after collections must rise by this multiple of the most that came between two: malloc keeps some of what is freed. */
const MIN_FLOOR_RISE = 1.5;
/**
 * What a collection frees is used again first, so growth that goes on after it at once, for this share of the time before it, has none of it. At so
 * much of the pace before: other memory grows with it.
 */
const MIN_SHARE_AFTER = 1 / 4;
const MIN_SHARE_OF_PACE = 0.8;
const MIN_ROWS_AFTER = 3;
/** A collection must be expected within this share of the time that is left. */
const MAX_SHARE_OF_REST = 1 / 2;
/** A fall at a collection, as a share of what came before it and in bytes. */
const MIN_GIVEN_BACK = 0.5;
const MIN_GIVEN_BACK_BYTES = 4 * MIB;
/** Memory that was given back grows again only beyond its earlier level, by this share of what comes between two collections. */
const BEYOND_PEAK = 0.5;
/** The kernel's figure may follow the JVM's count by a sample. */
const LATE_ROWS = 2;

/** The time between two collections, or up to the first or from the last one. Values in bytes. */
interface Gap {
  readonly rows: number;
  readonly fromS: number;
  readonly toS: number;
  readonly lowest: number;
  readonly highest: number;
  /** The least just after the collection that ended it; null: it goes on. */
  readonly left: number | null;
}

/** null: the JVM does not count its collections. `memory` is anon, or its part outside the heap. */
export function waitsForCollection(
  { fields, t }: Pick<OrderedSeries, 'fields' | 't'>,
  memory: Float64Array,
  { from, to }: Pick<Window, 'from' | 'to'>,
): WaitsForCollection | null {
  const counts = fields.get('gc_count');
  const used = fields.get('heap_used');
  const committed = fields.get('heap_committed');
  if (counts === undefined || used === undefined || committed === undefined) return null;
  const gapsSince = (first: number): readonly Gap[] => gapsBetween(t, memory, counts, first, to);
  return ({ basis: { line } }, secondsToEnd) => {
    const first = line === null ? from : lowerBound(t, line.fromT, from, to);
    const gaps = gapsSince(first);
    const [start, open] = [gaps[0], gaps.at(-1)];
    if (start === undefined || open === undefined) return 'counts';
    const grewS = open.toS - start.fromS;
    if (grewS > MAX_WAIT_S || grewS >= MAX_GAPS * Math.max(...gaps.map(({ fromS, toS }) => toS - fromS))) return 'counts';
    const ofRun = gapsSince(from);
    if (isGivenBack(ofRun, memory[to - 1]!)) return 'given-back';
    const floor = gaps.at(-2)?.left ?? start.lowest;
    if (floor - start.lowest >= MIN_FLOOR_RISE * mostBetween(gaps)) return 'counts';
    if (goesOnAfterCollection(gaps)) return 'counts';
    const dueS = secondsToCollection(ofRun, { t, used, committed }, to);
    return dueS <= MAX_SHARE_OF_REST * (secondsToEnd ?? Number.POSITIVE_INFINITY) ? 'open' : 'counts';
  };
}

function gapsBetween(t: Float64Array, memory: Float64Array, counts: Float64Array, from: number, to: number): Gap[] {
  const gaps: Gap[] = [];
  let first = from;
  let count = Number.NaN;
  const end = (next: number, isCollection: boolean): void => {
    const values = memory.subarray(first, next).filter(Number.isFinite);
    if (values.length === 0) return;
    const after = isCollection ? memory.subarray(next, Math.min(next + LATE_ROWS, to)).filter(Number.isFinite) : null;
    gaps.push({
      rows: values.length,
      fromS: t[first]!,
      toS: t[Math.min(next, to - 1)]!,
      lowest: least(values),
      highest: -least(values.map((value) => -value)),
      left: after === null || after.length === 0 ? null : least(after),
    });
    first = next;
  };
  for (let i = from; i < to; i++) {
    if (counts[i]! > count) end(i, true);
    if (Number.isFinite(counts[i]!)) count = counts[i]!;
  }
  end(to, false);
  return gaps;
}

/** A run may have more samples than a call may have arguments. */
const least = (values: Float64Array): number => values.reduce((low, value) => Math.min(low, value), Number.POSITIVE_INFINITY);

const mostBetween = (gaps: readonly Gap[]): number => Math.max(...gaps.map(({ lowest, highest }) => highest - lowest));

/** Whether growth went on after the newest collection of which that can be told as if there had been none. */
function goesOnAfterCollection(gaps: readonly Gap[]): boolean {
  const pace = ({ fromS, toS, lowest, highest }: Gap): number => (highest - lowest) / (toS - fromS);
  const k = gaps.findLastIndex(({ rows, fromS, toS }, i) => {
    const before = gaps[i - 1];
    return before !== undefined && rows >= MIN_ROWS_AFTER && toS - fromS >= MIN_SHARE_AFTER * (before.toS - before.fromS);
  });
  const [before, after] = [gaps[k - 1], gaps[k]];
  if (before === undefined || after === undefined) return false;
  const risen = (after.highest - before.highest) / (after.toS - after.fromS);
  return risen > 0 && risen >= MIN_SHARE_OF_PACE * pace(before);
}

function isGivenBack(gaps: readonly Gap[], now: number): boolean {
  const fell = gaps.some(({ lowest, highest, left }) => {
    const fall = left === null ? 0 : highest - left;
    return fall >= MIN_GIVEN_BACK_BYTES && fall >= MIN_GIVEN_BACK * (highest - lowest);
  });
  const closed = gaps.slice(0, -1);
  const peak = Math.max(...closed.map(({ highest }) => highest));
  return fell && now <= peak + BEYOND_PEAK * mostBetween(closed);
}

/** Until the heap is full at its present pace, or the longest time between two collections of this run is over; infinite: neither is foreseen. */
function secondsToCollection(
  gaps: readonly Gap[],
  { t, used, committed }: { readonly t: Float64Array; readonly used: Float64Array; readonly committed: Float64Array },
  to: number,
): number {
  const open = gaps.at(-1)!;
  const sinceS = open.toS - open.fromS;
  const first = lowerBound(t, open.fromS, 0, to);
  const pace = (used[to - 1]! - used[first]!) / sinceS;
  const full = pace > 0 ? (committed[to - 1]! - used[to - 1]!) / pace : Number.POSITIVE_INFINITY;
  const usual = Math.max(0, ...gaps.slice(1, -1).map(({ fromS, toS }) => toS - fromS)) - sinceS;
  return Math.min(full, usual > 0 ? usual : Number.POSITIVE_INFINITY);
}
