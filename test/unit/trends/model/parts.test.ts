import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { dailyCycle, removeDailyCycle } from '../../../../src/trends/model/daily-cycle.ts';
import { generalisedLeastSquares } from '../../../../src/trends/model/least-squares.ts';
import { NOISE_MODELS } from '../../../../src/trends/model/noise-models.ts';
import { slopeCdf, slopeQuantile } from '../../../../src/trends/model/slope-posterior.ts';
import { likeliestShift, stepChanges } from '../../../../src/trends/model/step-changes.ts';
import { normalCdf, studentTCdf } from '../../../../src/trends/model/student-t.ts';
import { DAY_S, HOUR_S } from '../../../../src/units.ts';

const near = (found: number, expected: number, within: number) =>
  assert.ok(Math.abs(found - expected) <= within, `${found}, expected ${expected}`);

test('distribution functions are 0 and 1 far out, symmetric, and half where there are no degrees of freedom', () => {
  assert.deepEqual([normalCdf(8.1), normalCdf(-38.1), normalCdf(0)], [1, 0, 0.5]);
  for (const z of [0.4, 2.9, 3, 3.1, 7.9]) near(normalCdf(z) + normalCdf(-z), 1, 1e-15);
  // Abramowitz & Stegun 1964, table 26.1: the tail beyond 3.5.
  near(normalCdf(-3.5) / 2.32629079e-4, 1, 1e-8);
  // scipy 1.17.1: scipy.stats.norm.cdf(-6).
  near(normalCdf(-6) / 9.865876450376946e-10, 1, 1e-9);
  near(normalCdf(-2.9999999) / normalCdf(-3.0000001), 1, 1e-5);
  assert.equal(studentTCdf(3, 0.9), 0.5);
  near(studentTCdf(1.3, 10) + studentTCdf(-1.3, 10), 1, 1e-15);
  assert.equal(studentTCdf(0, 5), 0.5);
});

describe('the posterior of a slope', () => {
  const two = [0.3, 10, 1, 100, 0.1, 20, 2, 100];
  test('has each component by its weight, whatever the weights add up to', () => {
    near(slopeCdf(two, 15), 0.75, 3e-3);
    near(slopeCdf(two, 10), 0.375, 1e-4);
    near(slopeCdf([7, 10, 1, 100], 12), 0.975, 3e-3);
    assert.deepEqual([slopeCdf([], 1), slopeCdf([0, 1, 1, 9], 5)], [0.5, 0.5]);
  });
  test('has quantiles where its distribution function has these values', () => {
    for (const probability of [0.05, 0.5, 0.7, 0.95]) near(slopeCdf(two, slopeQuantile(two, probability)), probability, 1e-3);
    near(slopeQuantile([1, 10, 1, 1000], 0.95), 11.646, 1e-3);
    near(slopeQuantile([1, 10, 1, 1000], 0.05), 8.354, 1e-3);
  });
  test('is the slope itself where that is certain, and 0 where there is none', () => {
    assert.equal(slopeQuantile([1, 10, 0, 5], 0.95), 10);
    assert.deepEqual([slopeCdf([1, 10, 0, 5], 9.999), slopeCdf([1, 10, 0, 5], 10.001)], [0, 1]);
    assert.equal(slopeQuantile([], 0.5), 0);
  });
});

