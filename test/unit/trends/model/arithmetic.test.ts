import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { SeriesRegression } from '../../../../src/trends/model/arithmetic.ts';
import { CompiledArithmetic } from '../../../../src/trends/model/kernel/compiled-arithmetic.ts';
import { BASE_MODEL, type MeanModel, type ModelSet } from '../../../../src/trends/model/mean-models.ts';
import { NOISE_MODELS, type NoiseModel } from '../../../../src/trends/model/noise-models.ts';
import { PLAIN_ARITHMETIC } from '../../../../src/trends/model/plain-arithmetic.ts';

const U = Float64Array.of(0, 0.1, 0.3, 0.4, 0.8, 1);
const Y = Float64Array.of(1, 4, 2, 6, 5, 9);
const OTHER_Y = Float64Array.of(7, 3, 3, -2, 0, 1);
const SINE = U.map((at) => Math.sin(5 * at));
const STEP = U.map((at) => (at < 0.35 ? 0 : 1));
const SPIKE = Float64Array.of(0, 0, 3, 0, 0, 1);

const model = (columns: readonly number[], slopeFactors: readonly number[] | null = null): MeanModel => ({
  ...BASE_MODEL,
  name: 'made',
  columns,
  slopeFactors,
});
const LEVEL = model([0]);
const LINE = model([0, 1], [0, 1]);
const PARABOLA = model([0, 1, 2], [0, 1, 2]);
const MODELS: ModelSet = {
  basis: [U.map(() => 1), U, U.map((at) => at * at)],
  models: [LEVEL, LINE, PARABOLA],
  pilotModels: [LEVEL, LINE],
  companions: { line: 1, bends: [], saturations: [] },
};

const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a, (value, i) => value * b[i]!).reduce((sum, value) => sum + value, 0);

/** x of A x = b and ln |A|, by elimination. */
function solved(matrix: readonly (readonly number[])[], right: ArrayLike<number>): { x: number[]; logDeterminant: number } {
  const rows = matrix.map((row, i) => [...row, right[i]!]);
  let logDeterminant = 0;
  for (let p = 0; p < rows.length; p++) {
    logDeterminant += Math.log(rows[p]![p]!);
    for (let i = 0; i < rows.length; i++) {
      const factor = i === p ? 0 : rows[i]![p]! / rows[p]![p]!;
      rows[i] = rows[i]!.map((value, j) => value - factor * rows[p]![j]!);
    }
  }
  return { x: rows.map((row, i) => row[rows.length]! / row[i]!), logDeterminant };
}

/** Generalised least squares by its definition, with the whole covariance matrix of the noise. */
function byDefinition(y: Float64Array, columns: readonly Float64Array[], d: readonly number[], noise: NoiseModel) {
  const covariance = Array.from(U, (a, i) =>
    Array.from(U, (b, j) =>
      noise.ouComponents.reduce(
        (sum, { decay, variance }) => sum + variance * Math.exp(-Math.abs(a - b) / decay),
        i === j ? noise.white : 0,
      ),
    ),
  );
  const inverse = (values: ArrayLike<number>): number[] => solved(covariance, values).x;
  const gram = columns.map((a) => columns.map((b) => dot(a, inverse(b))));
  const { x: coefficients, logDeterminant: logGram } = solved(
    gram,
    columns.map((column) => dot(column, inverse(y))),
  );
  const residuals = y.map((value, i) => value - columns.reduce((sum, column, j) => sum + coefficients[j]! * column[i]!, 0));
  const rss = dot(residuals, inverse(residuals));
  const { logDeterminant } = solved(covariance, y);
  const [m, degrees] = [y.length, y.length - columns.length];
  return {
    coefficients,
    logLikelihood: -0.5 * (m * Math.log(rss / m) + logDeterminant),
    restricted: -0.5 * (degrees * Math.log(rss / degrees) + logDeterminant + logGram),
    slope: dot(d, coefficients),
    deviation: Math.sqrt((rss / degrees) * dot(d, solved(gram, d).x)),
  };
}

