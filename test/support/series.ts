import { NO_PARTS } from '../../src/history/part-readings.ts';
import type { Series } from '../../src/history/series.ts';
import { MIB } from '../../src/units.ts';
import { machineSeries } from '../../synthetic/machine.ts';
import { Random } from '../../synthetic/random.ts';

/** A day at one minute of anonymous memory that grows by 6 MiB an hour in white noise of 1 MiB. */
export function leakSeries({ seed = 1, level = 200 * MIB, limit = 1024 * MIB }): Series {
  const random = new Random(seed);
  const t = Float64Array.from({ length: 1440 }, (_, i) => 1_700_000_000 + 60 * i);
  const anon = t.map((_, i) => level + (6 * MIB * i) / 60 + MIB * random.normal());
  return {
    t,
    fields: new Map([['anon', anon]]),
    intervalS: 60,
    limitBytes: limit,
    heapMaxBytes: null,
    events: [],
    files: [],
    parts: NO_PARTS,
  };
}

/** Synthetic memory of a machine, one sample per five minutes: noise that returns to its mean, no drift. */
export function machineSeriesOf(seed: number, days: number): Series {
  const anon = machineSeries(new Random(seed), 8, 300).slice(0, (days * 86_400) / 300);
  const t = Float64Array.from(anon, (_, i) => 1_700_000_000 + 300 * i);
  return {
    t,
    fields: new Map([['anon', anon]]),
    intervalS: 300,
    limitBytes: 2 * Math.max(...anon),
    heapMaxBytes: null,
    events: [],
    files: [],
    parts: NO_PARTS,
  };
}
