import assert from 'node:assert/strict';
import { test } from 'node:test';
import { kalmanFilter } from '../../../../src/trends/model/kalman-filter.ts';
import { robustMean, robustMeans } from '../../../../src/trends/model/robust-mean.ts';
import { normalCdf, studentTCdf } from '../../../../src/trends/model/student-t.ts';
import { centredSums } from '../../../../src/trends/straight-line.ts';

const near = (found: number, expected: number, within: number) =>
  assert.ok(Math.abs(found - expected) <= within, `${found}, expected ${expected}`);

const meanOf = (...values: number[]): number => robustMean(Float64Array.from(values));

const dot = (a: Float64Array, b: Float64Array): number => a.reduce((sum, value, i) => sum + value * b[i]!, 0);

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
    near(normalCdf(z), p, 1e-12 + 1e-9 * p);
});

test("Student's distribution function is within a thousandth of scipy.stats.t.cdf (scipy 1.17.1)", () => {
  for (const [t, degrees, p] of [
    [-2.5, 5, 0.02724504967118813],
    [1.3, 10, 0.8886170913965777],
    [-4, 30, 0.0001909228180418782],
    [2, 3, 0.9303370157205785],
  ] as const)
    near(studentTCdf(t, degrees), p, 1e-3);
});

test('products are those of generalised least squares with the full covariance, gaps included (numpy 2.4.6, linalg.inv)', () => {
  const x = Float64Array.of(0, 1, 2, 4, 5, 6, 7);
  const y = Float64Array.of(1, 3, 2, 6, 5, 9, 8);
  const noise = { ouComponents: [{ decay: 3, variance: 1 / (1 - Math.exp(-2 / 3)) }], white: 0.7 };
  const { logDeterminant, whiten } = kalmanFilter(x, noise);
  const columns = [x.map(() => 1), x, y].map(whiten);
  const expected = [
    0.9299441115108289, 3.2609210394690997, 4.428105722512107, 21.953268034001162, 26.505349212586015, 39.011856220115206,
  ];
  const product = (a: number, b: number) => dot(columns[a]!, columns[b]!);
  const upper = [product(0, 0), product(0, 1), product(0, 2), product(1, 1), product(1, 2), product(2, 2)];
  for (let i = 0; i < expected.length; i++) near(upper[i]!, expected[i]!, 1e-9);
  near(logDeterminant, 5.178576473373194, 1e-9);
});

test('the covariance of a sum of Ornstein-Uhlenbeck processes is the sum of their covariances', () => {
  const u = Float64Array.of(0, 0.1, 0.2, 0.35, 0.4, 0.9);
  const noise = {
    ouComponents: [
      { decay: 0.05, variance: 2 },
      { decay: 0.4, variance: 1 },
      { decay: 3, variance: 5 },
    ],
    white: 0.5,
  };
  // a' V^-1 b and ln |V| by the filter are those of the covariance matrix V, whose determinant is found by elimination.
  const n = u.length;
  const covariance = Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) =>
      noise.ouComponents.reduce(
        (sum, { decay, variance }) => sum + variance * Math.exp(-Math.abs(u[i]! - u[j]!) / decay),
        i === j ? noise.white : 0,
      ),
    ),
  );
  const { logDeterminant: found, whiten } = kalmanFilter(u, noise);
  // (V x)' V^-1 y = x' y.
  const [x, y] = [Float64Array.of(3, -1, 4, 1, -5, 9), Float64Array.of(2, 7, 1, -8, 2, 8)];
  const vx = Float64Array.from(covariance, (row) => row.reduce((sum, value, j) => sum + value * x[j]!, 0));
  near(dot(whiten(vx), whiten(y)), dot(x, y), 1e-9);
  let logDeterminant = 0;
  for (let p = 0; p < n; p++) {
    logDeterminant += Math.log(covariance[p]![p]!);
    for (let i = p + 1; i < n; i++) {
      const factor = covariance[i]![p]! / covariance[p]![p]!;
      for (let j = p; j < n; j++) covariance[i]![j]! -= factor * covariance[p]![j]!;
    }
  }
  near(found, logDeterminant, 1e-9);
});

test('the mean of a block is the mean of even values, and one spike among them moves it by no more than they differ', () => {
  near(meanOf(7), 7, 0);
  near(meanOf(1, 3), 2, 1e-12);
  near(meanOf(5, 1e9, 6), 6, 1e-12);
  const even = Array.from({ length: 160 }, (_, i) => (i * 37) % 160);
  near(meanOf(...even), 79.5, 8);
  near(meanOf(...even.with(40, 1e12)), meanOf(...even), 8);
  assert.equal(meanOf(...even.with(40, Number.NaN)), Number.NaN);
});

test('gaps are left out of the mean of a block, and a block of gaps has none', () => {
  const values = Float64Array.of(1, Number.NaN, 3, Number.NaN, Number.NaN, 5);
  const { means, points } = robustMeans(values, [0, 3, 5, 6, 6]);
  assert.deepEqual([...means], [2, Number.NaN, 5, Number.NaN]);
  assert.equal(points, 3);
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