const near = (found: ArrayLike<number>, expected: ArrayLike<number>): void => {
  assert.equal(found.length, expected.length);
  for (let i = 0; i < found.length; i++)
    assert.ok(
      Math.abs(found[i]! - expected[i]!) <= 1e-7 * (1 + Math.abs(expected[i]!)),
      `${i}: ${found[i]}, expected ${expected[i]}`,
    );
};

for (const [name, arithmetic] of [
  ['plain TypeScript', PLAIN_ARITHMETIC],
  ['the compiled kernel', new CompiledArithmetic()],
] as const) {
  describe(name, () => {
    const on = <T>(y: Float64Array, work: (series: SeriesRegression) => T): T =>
      arithmetic.regression(U, MODELS).withSeries(y, work);
    const ALL = NOISE_MODELS.map((_, g) => g);

    test('has the likelihood of each pilot model under each noise model, one noise model after the other', () => {
      near(
        on(Y, (series) => series.pilotLogLikelihoods()),
        NOISE_MODELS.flatMap((noise) =>
          [LEVEL, LINE].map(
            ({ columns }) =>
              byDefinition(
                Y,
                columns.map((c) => MODELS.basis[c]!),
                columns.map(() => 0),
                noise,
              ).logLikelihood,
          ),
        ),
      );
    });

    test('has the mean of the likelihoods under the noise models that are asked for', () => {
      const some = [3, 17, 36];
      near(
        on(Y, (series) => series.logMeanLikelihoods([LINE, PARABOLA], some)),
        [LINE, PARABOLA].map(({ columns }) => {
          const each = some.map((g) =>
            Math.exp(
              byDefinition(
                Y,
                columns.map((c) => MODELS.basis[c]!),
                [0, 0, 0],
                NOISE_MODELS[g]!,
              ).logLikelihood,
            ),
          );
          return Math.log((each[0]! + each[1]! + each[2]!) / 3);
        }),
      );
    });

    test('fits slope, deviation and restricted likelihood under each noise model, and coefficients under the likeliest', () => {
      const fits = on(Y, (series) => {
        series.logMeanLikelihoods([PARABOLA], ALL);
        return series.fits(PARABOLA, ALL);
      });
      const each = NOISE_MODELS.map((noise) => byDefinition(Y, MODELS.basis, [0, 1, 2], noise));
      near(
        fits.restrictedLogLikelihood,
        each.map(({ restricted }) => restricted),
      );
      near(
        fits.slopeMean,
        each.map(({ slope }) => slope),
      );
      near(
        fits.slopeDeviation,
        each.map(({ deviation }) => deviation),
      );
      const likeliest = each.toSorted((a, b) => b.logLikelihood - a.logLikelihood)[0]!;
      near(fits.coefficients, likeliest.coefficients);
    });

    test('a model that has as many columns as there are points has residuals of no degree of freedom, and still a fit', () => {
      const { slopeDeviation, restrictedLogLikelihood } = on(Y, (series) => {
        series.addColumns([SINE, STEP, SPIKE]);
        const full = model([0, 1, 2, 3, 4, 5], [0, 1, 0, 0, 0, 0]);
        series.logMeanLikelihoods([full], [0]);
        return series.fits(full, [0]);
      });
      assert.ok(slopeDeviation[0]! > 0 && slopeDeviation[0]! < 1, `${slopeDeviation[0]}`);
      assert.ok(Number.isFinite(restrictedLogLikelihood[0]));
    });

    test('a level has no slope: its deviation is 0, its coefficient the weighted mean', () => {
      const fits = on(Y, (series) => {
        series.logMeanLikelihoods([LEVEL], [0]);
        return series.fits(LEVEL, [0]);
      });
      near(fits.coefficients, byDefinition(Y, [MODELS.basis[0]!], [0], NOISE_MODELS[0]!).coefficients);
      assert.equal(fits.coefficients.length, 1);
    });

    test('columns that a series adds count for that series alone, whatever order a model names them in', () => {
      const regression = arithmetic.regression(U, MODELS);
      const ofAdded = (y: Float64Array, added: readonly Float64Array[], columns: readonly number[]) =>
        regression.withSeries(y, (series) => {
          series.addColumns(added);
          assert.equal(series.columns.length, MODELS.basis.length + added.length);
          return series.logMeanLikelihoods([model(columns)], [5]);
        });
      const expected = (y: Float64Array, columns: readonly Float64Array[]) => [
        byDefinition(
          y,
          columns,
          columns.map(() => 0),
          NOISE_MODELS[5]!,
        ).logLikelihood,
      ];
      const [one, line] = MODELS.basis as [Float64Array, Float64Array];
      near(ofAdded(Y, [SINE, STEP], [0, 4, 3]), expected(Y, [one, STEP, SINE]));
      near(ofAdded(OTHER_Y, [STEP], [0, 3, 1]), expected(OTHER_Y, [one, STEP, line]));
      near(ofAdded(Y, [SPIKE, SINE], [0, 1, 3, 4]), expected(Y, [one, line, SPIKE, SINE]));
      assert.equal(
        regression.withSeries(Y, ({ columns }) => columns.length),
        MODELS.basis.length,
      );
    });

    test('columns that the points cannot tell apart have no likelihood', () => {
      const [double, line] = on(Y, (series) => {
        series.addColumns([U.map((at) => 3 - 2 * at)]);
        return series.logMeanLikelihoods([model([0, 1, 3]), LINE], [0, 1]);
      });
      assert.ok(Number.isNaN(double) && Number.isFinite(line));
    });
  });
}

