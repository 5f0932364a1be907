import assert from 'node:assert/strict';
import { test } from 'node:test';
import { filterColumns } from '../../../src/trends/noise.ts';
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

test('filtered products are those of generalised least squares with the full covariance, gaps included (numpy 2.4.6, linalg.inv)', () => {
  const x = Float64Array.of(0, 1, 2, 4, 5, 6, 7);
  const y = Float64Array.of(1, 3, 2, 6, 5, 9, 8);
  const { gram, logF } = filterColumns(x, 1, [x.map(() => 1), x, y], { decayS: 3, white: 0.7 });
  const expected = [
    0.9299441115108289, 3.2609210394690997, 4.428105722512107, 21.953268034001162, 26.505349212586015, 39.011856220115206,
  ];
  const upper = [gram[0], gram[1], gram[2], gram[4], gram[5], gram[8]];
  for (let i = 0; i < expected.length; i++) near(upper[i]!, expected[i]!, 1e-9);
  near(logF, 5.178576473373194, 1e-9);
});
