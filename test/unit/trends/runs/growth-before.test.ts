import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { FieldEvaluation } from '../../../../src/trends/field/field-trend.ts';
import { SharedWork } from '../../../../src/trends/field/shared-work.ts';
import { PLAIN_ARITHMETIC } from '../../../../src/trends/model/plain-arithmetic.ts';
import { growthBefore } from '../../../../src/trends/runs/growth-before.ts';
import { fieldEvaluation, growingField } from '../../../support/evaluation.ts';

const shared = new SharedWork(PLAIN_ARITHMETIC);
const HOURLY = 1e6;

/** Runs of so many minutes that grow at HOURLY, or stand, and the newest, which stands. */
function before(minutes: readonly number[], grows: readonly boolean[], newest: Partial<FieldEvaluation> = {}) {
  const values: number[] = [];
  const starts: number[] = [];
  minutes.forEach((length, run) => {
    starts.push(values.length);
    for (let minute = 0; minute < length; minute++) values.push(100e6 + (grows[run] ? (minute / 60) * HOURLY : 0));
  });
  const t = Float64Array.from(values, (_, i) => 60 * i);
  const windowOf = (run: number) => ({
    t,
    from: starts[run]!,
    to: starts[run + 1] ?? t.length,
    intervalS: 60,
    limit: null,
    shared,
  });
  const runs = minutes.slice(0, -1).map((_, run) => ({
    window: windowOf(run),
    oomKilled: 'no' as const,
    evaluate: () => (grows[run] ? growingField(HOURLY, 1e4) : fieldEvaluation({ trend: 'stable' })),
  }));
  const young = fieldEvaluation({ trend: 'stable', ...newest });
  return growthBefore(runs, Float64Array.from(values), young, windowOf(minutes.length - 1));
}

describe('a run that stands, and is much younger than those before it', () => {
  test('has what most of them grew by', () => {
    assert.deepEqual(
      [before([600, 600, 60], [true, true, false])?.runs, before([600, 600, 600, 60], [true, false, true, false])?.runs],
      [2, 2],
    );
    const { bytesPerHour } = before([600, 600, 60], [true, true, false])!;
    assert.ok(Math.abs(bytesPerHour / HOURLY - 1) < 0.01, `${bytesPerHour}`);
  });
  test('has nothing from one run, from a half of them, or from runs that are less than three times as old', () => {
    assert.equal(before([600, 60], [true, false]), null);
    assert.equal(before([600, 600, 600, 600, 60], [true, true, false, false, false]), null);
    assert.equal(before([600, 600, 210], [true, true, false]), null);
  });
  test('has nothing if it shows that it grows more slowly', () => {
    assert.equal(before([600, 600, 60], [true, true, false], { slopeBytesPerHour: 0, low: -1e5, high: 1e5 }), null);
    assert.notEqual(before([600, 600, 60], [true, true, false], { slopeBytesPerHour: 0, low: -2e6, high: 2e6 }), null);
  });
});
