import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  hasTooFewCycles,
  isStillToCome,
  leastPosterior,
  reportedTrend,
  type TrendFacts,
} from '../../../../src/trends/field/reported-trend.ts';
import type { Straightness } from '../../../../src/trends/field/straightness.ts';
import type { MeanModel } from '../../../../src/trends/model/mean-models.ts';

const STRAIGHT: Straightness = { rSquared: 0, newerHalf: 1, points: 120 };
const facts = (given: Partial<TrendFacts> = {}): TrendFacts => ({
  significant: true,
  growing: 0.5,
  falling: 0.1,
  straightAllAlong: 1,
  moveOfLimit: null,
  netShare: 1,
  line: STRAIGHT,
  leastPosterior: 0,
  settles: false,
  cycles: null,
  ...given,
});
const trendOf = (given: Partial<TrendFacts>) => reportedTrend(facts(given)).trend;

test('a drift is reported from a probability of 0.94 on, and from 0.55 if it is nearly all of the variation', () => {
  for (const [rSquared, least] of [
    [0, 0.94],
    [0.5, 0.94],
    [0.675, 0.745],
    [0.85, 0.55],
    [1, 0.55],
  ] as const) {
    assert.equal(trendOf({ line: { ...STRAIGHT, rSquared }, growing: least + 0.001 }), 'growing', `${rSquared}`);
    assert.equal(trendOf({ line: { ...STRAIGHT, rSquared }, growing: least - 0.001 }), 'stable', `${rSquared}`);
  }
  assert.equal(reportedTrend(facts({ growing: 0.97 })).reason, 'it rises with a probability of 97 %, and 94 % are needed');
});

test('a line whose newer half rises at less than three tenths of its pace may have stopped: 0.97 are needed, however straight it is', () => {
  const halted = (newerHalf: number | null, growing: number) =>
    trendOf({ line: { ...STRAIGHT, rSquared: 1, newerHalf }, growing });
  assert.deepEqual([halted(0.29, 0.969), halted(0.29, 0.971), halted(0.3, 0.56)], ['stable', 'growing', 'growing']);
  assert.equal(halted(null, 0.56), 'growing', 'of a few points nothing is known');
  const line = { ...STRAIGHT, newerHalf: 0.1 };
  assert.equal(trendOf({ line, leastPosterior: 0.99, growing: 0.98 }), 'stable', 'whatever else needs more is still needed');
});

test('a line that was chosen among many needs 0.7, one beside two saturations 0.94, and so does a bend of few collections', () => {
  const needed = (name: string, cycles: number | null = null, rSquared = 0.5) =>
    leastPosterior({ model: { name } as MeanModel, coefficients: Float64Array.of(0, 1) }, { cycles, rSquared, netShare: 1 });
  assert.deepEqual([needed('step-line', null, 0.49), needed('step-line')], [0.99, 0], 'among steps that no line explains');
  assert.deepEqual(
    ['line', 'hinge', 'daily-cycle-line', 'two-saturations-line'].map((name) => needed(name)),
    [0, 0.7, 0.7, 0.94],
  );
  assert.deepEqual([needed('hinge', 11), needed('hinge', 12), needed('line', 4)], [0.94, 0.7, 0]);
  const straight = { line: { ...STRAIGHT, rSquared: 1 }, leastPosterior: 0.7 };
  assert.deepEqual([trendOf({ ...straight, growing: 0.69 }), trendOf({ ...straight, growing: 0.71 })], ['stable', 'growing']);
});

test('what fell along a line and only comes back needs 0.99: it must end higher than it stood after the start, by half of its rise', () => {
  const needed = (name: string, netShare: number) =>
    leastPosterior(
      { model: { name } as MeanModel, coefficients: Float64Array.of(0, -1) },
      { cycles: null, rSquared: 0.9, netShare },
    );
  assert.deepEqual([needed('hinge', 0.49), needed('hinge', -3), needed('hinge', 0.5)], [0.99, 0.99, 0.7]);
  assert.equal(needed('step-line', -3), 0, 'what fell at once has ended, and a leak may follow');
});

