import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { evaluateSeries } from '../../../../src/trends/evaluate.ts';
import type { FieldEvaluation } from '../../../../src/trends/field/field-trend.ts';
import { withEvidenceOfRuns } from '../../../../src/trends/runs/evidence-of-runs.ts';
import { WIDE, wideExample } from '../../../../synthetic/corpus/wide/index.ts';
import { fieldEvaluation } from '../../../support/evaluation.ts';

const run = (posterior: number, more: Partial<FieldEvaluation> = {}, significant: 0 | 1 = 1): FieldEvaluation =>
  fieldEvaluation({
    trend: 'settling',
    growthOdds: { posterior, prior: -2 },
    slopeBytesPerHour: 100e6,
    ...more,
    basis: { segments: [], line: null, modelProbabilities: [], statistics: { significant }, reason: '' },
  });

/** The newest of such runs, after three others. */
function after(others: readonly FieldEvaluation[], newest: FieldEvaluation): FieldEvaluation {
  const runs = others.map((field) => ({ window: null as never, oomKilled: 'no' as const, evaluate: () => field }));
  return withEvidenceOfRuns(runs, newest);
}

const LEAK = run(3);
const STOPPED = run(-4);
/** As likely to leak as to level off. */
const UNDECIDED = run(0);

describe('a run of which the models do not say whether it grows or levels off', () => {
  test('grows where the runs before it grew', () => {
    const { trend, posterior, p, basis, slopeBytesPerHour } = after([LEAK, LEAK], UNDECIDED);
    assert.deepEqual([trend, basis.statistics.runsThatLeaked, slopeBytesPerHour], ['growing', 2, 100e6]);
    assert.ok(posterior > 0.98 && p! < 0.02);
    assert.match(basis.reason, /^it rises as it did in 2 earlier runs, with a probability of 99 % by all of them$/);
  });
  test('grows after runs none of which is sure by itself: their evidence adds up', () => {
    const leaning = run(0.5);
    assert.equal(after([leaning], run(-0.1)).trend, 'settling');
    assert.equal(after([leaning, leaning, leaning], run(-0.1)).trend, 'growing');
  });
  test('settles after runs that stopped, that did not move, or that grew by too little to matter', () => {
    for (const other of [STOPPED, run(3, { growthOdds: null }), run(3, {}, 0)])
      assert.equal(after([other, LEAK], run(-0.2)).trend, 'settling');
    assert.equal(after([], UNDECIDED).trend, 'settling');
  });
  test('counts the others for 19 to 1 at most, and needs less where its line explains nearly all of its movement', () => {
    const others = [LEAK, LEAK, LEAK, LEAK];
    // Evidence of its own: -2 + 2 (the prior). 95 % are above the 94 % that are needed.
    assert.equal(after(others, run(-2)).trend, 'growing');
    assert.equal(after(others, run(-2.3)).trend, 'settling');
    const straight = (posterior: number) => {
      const { basis, ...field } = run(posterior);
      return after(others, { ...field, basis: { ...basis, statistics: { significant: 1, rSquared: 0.9 } } }).trend;
    };
    assert.equal(straight(-2.3), 'growing');
    assert.equal(straight(-3.5), 'growing');
    assert.equal(straight(-3.7), 'settling', 'less than four fifths');
  });
  test('needs less where the runs that grew were straight: its own R squared is that of where it seems to stand', () => {
    const withR = (field: FieldEvaluation, rSquared: number): FieldEvaluation => ({
      ...field,
      basis: { ...field.basis, statistics: { significant: 1, rSquared } },
    });
    const after2 = (straight: number) => after([withR(LEAK, straight), withR(LEAK, 0.95)], withR(run(-2.5), 0.1)).trend;
    assert.deepEqual([after2(0.9), after2(0.4)], ['growing', 'settling']);
  });
  test('settles where its own evidence is against growth, however many grew before: it may be of a version without the leak', () => {
    assert.equal(after([LEAK, LEAK, LEAK, LEAK], run(-3)).trend, 'settling');
  });
  test('settles where it is far slower or faster than the runs that grew', () => {
    assert.equal(after([LEAK, LEAK], run(0, { slopeBytesPerHour: 20e6 })).trend, 'settling');
    assert.equal(after([LEAK, LEAK], run(0, { slopeBytesPerHour: 500e6 })).trend, 'settling');
    assert.equal(after([LEAK, LEAK], run(0, { slopeBytesPerHour: 30e6 })).trend, 'growing');
  });
  test('evaluates no earlier run where none could change the answer', () => {
    const unasked = [{ window: null as never, oomKilled: 'no' as const, evaluate: () => assert.fail('asked') }];
    assert.equal(withEvidenceOfRuns(unasked, run(-4)).trend, 'settling');
    assert.equal(withEvidenceOfRuns([...unasked, ...unasked], run(7, { trend: 'growing' })).trend, 'growing');
    assert.equal(withEvidenceOfRuns(unasked, run(0, { overruled: true })).trend, 'settling');
    assert.equal(withEvidenceOfRuns(unasked, run(0, { trend: 'cyclic' })).trend, 'cyclic');
  });
});

describe('a run that grows by itself', () => {
  const growing = (posterior: number, more: Partial<FieldEvaluation> = {}) => run(posterior, { trend: 'growing', ...more });
  test('settles after two runs that levelled off, unless it is ten times as sure as one without them', () => {
    const { trend, basis, posterior } = after([STOPPED, STOPPED], growing(4));
    assert.deepEqual([trend, basis.statistics.runsThatStopped], ['settling', 2]);
    assert.ok(posterior < 0.9, `${posterior}`);
    assert.equal(basis.reason, 'it rises, but 2 earlier runs levelled off: a probability of 85 % by all of them');
    assert.equal(after([STOPPED, STOPPED], growing(6.5)).trend, 'growing');
  });
  test('grows after a single one, after one that leans to growth, and where it follows runs that leaked', () => {
    assert.equal(after([STOPPED], growing(4)).trend, 'growing');
    assert.equal(after([STOPPED, run(-1.9)], growing(4)).trend, 'growing');
    assert.equal(after([STOPPED, run(-2.1, { trend: 'growing' })], growing(4)).trend, 'growing');
    const { basis, ...field } = growing(4);
    const leaked = { ...field, basis: { ...basis, statistics: { significant: 1 as const, runsThatLeaked: 2 } } };
    assert.equal(after([STOPPED, STOPPED], leaked).trend, 'growing');
  });
});

test('a leak that starts again is found in a run that may as well level off', () => {
  const { index } = WIDE.find(({ name }) => name === 'restarts of a leak')!;
  const { series } = wideExample(index, 302_017, true);
  const { leak, fields } = evaluateSeries(series, { minHistorySeconds: 900 });
  assert.deepEqual([leak, fields.anon!.trend], [true, 'growing']);
  assert.ok(fields.anon!.basis.statistics.growing! < 0.5);
});

test('runs that rose to their end did not level off, and a leak that rises like them is no warm-up', () => {
  const { index } = WIDE.find(({ name }) => name === 'killed again and again')!;
  const { series } = wideExample(index, 2_050_006, true);
  assert.equal(evaluateSeries(series, { minHistorySeconds: 900 }).leak, true);
});
