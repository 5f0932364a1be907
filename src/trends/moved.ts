import { firstAt } from './blocks.ts';
import type { Window } from './field-trend.ts';
import type { Ordered } from './normalise.ts';
import type { TrendBasis } from './types.ts';

/** What is asked of the values themselves once it is known which fields grow. */
export interface Moved {
  /** Bytes an hour that page cache gained while the line of another field held; 0 where it is not known. */
  cacheGain(line: TrendBasis['line']): number;
  /**
   * 95th percentile of the sum of these fields since `fromT` (epoch seconds), all moved along `bytesPerHour` to the end: peaks meet a limit
   * first, and only those of samples are as high as they are. null: too few rows have all of the fields.
   */
  peak(ids: readonly string[], bytesPerHour: number, fromT: number): number | null;
}

const HOUR = 3600;
/** Values at either end that stand for it: a share of those between, so that one spike is not the gain. */
const END = 6;
const PEAK = 0.95;
const FEWEST_ROWS = 10;
/** Rows that are looked at, evenly spread: as good for a percentile as all of them, at no cost. */
const MOST_ROWS = 2000;

export function movedIn({ fields }: Pick<Ordered, 'fields'>, window: Window): Moved {
  const { t, from, to } = window;
  return {
    cacheGain(line) {
      const cache = fields.get('file');
      if (line === null || cache === undefined) return 0;
      const first = firstAt(t, line.fromT, from, to);
      const each = Math.max(1, Math.floor((to - first) / END));
      const [a, b] = [meanOf(cache, t, first, first + each), meanOf(cache, t, to - each, to)];
      return b.t > a.t ? ((b.y - a.y) / (b.t - a.t)) * HOUR : 0;
    },
    peak(ids, bytesPerHour, fromT) {
      const columns = ids.flatMap((id) => fields.get(id) ?? []);
      const first = firstAt(t, fromT, from, to);
      const step = Math.max(1, Math.floor((to - first) / MOST_ROWS));
      const moved: number[] = [];
      for (let i = to - 1; i >= first; i -= step) {
        let sum = (bytesPerHour / HOUR) * (t[to - 1]! - t[i]!);
        for (const column of columns) sum += column[i]!;
        if (Number.isFinite(sum)) moved.push(sum);
      }
      if (moved.length < FEWEST_ROWS) return null;
      return Float64Array.from(moved).sort()[Math.floor(PEAK * moved.length)]!;
    },
  };
}

function meanOf(values: Float64Array, t: Float64Array, from: number, to: number): { t: number; y: number } {
  let [count, sumT, sumY] = [0, 0, 0];
  for (let i = from; i < to; i++) {
    if (!Number.isFinite(values[i])) continue;
    count++;
    sumT += t[i]!;
    sumY += values[i]!;
  }
  return { t: sumT / count, y: sumY / count };
}
