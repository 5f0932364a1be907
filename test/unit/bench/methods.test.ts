import assert from 'node:assert/strict';
import { test } from 'node:test';
import { wilsonInterval } from '../../../bench/stats/wilson-interval.ts';
import { risesBackward } from '../../../bench/trend/methods/backward-window.ts';
import { lastSegmentRises } from '../../../bench/trend/methods/change-points.ts';
import { mannKendall } from '../../../bench/trend/methods/mann-kendall.ts';
import { risesByRSquared } from '../../../bench/trend/methods/r-squared.ts';
import { leastSquaresLine } from '../../../bench/trend/methods/straight-line.ts';
import { Random } from '../../../synthetic/random.ts';

const SWINGS = Float64Array.of(12, 15, 19, 21, 20, 17, 13, 10, 9, 11, 16, 20, 23, 24, 22, 18, 15, 12, 13, 17, 21, 25);
const near = (a: number, b: number, most = 1e-9) => assert.ok(Math.abs(a - b) < most, `${a} is not ${b}`);

test('a line through swings is what scipy 1.17 stats.linregress says', () => {
  const { slope, square } = leastSquaresLine(SWINGS);
  near(slope, 0.1981931112365895);
  near(square, 0.07417113526068354);
});

test('Mann-Kendall with the variance of Hamed and Rao: S, ties and normal tail by scipy 1.17, the correction written out in numpy', () => {
  near(mannKendall(SWINGS), 0.09033492164925061, 1e-7);
});

/** A line, noise, and a rise that has stopped long ago: what each method is there for. */
test('reference methods find a straight leak and are quiet about noise', () => {
  const random = new Random(5);
  const noise = Float64Array.from({ length: 288 }, () => random.normal());
  const leak = noise.map((value, i) => value + 0.05 * i);
  for (const method of [risesByRSquared, risesBackward, lastSegmentRises]) {
    assert.equal(method(leak), true, method.name);
    assert.equal(method(noise), false, method.name);
  }
  assert.ok(mannKendall(leak) < 1e-3);
  assert.ok(mannKendall(noise) > 0.05);
});

test("Wilson intervals: 0 of 10 and 3 of 20 as scipy 1.17 binomtest(...).proportion_ci('wilson') has them", () => {
  assert.match(wilsonInterval(0, 10), /^0\.00 % \(0\.00 % to 27\.75 %/);
  assert.match(wilsonInterval(3, 20), /^15\.00 % \(5\.24 % to 36\.04 %/);
});
