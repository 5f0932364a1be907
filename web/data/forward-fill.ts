import type { SamplesAnswer } from '../../src/outlets/status.ts';

/** A value stands for so many of its usual steps; longer, and nobody knows it any more. */
const STEPS = 4;

type Column = readonly (number | null)[];

const middle = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

/**
 * What is read less often than usage (a JVM that answers each fifth tick) stands until it is read again: without this it would be drawn as
 * needles. Never into another life of the container.
 */
export function held(samples: SamplesAnswer): SamplesAnswer {
  const { t } = samples;
  const births = samples.aux.events.filter((e) => e.type === 'restart').map((e) => e.t);
  const bornWithin = (from: number, to: number): boolean => births.some((b) => b > from && b <= to);
  const hold = (column: Column): Column => {
    if (!column.includes(null)) return column;
    const known = column.flatMap((v, i) => (v === null ? [] : [i]));
    if (known.length < 2) return column;
    const longest = STEPS * middle(known.slice(1).map((i, k) => t[i]! - t[known[k]!]!));
    let last = -1;
    return column.map((v, i) => {
      if (v !== null) last = i;
      else if (last >= 0 && t[i]! - t[last]! <= longest && !bornWithin(t[last]!, t[i]!)) return column[last]!;
      return v;
    });
  };
  return { ...samples, fields: Object.fromEntries(Object.entries(samples.fields).map(([id, c]) => [id, hold(c)])) };
}