test('plain TypeScript names a model that the points have no fit for', () => {
  const double = model([0, 1, 3]);
  assert.throws(
    () =>
      PLAIN_ARITHMETIC.regression(U, MODELS).withSeries(Y, (series) => {
        series.addColumns([U.map((at) => 2 * at)]);
        return series.fits(double, [0]);
      }),
    /RangeError: model 'made' has columns that the points cannot tell apart: leave it out/,
  );
});

test('in plain TypeScript a model without a slope has the slope 0, and no deviation', () => {
  const { slopeMean, slopeDeviation } = PLAIN_ARITHMETIC.regression(U, MODELS).withSeries(Y, (series) =>
    series.fits(LEVEL, [0, 1]),
  );
  assert.deepEqual([...slopeMean, ...slopeDeviation], [0, 0, 0, 0]);
});

test('the kernel has room for 36 columns of a series, and for 256 pairs of them: more are an error that says how many', () => {
  const regression = new CompiledArithmetic().regression(U, MODELS);
  const columns = (count: number) => Array.from({ length: count }, (_, k) => U.map((at) => Math.cos(k * at)));
  regression.withSeries(Y, (series) => {
    series.addColumns(columns(36));
    assert.throws(() => series.addColumns(columns(1)), /RangeError: 1 more columns, expected 0 at most/);
  });
  regression.withSeries(Y, (series) => {
    series.addColumns(columns(34));
    assert.throws(() => series.addColumns(columns(3)), /RangeError: 3 more columns, expected 2 at most/);
    const all = model(Array.from({ length: 25 }, (_, k) => 3 + k));
    assert.throws(() => series.logMeanLikelihoods([all], [0]), /RangeError: 325 pairs of columns, expected 256 at most/);
  });
});

test('slopes and block means of the kernel are those of plain TypeScript', () => {
  const compiled = new CompiledArithmetic();
  const posterior = [0.3, 10, 1, 100, 0.1, 20, 2, 8];
  near(
    [compiled.slopeCdf(posterior, 12), compiled.slopeQuantile(posterior, 0.9)],
    [PLAIN_ARITHMETIC.slopeCdf(posterior, 12), PLAIN_ARITHMETIC.slopeQuantile(posterior, 0.9)],
  );
  const { means, points } = compiled.robustMeans(Float64Array.of(1, Number.NaN, 3, 5, 8), [0, 3, 4, 5]);
  assert.deepEqual([...means, points], [2, 5, 8, 4]);
  assert.equal(compiled.memoryBytes, 4 * 65_536);
});
