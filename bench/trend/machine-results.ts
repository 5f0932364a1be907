import { NO_PARTS } from '../../src/history/part-readings.ts';
import { evaluateSeries } from '../../src/trends/evaluate.ts';
import type { Evaluation } from '../../src/trends/types.ts';
import { type Machine, machineOf, STEP_S } from './leak-windows.ts';
import { risesBackward } from './methods/backward-window.ts';
import { lastSegmentRises } from './methods/change-points.ts';
import { mannKendall } from './methods/mann-kendall.ts';
import { precogRise } from './methods/precog.ts';
import { risesByRSquared } from './methods/r-squared.ts';

/** The results for one window. */
export interface WindowResult {
  readonly seed: number;
  readonly hours: number;
  readonly slope: number;
  readonly size: number;
  /** By method: whether it finds growth. */
  readonly said: Readonly<Record<string, boolean>>;
  /** memhound's: error of the slope, whether its interval covers it, and what it was decided from. */
  readonly slopeError: number | null;
  readonly covered: boolean | null;
  readonly confidence: number;
  readonly why: string;
}

export interface MachineResults {
  readonly windows: readonly WindowResult[];
  /** By length of history in hours: the methods that raised a false alarm in any evaluation, one every 12 h. */
  readonly everAlarmed: Readonly<Record<number, readonly string[]>>;
}

const MACHINE_BYTES = 64 * 2 ** 30;
const POINT = MACHINE_BYTES / 100;
const BLOCKS = 144;

function ask(t: Float64Array, percent: Float64Array): Evaluation {
  const y = percent.map((value) => Math.round((value * POINT) / 4096) * 4096);
  return evaluateSeries(
    {
      t: t.map((at) => 1_700_000_000 + at),
      fields: new Map([
        ['usage', y],
        ['anon', y],
      ]),
      intervalS: STEP_S,
      limitBytes: MACHINE_BYTES,
      heapMaxBytes: null,
      events: [],
      files: [],
      parts: NO_PARTS,
    },
    { minHistorySeconds: 900 },
  );
}

function thin(y: Float64Array): Float64Array {
  if (y.length <= BLOCKS) return y;
  return Float64Array.from({ length: BLOCKS }, (_, k) => {
    const block = y.slice(Math.floor((k * y.length) / BLOCKS), Math.floor(((k + 1) * y.length) / BLOCKS)).sort();
    return block[block.length >> 1]!;
  });
}

/** Results of known methods, by name. */
function saidOf(y: Float64Array): Record<string, boolean> {
  const thinned = thin(y);
  const p = mannKendall(thinned);
  return {
    'R squared > 0.5': risesByRSquared(y),
    'Mann-Kendall, Hamed-Rao, .05': p < 0.05,
    'Mann-Kendall, Hamed-Rao, .01': p < 0.01,
    'backward regression': risesBackward(y),
    'change points': lastSegmentRises(thinned),
    'Precog, maximum filtering': precogRise(y, STEP_S),
  };
}

const HISTORIES_H = [24, 72];
const ASKED_EVERY_H = 12;

export function resultsOf(seed: number): MachineResults {
  const machine = machineOf(seed);
  return {
    windows: machine.windows.map(({ hours, t, y, slope, size }) => {
      const evaluation = ask(t, y);
      const anon = evaluation.fields.anon!;
      const { low, high, slopeBytesPerHour } = anon;
      const truth = slope * POINT;
      const { modelProbabilities: fits, statistics: tests } = anon.basis;
      return {
        seed,
        hours,
        slope,
        size,
        said: { memhound: evaluation.leak === true, ...saidOf(y) },
        slopeError: slope > 0 && slopeBytesPerHour !== null ? Math.abs(slopeBytesPerHour / truth - 1) : null,
        covered: slope > 0 && low !== null && high !== null ? low <= truth && truth <= high : null,
        confidence: evaluation.confidence,
        why: [
          anon.trend,
          `confidence ${evaluation.confidence.toFixed(2)}`,
          ...Object.entries(tests).map(([name, value]) => `${name} ${value.toFixed(3)}`),
          fits
            .slice(0, 3)
            .map(({ model, probability }) => `${model} ${probability.toFixed(3)}`)
            .join(' '),
        ].join(', '),
      };
    }),
    everAlarmed: Object.fromEntries(HISTORIES_H.map((hours) => [hours, everAlarmed(machine, hours)])),
  };
}

function everAlarmed({ t, percent }: Machine, hours: number): string[] {
  const end = t[t.length - 1]!;
  const alarmed = new Set<string>();
  for (let toS = hours * 3600; toS <= end + STEP_S; toS += ASKED_EVERY_H * 3600) {
    const from = t.findIndex((at) => at >= toS - hours * 3600);
    const past = t.findIndex((at) => at > toS);
    const to = past === -1 ? t.length : past;
    const y = percent.subarray(from, to);
    for (const [method, said] of Object.entries(saidOf(y))) if (said) alarmed.add(method);
    if (!alarmed.has('memhound') && ask(t.subarray(from, to), y).leak === true) alarmed.add('memhound');
  }
  return [...alarmed];
}
