import type { ReplicaSpread } from './replicas.ts';
import type { KnownRow } from './result-file.ts';
import type { RowSummary } from './types.ts';

/** One container, with what only the fleet as a whole tells about it. */
export interface RankedRow {
  readonly row: KnownRow;
  readonly alarm: boolean;
  /** null: it does not leak. */
  readonly replicas: ReplicaSpread | null;
}

/** The most urgent first: alarms by their end, other leaks, what is not known and grows, what grows harmlessly, the rest. */
export function ranked(rows: readonly RankedRow[]): RankedRow[] {
  return [...rows].sort(
    (a, b) =>
      classOf(a) - classOf(b) ||
      endOf(a.row.summary) - endOf(b.row.summary) ||
      rateOf(b.row.summary) - rateOf(a.row.summary) ||
      (nameOf(a.row.summary) < nameOf(b.row.summary) ? -1 : 1),
  );
}

function classOf({ alarm, row: { summary } }: RankedRow): number {
  if (alarm) return 0;
  if (summary.leak === true) return 1;
  if (summary.leak === null && summary.trend === 'growing') return 2;
  return summary.trend === 'growing' ? 3 : 4;
}

const endOf = ({ eta }: RowSummary): number => eta?.seconds ?? Number.POSITIVE_INFINITY;
const rateOf = ({ growth }: RowSummary): number => growth?.bytesPerHour ?? 0;
const nameOf = ({ cluster, namespace, pod, container }: RowSummary): string => `${cluster}/${namespace}/${pod}/${container}`;