describe('the daily cycle', () => {
  /** What is left of a series over days, a value each `stepS`, from its third on. */
  const left = (of: (day: number) => number, days: number, stepS: number) => {
    const x = Float64Array.from({ length: (days * DAY_S) / stepS }, (_, i) => (i + 0.5) * stepS);
    const y = x.map((at) => of(at / DAY_S));
    removeDailyCycle(x, y, dailyCycle(x, stepS), days * DAY_S);
    return { x, y };
  };
  const largest = ({ x, y }: { x: Float64Array; y: Float64Array }, of: (day: number) => number = () => 0) =>
    y.reduce((most, value, i) => Math.max(most, Math.abs(value - of(x[i]! / DAY_S))), 0);
  const cycle = (day: number) => Math.sin(2 * Math.PI * day) + 0.5 * Math.cos(2 * Math.PI * day);

  const below = (found: number, most: number, what = '') =>
    assert.ok(found < most, `${what} ${found} is left, expected less than ${most}`);
  const above = (found: number, least: number) => assert.ok(found > least, `${found} is left, expected more than ${least}`);

  test('is removed with its first four harmonics, and a fifth is not', () => {
    below(largest(left(cycle, 4, HOUR_S / 2)), 0.03);
    for (const harmonic of [2, 3, 4])
      below(largest(left((day) => Math.cos(2 * Math.PI * harmonic * day + 1), 4, HOUR_S / 2)), 0.05, `harmonic ${harmonic}`);
    above(largest(left((day) => Math.cos(2 * Math.PI * 5 * day), 4, HOUR_S / 2)), 0.9);
  });
  test('leaves a level, a drift and a step as they are', () => {
    const drift = (day: number) => 3 * day;
    below(largest(left(drift, 4, HOUR_S), drift), 1e-9);
    const step = (day: number) => (day < 2 ? 7 : 8);
    below(largest(left(step, 6, HOUR_S), step), 0.2);
    below(
      largest(
        left((day) => cycle(day) + drift(day), 4, HOUR_S / 2),
        drift,
      ),
      0.03,
    );
  });
  test('is not removed from a window that shows less than four fifths of the hours of a day', () => {
    above(largest(left(cycle, 1.7, HOUR_S / 2)), 0.9);
    below(largest(left(cycle, 1.9, HOUR_S / 2)), 0.3);
  });
  test('is found with long blocks, and where values are missing', () => {
    below(largest(left(cycle, 20, 3 * HOUR_S)), 0.2);
    const x = Float64Array.from({ length: 240 }, (_, i) => (i + 0.5) * HOUR_S).filter((_, i) => i % 24 !== 5 || i > 120);
    const y = x.map((at) => cycle(at / DAY_S));
    removeDailyCycle(x, y, dailyCycle(x, HOUR_S), 10 * DAY_S);
    below(largest({ x, y }), 0.1);
  });
});

describe('step changes', () => {
  /** Points that differ by 1 from one to the next, and by what is added from some on. */
  const changes = (jumps: Readonly<Record<number, number>>, length = 40) => {
    let level = 0;
    const y = Float64Array.from({ length }, (_, i) => {
      level += jumps[i] ?? 0;
      return level + (i % 2);
    });
    return stepChanges(y);
  };
  const found = (jumps: Readonly<Record<number, number>>, length = 40): number[] => changes(jumps, length).map(({ at }) => at);
  test('are where the series jumps by eight times what neighbours differ by, the largest first', () => {
    assert.deepEqual(found({}), []);
    assert.deepEqual(found({ 20: 12 }), [20]);
    assert.deepEqual(found({ 20: 6 }), []);
    assert.deepEqual(found({ 10: 20, 20: 60, 30: 40 }), [20, 30, 10]);
  });
  test('that fall within a block are one step, of which that block has a share', () => {
    assert.deepEqual(changes({ 20: 31 }), [{ at: 20, share: 1 }]);
    assert.deepEqual(changes({ 20: 31, 21: 9 }), [{ at: 20, share: 0.75 }]);
    assert.deepEqual(changes({ 19: 9, 20: 31 }), [{ at: 19, share: 0.25 }]);
    assert.deepEqual(changes({ 20: 31, 21: 7 }), [{ at: 20, share: 1 }], 'too small for a jump');
    assert.deepEqual(changes({ 20: 31, 21: -9 }), [{ at: 20, share: 1 }], 'the other way');
  });
  test('are three at most', () => assert.deepEqual(found({ 10: 20, 16: 30, 22: 40, 28: 50 }), [28, 22, 16]));
  test('are five points from either end and from one another, in a series of twenty points or more', () => {
    assert.deepEqual(found({ 5: 20 }), [5]);
    assert.deepEqual(found({ 4: 20 }), []);
    assert.deepEqual(found({ 35: 20 }), [35]);
    assert.deepEqual(found({ 36: 20 }), []);
    assert.deepEqual(found({ 20: 100, 24: 30 }), [20]);
    assert.deepEqual(found({ 20: 100, 25: 30 }), [20, 25]);
    assert.deepEqual(found({ 10: 20 }, 20), [10]);
    assert.deepEqual(found({ 10: 20 }, 19), []);
  });
  test('last: the levels on either side differ by most of the jump', () => {
    assert.deepEqual(found({ 20: 30, 21: -30 }), [], 'a spike');
    assert.deepEqual(found({ 20: 30, 24: -11 }), [20]);
    assert.deepEqual(found({ 20: 30, 22: -25 }), []);
  });
  test('down are steps too, unless others fall as far: a saw-tooth', () => {
    assert.deepEqual(found({ 20: -30 }), [20]);
    assert.deepEqual(found({ 20: -30, 30: -14 }), [20, 30]);
    assert.deepEqual(found({ 10: -30, 20: -30, 30: -30 }), []);
    assert.deepEqual(found({ 20: -30, 30: -20 }), [], 'one other is enough');
    assert.deepEqual(found({ 10: 29, 20: -30 }), [20, 10], 'a rise is no fall');
    assert.deepEqual(found({ 20: 40, 30: -30 }), [20, 30], 'after a larger rise a fall is a step');
  });
});

