import { fieldName } from '../src/fields.ts';
import { NO_PARTS } from '../src/history/part-readings.ts';
import type { Series } from '../src/history/series.ts';
import { MIB } from '../src/units.ts';
import { Random } from './random.ts';

/** Series of one run that rises by tens of per cent, as leaking servers do: not along a clean line. Values in MiB and counts. */
type Columns = Readonly<Record<string, readonly number[]>>;

const COUNTS: ReadonlySet<string> = new Set(['threads', 'classes', 'gc_count', 'full_gc_count']);

function seriesOf(intervalS: number, heapMaxMib: number | null, columns: Columns): Series {
  const entries = Object.entries(columns);
  const n = entries[0]![1].length;
  return {
    t: Float64Array.from({ length: n }, (_, i) => 1_700_000_000 + intervalS * i),
    fields: new Map(
      entries.map(([name, values]) => [
        fieldName(name),
        Float64Array.from(values, (value) => (COUNTS.has(name) ? value : Math.round((value * MIB) / 4096) * 4096)),
      ]),
    ),
    intervalS,
    limitBytes: 512 * MIB,
    heapMaxBytes: heapMaxMib === null ? null : heapMaxMib * MIB,
    events: [],
    files: [],
    parts: NO_PARTS,
  };
}

const made = (n: number, value: (i: number) => number): number[] => Array.from({ length: n }, (_, i) => value(i));

const withSums = (anon: readonly number[]): Columns => ({
  usage: anon.map((value) => value + 2),
  working_set: anon.map((value) => value + 1),
  anon,
});

/** Direct buffers, 108 to 152 MiB in 82 minutes; malloc takes 4 MiB at a time and gives it back twice near the end. */
export function directBuffers(seed = 1): Series {
  const random = new Random(seed);
  const anon = made(82, (i) => {
    const arena = (i >= 54 && i < 60) || (i >= 66 && i < 75) ? 4 : 0;
    return 108.5 + 0.53 * Math.min(i, 75) + 0.3 * Math.max(0, i - 75) + arena + 0.1 * random.normal();
  });
  return seriesOf(60, null, { ...withSums(anon), threads: made(82, () => 36), metaspace: made(82, () => 22) });
}

/** Each redeploy of five brings its classes again: 97 to 191 MiB in steps, metaspace 11 to 44; the last is six minutes old. */
export function redeploys(seed = 1): Series {
  const random = new Random(seed);
  const at = (i: number): number => [17, 33, 51, 68, 84].filter((minute) => i >= minute).length;
  const anon = made(90, (i) => 94 + 18.8 * at(i) + 0.3 * random.normal());
  return seriesOf(60, 128, {
    ...withSums(anon),
    metaspace: made(90, (i) => 11 + 6.6 * at(i)),
    classes: made(90, (i) => 2000 + 1000 * at(i)),
    threads: made(90, () => 30),
    heap_used: made(90, (i) => 20 + (i % 10)),
  });
}

/** The same steps where nothing is known of the JVM. */
export const redeploysOfUnknownProcess = (seed = 1): Series => {
  const known = redeploys(seed);
  return {
    ...known,
    heapMaxBytes: null,
    fields: new Map([...known.fields].filter(([name]) => ['usage', 'working_set', 'anon'].includes(name))),
  };
};

/** A warm-up of 20 minutes, 100 to 150 MiB, and two hours after it. */
export function warmedUp(seed = 1): Series {
  const random = new Random(seed);
  return seriesOf(60, null, withSums(made(140, (i) => 98 + 2.5 * Math.min(i, 20) + 0.3 * random.normal())));
}

/** The same warm-up, three minutes after its end. */
export const justWarmedUp = (seed = 1): Series => {
  const random = new Random(seed);
  return seriesOf(30, null, withSums(made(47, (i) => 98 + 1.25 * Math.min(i, 40) + 0.3 * random.normal())));
};

/** 128 MiB until the process is gone, then 200 KiB. */
export const processGone = (): Series => seriesOf(60, null, { usage: made(120, (i) => (i < 100 ? 128 : 0.2)) });
