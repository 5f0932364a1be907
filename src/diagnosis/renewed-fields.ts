import { entriesOf, type FieldId, isField } from '../fields.ts';
import type { Series } from '../history/series.ts';
import type { JvmReading } from '../sources/types.ts';
import { lowerBound } from '../trends/field/block-means.ts';
import type { FieldTrend, FieldTrends } from '../trends/types.ts';

interface Context {
  readonly series: Pick<Series, 't' | 'fields'>;
  readonly jvm: JvmReading | null;
  readonly evaluation: { readonly fields: FieldTrends };
}

/** A value that did not change counts as steady only if it was updated at least this often in its window. */
const MIN_RENEWALS = 2;

/** Fields that a JVM updates only at a collection: metaspace in its counters; the heap with some collectors, whose value is then older than the reading. */
const isRenewedAtCollection = ({ jvm }: Context, id: FieldId): boolean =>
  (id === 'metaspace' && jvm?.source !== 'attach') ||
  (id === 'heap_used' && jvm !== null && jvm.heapUsed.atMs < jvm.heapCommitted.atMs);

/** Collections in the window of a field's trend; null: not counted. */
function collectionsInWindow({ series, jvm }: Context, windowSeconds: number): number | null {
  const counts = series.fields.get('gc_count');
  if (counts === undefined) return jvm?.collector === 'Epsilon' ? 0 : null;
  const from = (series.t[series.t.length - 1] ?? 0) - windowSeconds;
  let first = lowerBound(series.t, from, 0, series.t.length);
  let last = counts.length - 1;
  while (first < last && !Number.isFinite(counts[first])) first++;
  while (last > first && !Number.isFinite(counts[last])) last--;
  const rise = (counts[last] ?? 0) - (counts[first] ?? 0);
  return Number.isFinite(rise) ? rise : 0;
}

export function wasRenewed(context: Context, id: FieldId): boolean {
  if (!isRenewedAtCollection(context, id)) return true;
  const collections = collectionsInWindow(context, context.evaluation.fields[id]?.windowSeconds ?? 0);
  return collections === null || collections >= MIN_RENEWALS;
}

/** The trends without those that are steady only because the JVM did not update the counter: what such a field does is not known. */
export function withoutStaleTrends(context: Context): FieldTrends {
  const stale = entriesOf(context.evaluation.fields).filter(
    ([id, { trend }]) => trend === 'stable' && isField(id) && !wasRenewed(context, id),
  );
  return { ...context.evaluation.fields, ...Object.fromEntries(stale.map(([id, trend]) => [id, unknown(context, trend)])) };
}

function unknown(context: Context, trend: FieldTrend): FieldTrend {
  const collections = collectionsInWindow(context, trend.windowSeconds) ?? 0;
  const count = collections === 0 ? 'no collection' : 'one collection';
  return {
    ...trend,
    trend: 'not-enough-data',
    slopeBytesPerHour: null,
    low: null,
    high: null,
    p: null,
    basis: {
      ...trend.basis,
      line: null,
      reason: `the JVM updates its counter only at a collection, and there was ${count} in this time`,
    },
  };
}
