import type { FieldColumns, FieldId } from '../../src/fields.ts';
import { liveSetAfterGc } from '../../src/trends/heap/live-set.ts';

/** The rows that the floor is made of. */
export interface HeapRows {
  readonly t: readonly number[];
  readonly fields: FieldColumns;
}

const FIELDS: readonly FieldId[] = ['full_gc_count', 'gc_count', 'old_used', 'heap_used'];

/**
 * The live set after GC, by the same rule as the verdict's: from the lowest value of a collection cycle until that of the next. null where
 * it is not known, as of a collector that does not report it.
 */
export function heapFloor({ t, fields }: HeapRows): (number | null)[] | null {
  const columns = new Map(
    FIELDS.flatMap((id) => (fields[id] === undefined ? [] : [[id, Float64Array.from(fields[id], (v) => v ?? Number.NaN)]])),
  );
  const series = { t: Float64Array.from(t), fields: columns, restarts: [], oomKills: [] };
  const floor: (number | null)[] = t.map(() => null);
  let known = false;
  for (const [from, to] of runsOf(columns.get('full_gc_count'))) {
    const found = liveSetAfterGc(series, from, to);
    if (found.state !== 'known') continue;
    known = true;
    let k = -1;
    for (let i = from; i < to; i++) {
      while (k + 1 < found.t.length && found.t[k + 1]! <= t[i]!) k++;
      if (k >= 0) floor[i] = found.y[k]!;
    }
  }
  return known ? floor : null;
}

/** Rows of one JVM each: a count of collections that falls is of another JVM. */
function* runsOf(counts: Float64Array | undefined): Generator<readonly [number, number]> {
  if (counts === undefined) return;
  let from = 0;
  let before = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < counts.length; i++) {
    const count = counts[i]!;
    if (!Number.isFinite(count)) continue;
    if (count < before) {
      yield [from, i];
      from = i;
    }
    before = count;
  }
  yield [from, counts.length];
}
