import type { FieldColumns, FieldId } from '../../src/fields.ts';
import { liveSetAfterGc } from '../../src/trends/heap/live-set.ts';

/** The columns from which the floor is computed. */
export interface HeapRows {
  readonly t: readonly number[];
  readonly fields: FieldColumns;
}

const FIELDS: readonly FieldId[] = ['full_gc_count', 'gc_count', 'old_used', 'heap_used'];

/**
 * The live set after GC, by the same rule as in the verdict: from the lowest value of a collection cycle until that of the next. null: it is
 * not known, for example because the collector does not report it.
 */
export function heapFloor({ t, fields }: HeapRows): (number | null)[] | null {
  const columns = new Map(
    FIELDS.flatMap((id) => (fields[id] === undefined ? [] : [[id, Float64Array.from(fields[id], (v) => v ?? Number.NaN)]])),
  );
  const series = { t: Float64Array.from(t), fields: columns, restarts: [], oomKills: [], processKills: [] };
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

/** Splits the rows by JVM. If the count of collections falls, it is another JVM. */
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
