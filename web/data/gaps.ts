import { entriesOf } from '../../src/fields.ts';
import type { SamplesAnswer } from '../../src/outlets/status.ts';

/** A step is a gap if it is this many times as long as its neighbours. A fixed length does not work, because older rows are coarser. */
const TIMES = 2.5;
const NEIGHBOURS = 4;

const median = (steps: readonly number[]): number => [...steps].sort((a, b) => a - b)[steps.length >> 1] ?? 0;

/** Indices after which nothing was sampled for a while, because memhound was not running. */
function gapsIn(t: readonly number[], intervalS: number): number[] {
  const steps = t.slice(1).map((at, i) => at - t[i]!);
  const gaps: number[] = [];
  for (const [i, step] of steps.entries()) {
    const usual = Math.max(
      intervalS,
      median(steps.slice(Math.max(0, i - NEIGHBOURS), i)),
      median(steps.slice(i + 1, i + 1 + NEIGHBOURS)),
    );
    if (step > TIMES * usual) gaps.push(i);
  }
  return gaps;
}

/** The same samples with a row of nulls in each gap, so that no line is drawn across a time without samples. */
export function breakLinesAtGaps(samples: SamplesAnswer): SamplesAnswer {
  const gaps = new Set(gapsIn(samples.t, samples.interval_s));
  if (gaps.size === 0) return samples;
  const envelope = <T>(column: readonly T[], between: (i: number) => T): T[] =>
    column.flatMap((v, i) => (gaps.has(i) ? [v, between(i)] : [v]));
  return {
    ...samples,
    t: envelope(samples.t, (i) => (samples.t[i]! + samples.t[i + 1]!) / 2),
    fields: Object.fromEntries(entriesOf(samples.fields).map(([id, c]) => [id, envelope<number | null>(c, () => null)])),
  };
}
