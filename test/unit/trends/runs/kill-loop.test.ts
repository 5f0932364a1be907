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
const YOUNG: OfRun = { fromMib: 400, toMib: 1015, samples: 5 };

describe('a run that is too young to be evaluated', () => {
  test('leaks as the three runs before it, which grew until memory was full, and its end is reckoned from what it has now', () => {
    const { trend, leak, causes, etas, fields, confidence } = evaluated(KILLED, KILLED, KILLED, YOUNG);
    assert.deepEqual([trend, leak, causes[0]?.cause], ['growing', true, 'native']);
    assert.equal(fields.anon!.basis.statistics.runsThatLeaked, 3);
    const perHour = (615 * MIB) / (((RUN - 1) * STEP_S) / HOUR_S);
    assert.ok(Math.abs(fields.anon!.slopeBytesPerHour! / perHour - 1) < 0.05, `${fields.anon!.slopeBytesPerHour! / MIB}`);
    const left = ((1024 - 440) * MIB) / perHour;
    assert.ok(Math.abs(etas[0]!.seconds / (left * HOUR_S) - 1) < 0.1, `${etas[0]!.seconds} s`);
    assert.ok(confidence <= 0.8, 'that they were killed is likely, and not recorded');
  });
  test('is not known to leak after two of them, or after one that ended before memory was full', () => {
    for (const runs of [
      [KILLED, KILLED, YOUNG],
      [KILLED, KILLED, ENDED, YOUNG],
    ])
      assert.deepEqual([evaluated(...runs).trend, evaluated(...runs).leak], ['not-enough-data', null]);
  });
  test('is not known to leak if those before it were full from the start', () => {
    const full: OfRun = { fromMib: 1000, toMib: 1000 };
    assert.equal(evaluated(full, full, full, { ...full, samples: 5 }).trend, 'not-enough-data');
  });
  test('has what the runs before it grew by, where they ended before memory was full', () => {
    const { leak, fields } = evaluated(ENDED, ENDED, ENDED, YOUNG);
    assert.equal(leak, null);
    assert.equal(fields.anon!.basis.statistics.runsThatGrew, 3);
  });
});
