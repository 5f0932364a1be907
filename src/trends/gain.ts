import { firstAt } from './blocks.ts';
import type { Window } from './field-trend.ts';
import type { TrendBasis } from './types.ts';

/** Bytes an hour that a field gained while the line of another held. 0 where it is not known. */
export type Gain = (line: TrendBasis['line']) => number;

/** Values at either end that stand for it: a share of those between, so that one spike is not the gain. */
const END = 6;

export const noGain: Gain = () => 0;

/** The gain of `values` from the mean of the first sixth of the line to the mean of its last, whatever went on between. */
export function gainOf(values: Float64Array, { t, from, to }: Window): Gain {
  return (line) => {
    if (line === null) return 0;
    const first = firstAt(t, line.fromT, from, to);
    const each = Math.max(1, Math.floor((to - first) / END));
    const [a, b] = [meanOf(values, t, first, first + each), meanOf(values, t, to - each, to)];
    return b.t > a.t ? ((b.y - a.y) / (b.t - a.t)) * 3600 : 0;
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
