import { entriesOf } from '../../src/fields.ts';
import type { SamplesAnswer } from '../../src/outlets/status.ts';

/** A value is carried forward for this many of its usual steps. After that it is unknown. */
const MAX_STEPS = 4;

type Column = readonly (number | null)[];

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0;

/**
 * Carries forward values that are read less often than usage (such as a JVM that answers every fifth tick). Otherwise they would be drawn as
 * spikes. Never across a restart of the container.
 */
export function forwardFill(samples: SamplesAnswer): SamplesAnswer {
  const { t } = samples;
  const restarts = samples.aux.events.filter((e) => e.type === 'restart').map((e) => e.t);
  const restartedWithin = (from: number, to: number): boolean => restarts.some((b) => b > from && b <= to);
  const fill = (column: Column): Column => {
    if (!column.includes(null)) return column;
    const known = column.flatMap((v, i) => (v === null ? [] : [i]));
    if (known.length < 2) return column;
    const longest = MAX_STEPS * median(known.slice(1).map((i, k) => t[i]! - t[known[k]!]!));
    let last = -1;
    return column.map((v, i) => {
      if (v !== null) last = i;
      else if (last >= 0 && t[i]! - t[last]! <= longest && !restartedWithin(t[last]!, t[i]!)) return column[last]!;
      return v;
    });
  };
  return { ...samples, fields: Object.fromEntries(entriesOf(samples.fields).map(([id, c]) => [id, fill(c)])) };
}