test('a fall is reported from a probability of 0.97 on, if it is straight since the window began and frees 1 % of the limit', () => {
  const fall = (given: Partial<TrendFacts>) =>
    reportedTrend(facts({ growing: 0, falling: 0.975, line: { ...STRAIGHT, rSquared: 1 }, ...given }));
  assert.deepEqual(fall({}), { trend: 'shrinking', reason: 'it falls with a probability of 98 %, and 97 % are needed' });
  const unsaid = {
    trend: 'stable',
    reason: 'it falls with a probability of 98 %, too late, too little or too uncertain to say that it shrinks',
  };
  assert.equal(fall({ falling: 0.969 }).trend, 'stable');
  assert.equal(fall({ straightAllAlong: 0.8, moveOfLimit: 0.01 }).trend, 'shrinking');
  assert.deepEqual(fall({ straightAllAlong: 0.79 }), unsaid);
  assert.deepEqual(fall({ moveOfLimit: 0.0099 }), unsaid);
});

test('a fall that frees a twentieth of the limit is reported from a probability of 0.93 on', () => {
  const fall = (moveOfLimit: number, falling: number) => trendOf({ growing: 0, falling, moveOfLimit });
  assert.equal(fall(0.05, 0.931), 'shrinking');
  assert.equal(fall(0.05, 0.929), 'stable');
  assert.equal(fall(0.049, 0.969), 'stable');
});

test('what rose and only went back does not shrink: it must end lower than it stood after the start, by half of the fall', () => {
  const fall = (netShare: number) => trendOf({ growing: 0, falling: 0.99, netShare });
  assert.equal(fall(0.5), 'shrinking');
  assert.equal(fall(0.49), 'stable');
  assert.equal(fall(-3), 'stable');
});

test('what is not reported says which probabilities it has, or that it is too slow to matter', () => {
  assert.equal(
    reportedTrend(facts()).reason,
    'it rises with a probability of 50 % and falls with a probability of 10 %, and 94 % are needed',
  );
  for (const sure of [{ growing: 1 }, { growing: 0, falling: 1 }])
    assert.deepEqual(reportedTrend(facts({ ...sure, significant: false })), {
      trend: 'stable',
      reason: 'its slope is too small to matter',
    });
});

test('a rise towards a level settles, unless it drifts', () => {
  assert.deepEqual(reportedTrend(facts({ settles: true })), {
    trend: 'settling',
    reason: 'it rises ever more slowly towards a level',
  });
  assert.equal(trendOf({ settles: true, significant: false, growing: 1 }), 'settling');
  assert.equal(trendOf({ settles: true, growing: 0.99 }), 'growing');
});

test('a floor grows after four collections; with fewer it is cyclic', () => {
  assert.equal(trendOf({ growing: 0.99, cycles: 4 }), 'growing');
  assert.deepEqual(reportedTrend(facts({ growing: 0.99, cycles: 3 })), {
    trend: 'cyclic',
    reason: 'its floor is known after 4 collections, and it has seen 3',
  });
  assert.equal(trendOf({ growing: 0, falling: 0.99, cycles: 3 }), 'shrinking');
  assert.equal(trendOf({ cycles: 3 }), 'stable');
});

test('a rise is still to come if it is 2 % of the limit or a tenth of the level', () => {
  assert.deepEqual(
    [21, 19].map((rise) => isStillToCome(rise, 900, 1000)),
    [true, false],
  );
  assert.deepEqual(
    [11, 9].map((rise) => isStillToCome(rise, 100, 1000)),
    [true, false],
  );
  assert.deepEqual(
    [91, 89].map((rise) => isStillToCome(rise, -900, 'max')),
    [true, false],
  );
});

test('few collections are too few for all models but a line, and one fall before a rise is one cycle of a rare collection', () => {
  const few = (name: MeanModel['name'], cycles: number, step = 1) =>
    hasTooFewCycles({ model: { name } as MeanModel, coefficients: Float64Array.of(1, step) }, cycles);
  assert.deepEqual([few('line', 4), few('line', 4, -1), few('hinge', 11), few('hinge', 12)], [false, false, true, false]);
  for (const name of ['step-line', 'shift-line'])
    assert.deepEqual([few(name, 12), few(name, 99, -1), few(name, 11)], [false, true, true], name);
});