test('the likeliest shift is where the means of both sides explain most, five points from either end, of twenty points or more', () => {
  const shift = (from: number, length = 40) =>
    likeliestShift(Float64Array.from({ length }, (_, i) => (i < from ? 0 : 3) + 2 * (i % 2)));
  assert.deepEqual([shift(20), shift(28), shift(5), shift(35)], [20, 28, 5, 35]);
  assert.deepEqual([shift(2), shift(38)], [5, 35]);
  assert.deepEqual([shift(10, 20), shift(10, 19)], [10, null]);
  assert.equal(likeliestShift(new Float64Array(40)), null, 'nothing shifts');
});

describe('generalised least squares', () => {
  const fit = (columns: readonly (readonly number[])[], y: readonly number[]) => {
    const dot = (a: readonly number[], b: readonly number[]) => a.reduce((sum, value, i) => sum + value * b[i]!, 0);
    return generalisedLeastSquares({
      gram: columns.map((a) => columns.map((b) => dot(a, b))),
      products: columns.map((a) => dot(a, y)),
      total: dot(y, y),
    });
  };
  const ones = [1, 1, 1, 1];
  test('has the coefficients, the residuals and the determinant of a line by hand', () => {
    // 1, 4, 4, 5.5 at 0, 1, 2, 3.
    const { coefficients, rss, logDeterminant, varianceOf } = fit([ones, [0, 1, 2, 3]], [1, 4, 4, 5.5])!;
    near(coefficients[0]!, 1.6, 1e-12);
    near(coefficients[1]!, 1.35, 1e-12);
    near(rss, 1.575, 1e-12);
    near(logDeterminant, Math.log(20), 1e-12);
    near(varianceOf([0, 1]), 1 / 5, 1e-12);
    near(varianceOf([1, 0]), 14 / 20, 1e-12);
    near(varianceOf([1, 3]), 14 / 20, 1e-12);
  });
  test('three columns: a parabola goes through its points', () => {
    const { coefficients } = fit([ones, [0, 1, 2, 3], [0, 1, 4, 9]], [2, 3, 6, 11])!;
    for (const [j, expected] of [2, 0, 1].entries()) near(coefficients[j]!, expected, 1e-9);
  });
  test('a perfect fit is not perfect: a hundred-millionth of the series is left', () => {
    near(fit([ones, [0, 1, 2, 3]], [1000, 2000, 3000, 4000])!.rss, 0.3, 1e-9);
    assert.equal(fit([ones], [0, 0, 0, 0])!.rss, 1e-12);
  });
  test('columns that the points cannot tell apart have no fit', () => {
    assert.equal(fit([ones, [2, 2, 2, 2]], [1, 2, 3, 4]), null);
    assert.equal(fit([ones, [0, 1, 2, 3], [1, 2, 3, 4]], [1, 2, 3, 4]), null);
    assert.equal(fit([[0, 0, 0, 0]], [1, 2, 3, 4]), null);
    assert.notEqual(fit([ones, [2, 2, 2, 2.01]], [1, 2, 3, 4]), null);
  });
});

describe('noise models', () => {
  test('are 35 of one process and six of five, each with and without white noise', () => {
    assert.equal(NOISE_MODELS.length, 41);
    assert.deepEqual(
      NOISE_MODELS.map(({ ouComponents }) => ouComponents.length),
      [...Array(35).fill(1), ...Array(6).fill(5)],
    );
    assert.equal(NOISE_MODELS.filter(({ white }) => white === 0).length, 10);
  });
  test('of one process have innovations of variance one in a 120th of the window, whatever their decay time', () => {
    for (const { ouComponents } of NOISE_MODELS.slice(0, 35)) {
      const { decay, variance } = ouComponents[0]!;
      near(variance * (1 - Math.exp(-1 / 60 / decay)), 1, 1e-9);
    }
  });
  test('of five processes share a variance of one, evenly for 1/f noise', () => {
    for (const { ouComponents } of NOISE_MODELS.slice(35))
      near(
        ouComponents.reduce((sum, { variance }) => sum + variance, 0),
        1,
        1e-12,
      );
    const slowest = (model: number) =>
      NOISE_MODELS[model]!.ouComponents[4]!.variance / NOISE_MODELS[model]!.ouComponents[0]!.variance;
    near(slowest(37), 1, 1e-12);
    near(slowest(39), 16, 1e-9);
    near(slowest(35), 256 ** -0.4, 1e-9);
  });
});
