import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { NO_PARTS } from '../../../../src/history/part-readings.ts';
import { evaluateSeries } from '../../../../src/trends/evaluate.ts';
import type { Evaluation } from '../../../../src/trends/types.ts';
import { HOUR_S, MIB } from '../../../../src/units.ts';

const LIMIT = 1024 * MIB;
const STEP_S = 300;
const RUN = 60;

interface OfRun {
  readonly fromMib: number;
  readonly toMib: number;
  readonly samples?: number;
}

/** Runs with the anonymous memory of a process that rises evenly, but for what allocation moves to and fro, and page cache that stands. */
function evaluated(...runs: readonly OfRun[]): Evaluation {
  const anon: number[] = [];
  const starts: number[] = [];
  for (const { fromMib, toMib, samples = RUN } of runs) {
    starts.push(anon.length);
    for (let i = 0; i < samples; i++) anon.push((fromMib + ((toMib - fromMib) * i) / (RUN - 1) + 2 * Math.sin(7 * i)) * MIB);
  }
  const t = Float64Array.from(anon, (_, i) => 1_700_000_000 + STEP_S * i);
  const values = Float64Array.from(anon);
  return evaluateSeries(
    {
      t,
      fields: new Map([
        ['anon', values],
        ['file', t.map(() => 10 * MIB)],
        ['usage', values.map((value) => value + 10 * MIB)],
      ]),
      intervalS: STEP_S,
      limitBytes: LIMIT,
      heapMaxBytes: null,
      events: starts.slice(1).map((at) => ({ t: t[at]!, type: 'restart' })),
      files: [],
      parts: NO_PARTS,
    },
    { minHistorySeconds: 900 },
  );
}

const KILLED: OfRun = { fromMib: 400, toMib: 1015 };
const ENDED: OfRun = { fromMib: 400, toMib: 700 };
const FULL: OfRun = { fromMib: 1000, toMib: 1000 };
const YOUNG: OfRun = { fromMib: 400, toMib: 1015, samples: 5 };

describe('a run that is too young to be evaluated', () => {
  test('is not known to leak, and has what the runs before it grew by, whether they filled memory or ended before', () => {
    for (const run of [KILLED, ENDED]) {
      const { trend, leak, fields } = evaluated(run, run, run, YOUNG);
      assert.deepEqual([trend, leak], ['not-enough-data', null]);
      const { runsThatGrew, slopeOfRuns } = fields.anon!.basis.statistics;
      const perHour = ((run.toMib - run.fromMib) * MIB) / (((RUN - 1) * STEP_S) / HOUR_S);
      assert.equal(runsThatGrew, 3);
      assert.ok(Math.abs(slopeOfRuns! / perHour - 1) < 0.05, `${slopeOfRuns! / MIB} MiB an hour`);
    }
  });
  test('has nothing from runs that stood', () => {
    assert.equal(evaluated(FULL, FULL, FULL, { ...FULL, samples: 5 }).fields.anon!.basis.statistics.runsThatGrew, undefined);
  });
});
