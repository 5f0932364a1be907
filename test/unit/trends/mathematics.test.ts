import assert from 'node:assert/strict';
import { test } from 'node:test';
import { robustMean } from '../../../src/trends/blocks.ts';
import { centredSums } from '../../../src/trends/least-squares.ts';
import { whitener } from '../../../src/trends/noise.ts';
import { normalBelow, studentBelow } from '../../../src/trends/normal.ts';

const near = (found: number, expected: number, within: number) =>
  assert.ok(Math.abs(found - expected) <= within, `${found}, expected ${expected}`);

test('the normal distribution function has the values of scipy.stats.norm.cdf (scipy 1.17.1)', () => {
  for (const [z, p] of [
    [-6, 9.865876450376946e-10],
    [-3, 0.0013498980316300933],
    [-1.5, 0.06680720126885807],
    [-0.3, 0.3820885778110474],
    [0, 0.5],
    [1.2, 0.8849303297782918],
    [2.5, 0.9937903346742238],
  ] as const)
    near(normalBelow(z), p, 1e-12 + 1e-9 * p);
});

test("Student's distribution function is within a thousandth of scipy.stats.t.cdf (scipy 1.17.1)", () => {
  for (const [t, degrees, p] of [
    [-2.5, 5, 0.02724504967118813],
    [1.3, 10, 0.8886170913965777],
    [-4, 30, 0.0001909228180418782],
    [2, 3, 0.9303370157205785],
  ] as const)
    near(studentBelow(t, degrees), p, 1e-3);
});

test('whitened products are those of generalised least squares with the full covariance, gaps included (numpy 2.4.6, linalg.inv)', () => {
  const x = Float64Array.of(0, 1, 2, 4, 5, 6, 7);
  const y = Float64Array.of(1, 3, 2, 6, 5, 9, 8);
  const noise = { wanderings: [{ decay: 3, variance: 1 / (1 - Math.exp(-2 / 3)) }], white: 0.7 };
  const { logF, whiten } = whitener(x, noise);
  const columns = [x.map(() => 1), x, y].map((column) => {
    const out = new Float64Array(column.length);
    whiten(column, out);
    return out;
  });
  const expected = [
    0.9299441115108289, 3.2609210394690997, 4.428105722512107, 21.953268034001162, 26.505349212586015, 39.011856220115206,
  ];
  const product = (a: number, b: number) => columns[a]!.reduce((sum, value, i) => sum + value * columns[b]![i]!, 0);
  const upper = [product(0, 0), product(0, 1), product(0, 2), product(1, 1), product(1, 2), product(2, 2)];
  for (let i = 0; i < expected.length; i++) near(upper[i]!, expected[i]!, 1e-9);
  near(logF, 5.178576473373194, 1e-9);
});

test('a sum of wanderings is whitened as one whose covariance is the sum of theirs', () => {
  const u = Float64Array.of(0, 0.1, 0.2, 0.35, 0.4, 0.9);
  const noise = {
    wanderings: [
      { decay: 0.05, variance: 2 },
      { decay: 0.4, variance: 1 },
      { decay: 3, variance: 5 },
    ],
    white: 0.5,
  };
  // The filter of a wandering is exact for any number of them, so its first innovation variance and their product are those of the
  // covariance matrix: its determinant, by elimination.
  const n = u.length;
  const covariance = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) =>
      noise.wanderings.reduce(
        (sum, { decay, variance }) => sum + variance * Math.exp(-Math.abs(u[i]! - u[j]!) / decay),
        i === j ? noise.white : 0,
      ),
    ),
  );
  let logDeterminant = 0;
  for (let p = 0; p < n; p++) {
    logDeterminant += Math.log(covariance[p]![p]!);
    for (let i = p + 1; i < n; i++) {
      const factor = covariance[i]![p]! / covariance[p]![p]!;
      for (let j = p; j < n; j++) covariance[i]![j]! -= factor * covariance[p]![j]!;
    }
  }
  near(whitener(u, noise).logF, logDeterminant, 1e-9);
});

test('the mean of a block is the mean of even values, and one spike among them moves it by no more than they differ', () => {
  near(robustMean(Float64Array.of(7), 0, 1), 7, 0);
  near(robustMean(Float64Array.of(1, 3), 0, 2), 2, 1e-12);
  near(robustMean(Float64Array.of(5, 1e9, 6), 0, 3), 6, 1e-12);
  const even = Float64Array.from({ length: 160 }, (_, i) => (i * 37) % 160);
  near(robustMean(even, 0, 160), 79.5, 8);
  const spiked = even.slice();
  spiked[40] = 1e12;
  near(robustMean(spiked, 0, 160), robustMean(even, 0, 160), 8);
});

test('a straight line by least squares is that of R, also where times are large', () => {
  // R 4.3: summary(lm(y1 ~ x1, anscombe)): slope 0.50009091, R squared 0.66654246.
  const x = Float64Array.of(10, 8, 13, 9, 11, 14, 6, 4, 12, 7, 5);
  const y = Float64Array.of(8.04, 6.95, 7.58, 8.81, 8.33, 9.96, 7.24, 4.26, 10.84, 4.82, 5.68);
  for (const shift of [0, 1.7e9]) {
    const { sxx, sxy, syy } = centredSums(
      x.map((value) => value + shift),
      y,
    );
    near(sxy / sxx, 0.50009091, 1e-7);
    near((sxy * sxy) / (sxx * syy), 0.66654246, 1e-7);
  }
});
