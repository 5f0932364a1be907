import type { FieldId } from '../../fields.ts';
import type { FieldReader } from '../../memory-facts.ts';
import { HOUR_S } from '../../units.ts';
import { lowerBound } from '../field/block-means.ts';
import type { Window } from '../field/window.ts';
import type { OrderedSeries } from '../normalise.ts';
import type { TrendBasis } from '../types.ts';

/** The fields of a sum, each with the value that replaces it in a sample without it; null: no such value is known. */
export interface Sum {
  readonly of: (read: FieldReader) => number | null;
  readonly level: FieldReader;
}

/** Questions about the values of several fields, asked once it is known which fields grow. */
export interface CoMovement {
  /**
   * Whether growth of page cache (without tmpfs) explains growth of a field since the start of `line`. It does if `share` of the cache's
   * growth is at least the field's growth, and most of the field's growth came at the same times.
   */
  isExplainedByCache(id: FieldId, line: TrendBasis['line'], share: number): boolean;
  /** As `isExplainedByCache`, for the memory that page tables map: anonymous memory, tmpfs and mapped files. */
  isExplainedByMappings(id: FieldId, line: TrendBasis['line'], share: number): boolean;
  /**
   * 95th percentile of a sum of fields since `fromT` (epoch seconds), each value moved to the end of the window at `bytesPerHour`. Peaks reach a
   * limit first, and averages would hide them. null: the sum is known for too few rows.
   */
  peak(sum: Sum, bytesPerHour: number, fromT: number): number | null;
}

/** Number of intervals in which the changes of two fields are compared. */
const INTERVALS = 12;
const MIN_SHARE_TOGETHER = 0.5;
const PEAK = 0.95;
const FEWEST_ROWS = 10;
/** At most about this many evenly spread rows are read. They give the same percentile as all rows, and cost less. */
const MAX_ROWS = 2000;

export function coMovement({ fields, processKills }: Pick<OrderedSeries, 'fields' | 'processKills'>, window: Window): CoMovement {
  const { t, from, to } = window;
  // What a killed process held counts no more, however little is known since.
  const killed = processKills.findLast((row) => row > from && row < to) ?? null;
  const column = (id: FieldId) => {
    const values = fields.get(id);
    return (row: number): number => (values === undefined ? 0 : values[row]!);
  };
  const [cache, anon, shmem, mapped] = [column('file'), column('anon'), column('shmem'), column('file_mapped')];
  const isExplainedBy = (other: (row: number) => number, id: FieldId, line: TrendBasis['line'], share: number): boolean => {
    const values = fields.get(id);
    if (line === null || values === undefined) return false;
    const first = lowerBound(t, line.fromT, from, to);
    const fieldMeans = intervalMeans((row) => values[row]!, first, to);
    const otherMeans = intervalMeans(other, first, to);
    let [gained, otherGained, together] = [0, 0, 0];
    for (let k = 1; k < fieldMeans.length; k++) {
      const [mine, its] = [fieldMeans[k]! - fieldMeans[k - 1]!, otherMeans[k]! - otherMeans[k - 1]!];
      if (!Number.isFinite(mine + its)) continue;
      gained += mine;
      otherGained += its;
      together += Math.max(0, Math.min(mine, share * its));
    }
    return gained > 0 && share * otherGained >= gained && together >= MIN_SHARE_TOGETHER * gained;
  };
  return {
    isExplainedByCache: (id, line, share) =>
      fields.has('file') && isExplainedBy((row) => cache(row) - shmem(row), id, line, share),
    isExplainedByMappings: (id, line, share) => isExplainedBy((row) => anon(row) + shmem(row) + mapped(row), id, line, share),
    peak(sum, bytesPerHour, fromT) {
      const first = Math.max(lowerBound(t, fromT, from, to), killed ?? from);
      const step = Math.max(1, Math.floor((to - first) / MAX_ROWS));
      const moved: number[] = [];
      let row = 0;
      const read: FieldReader = (id) => {
        const value = fields.get(id)?.[row] ?? Number.NaN;
        return Number.isFinite(value) ? value : sum.level(id);
      };
      for (row = to - 1; row >= first; row -= step) {
        const bytes = sum.of(read);
        if (bytes !== null) moved.push(bytes + (bytesPerHour / HOUR_S) * (t[to - 1]! - t[row]!));
      }
      if (moved.length < (killed === null ? FEWEST_ROWS : 1)) return null;
      return Float64Array.from(moved).sort()[Math.floor(PEAK * moved.length)]!;
    },
  };
}

/** Means of the known values in each of up to twelve intervals of the rows `from` to `to`; NaN: an interval has none. */
function intervalMeans(at: (row: number) => number, from: number, to: number): number[] {
  const count = Math.min(INTERVALS, to - from);
  return Array.from({ length: count }, (_, k) => {
    const end = from + Math.floor(((k + 1) * (to - from)) / count);
    let [known, sum] = [0, 0];
    for (let i = from + Math.floor((k * (to - from)) / count); i < end; i++) {
      const value = at(i);
      if (!Number.isFinite(value)) continue;
      known++;
      sum += value;
    }
    return sum / known;
  });
}
