import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { isEven, isTooShortToKnow, type LastingRise, lastingRise } from '../../../../src/trends/field/lasting-rise.ts';

/** A hundred values over a thousand seconds. */
function riseOf(value: (share: number) => number): LastingRise | null {
  const times = Float64Array.from({ length: 100 }, (_, i) => 10 * i + 5);
  return lastingRise(
    times,
    times.map((at) => value(at / 1000)),
    1000,
  );
}

const stopAt = (c: number) => (at: number) => 100 + (50 * Math.min(at, c)) / c;
const steps =
  (...at: readonly number[]) =>
  (x: number) =>
    100 + (60 * at.filter((one) => x >= one).length) / at.length;

const near = (actual: number, expected: number, tolerance: number) =>
  assert.ok(Math.abs(actual - expected) <= tolerance, `${actual}, expected ${expected} within ${tolerance}`);

describe('a rise that stopped', () => {
  test('has its amount, its share of the level before, and the times for which it rose and stands', () => {
    const rise = riseOf(stopAt(0.6))!;
    near(rise.amount, 50, 2);
    near(rise.share, 0.5, 0.02);
    near(rise.roseSeconds, 600, 30);
    near(rise.standsSeconds, 400, 30);
  });
  test('has the slope of a straight line over the window, and the share of the movement that it explains', () => {
    const line = riseOf((at) => 100 + 50 * at)!;
    near(line.slopePerSecond, 0.05, 1e-6);
    near(line.rSquared, 1, 1e-6);
    near(line.levelNow, 150, 2);
  });
  test('may have gone back by less than a quarter of it', () => {
    const dips = (depth: number) => (at: number) => stopAt(0.6)(at) - (at > 0.7 && at < 0.8 ? depth : 0);
    near(riseOf(dips(10))!.amount, 50, 2);
    assert.equal(riseOf(dips(15)), null);
  });
  test('is too short to know until it stands for a quarter of the time that it rose', () => {
    assert.equal(isTooShortToKnow(riseOf(stopAt(0.7))!), false);
    assert.equal(isTooShortToKnow(riseOf(stopAt(0.9))!), true);
  });
  test('is too short to know until it stands for longer than it paused between its bursts', () => {
    const bursts = (last: number) => riseOf((at) => 100 + 15 * Math.floor(Math.min(at, last) / 0.2))!;
    near(bursts(0.8).pauseSeconds, 200, 15);
    assert.equal(isTooShortToKnow(bursts(0.8)), true, '200 s after bursts every 200 s');
    assert.equal(isTooShortToKnow(bursts(0.6)), false, '400 s');
    assert.ok(riseOf(stopAt(0.7))!.pauseSeconds < 60, 'a straight line has no pause');
  });
  test('stands since its last step, where it came in steps', () => {
    const rise = riseOf(steps(0.2, 0.5, 0.9))!;
    near(rise.standsSeconds, 100, 15);
    assert.equal(isTooShortToKnow(rise), true);
    assert.equal(isTooShortToKnow(riseOf(steps(0.3))!), false, 'a single step takes no time');
  });
});

test('four even levels and more are even, three are not', () => {
  assert.equal(isEven(riseOf(steps(0.2, 0.4, 0.6, 0.8))!), true);
  assert.equal(isEven(riseOf(steps(0.25, 0.5, 0.75))!), true);
  assert.equal(isEven(riseOf(steps(0.33, 0.66))!), false);
  assert.equal(isEven(riseOf(stopAt(0.5))!), false);
});

test('it is no rise if it is small, goes back, or comes of one spike', () => {
  assert.equal(
    riseOf((at) => 100 + 10 * at),
    null,
    'a tenth',
  );
  assert.equal(
    riseOf((at) => 100 - 50 * at),
    null,
    'a fall',
  );
  assert.equal(
    riseOf((at) => (at > 0.3 && at < 0.6 ? 200 : 100 + 40 * at)),
    null,
    'most of it went back',
  );
  assert.equal(
    riseOf(() => 0),
    null,
    'nothing at all',
  );
  assert.equal(
    riseOf((at) => (Math.abs(at - 0.505) < 0.001 ? 300 : 100)),
    null,
  );
  assert.notEqual(
    riseOf((at) => (Math.abs(at - 0.505) < 0.001 ? 300 : stopAt(0.6)(at))),
    null,
    'a spike beside a rise',
  );
});

test('few values are not looked at', () => {
  const times = Float64Array.from({ length: 7 }, (_, i) => i);
  assert.equal(
    lastingRise(
      times,
      times.map((at) => 100 + 10 * at),
      7,
    ),
    null,
  );
});
