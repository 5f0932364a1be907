import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import type { Arithmetic } from '../../../../src/trends/model/arithmetic.ts';
import type { MeanModel } from '../../../../src/trends/model/mean-models.ts';
import { type ModelAverage, modelAverage } from '../../../../src/trends/model/model-average.ts';
import { NOISE_MODELS } from '../../../../src/trends/model/noise-models.ts';
import { PLAIN_ARITHMETIC } from '../../../../src/trends/model/plain-arithmetic.ts';
import { HOUR_S } from '../../../../src/units.ts';

const POINTS = 8;
const LN_M = Math.log(POINTS);
const T = Float64Array.from({ length: POINTS }, (_, i) => ((i + 0.5) / POINTS) * HOUR_S);
const U = T.map((at) => at / HOUR_S);
const FLAT_Y = T.map((_, i) => i % 2);

interface Given {
  /** Log likelihoods of level, line and flexible model under each noise model; those that are left out are impossible. */
  readonly pilots?: readonly (readonly [number, number, number])[];
  /** ln of the mean likelihood; null: the points cannot tell its columns apart. Impossible unless given. */
  readonly likelihood: (model: MeanModel) => number | null;
  /** Slope and deviation under each noise model, with its restricted log likelihood. */
  readonly fit?: (model: MeanModel) => readonly (readonly [restricted: number, slope: number, deviation: number])[];
  readonly coefficients?: (model: MeanModel) => readonly number[];
  readonly y?: Float64Array;
}

const IMPOSSIBLE = -1e9;
/** Bends are looked for, and one noise model is likely. */
const BENDS = [[0, 0, 7]] as const;

/** The average where a regression gives these numbers, which can then be averaged by hand; and what it was asked for. */
function averaged({ pilots = BENDS, likelihood, fit = () => [[0, 1, 0]], coefficients = () => [], y = FLAT_Y }: Given) {
  const asked: { models: readonly MeanModel[]; noises: readonly number[] }[] = [];
  const fitted: (readonly number[])[] = [];
  const lengths: number[] = [];
  const arithmetic: Arithmetic = {
    ...PLAIN_ARITHMETIC,
    regression: (_, { basis }) => ({
      withSeries: (__, work) => {
        const columns = [...basis];
        return work({
          columns,
          addColumns: (more) => void columns.push(...more),
          pilotLogLikelihoods: () =>
            Float64Array.from(NOISE_MODELS.flatMap((_model, g) => pilots[g] ?? Array(3).fill(IMPOSSIBLE))),
          logMeanLikelihoods: (models, noises) => {
            asked.push({ models, noises });
            lengths.push(columns.length);
            return Float64Array.from(models, (model) => likelihood(model) ?? Number.NaN);
          },
          fits: (model, noises) => {
            fitted.push(noises);
            const each = fit(model);
            return {
              restrictedLogLikelihood: Float64Array.from(each, ([one]) => one),
              slopeMean: Float64Array.from(each, ([, one]) => one),
              slopeDeviation: Float64Array.from(each, ([, , one]) => one),
              coefficients: Float64Array.from(coefficients(model)),
            };
          },
        });
      },
    }),
  };
  return {
    average: modelAverage(y.length === POINTS ? T : y.map((_, i) => ((i + 0.5) / y.length) * HOUR_S), y, HOUR_S, arithmetic),
    asked,
    fitted,
    lengths,
  };
}

const near = (found: number, expected: number): void =>
  assert.ok(Math.abs(found - expected) <= 1e-9 * (1 + Math.abs(expected)), `${found}, expected ${expected}`);
const byName =
  (values: Readonly<Record<string, number>>) =>
  ({ name }: MeanModel): number =>
    values[name] ?? IMPOSSIBLE;
const probabilityOf = ({ models }: ModelAverage, name: string): number =>
  models.reduce((sum, { model, probability }) => sum + (model.name === name ? probability : 0), 0);
/** One model alone of its name: that which begins there. */
const at = (name: string, start: number, value: number, others: Readonly<Record<string, number>> = {}) => {
  const other = byName(others);
  return (model: MeanModel): number => (model.name === name && model.lastPartStart === start ? value : other(model));
};

describe('the probability of a model', () => {
  test('that is as likely as another one and has a column more is less by the root of the number of points', () => {
    const { average } = averaged({ likelihood: byName({ flat: -50, line: -50 }) });
    near(average.drifting, 1 / (1 + Math.sqrt(POINTS)));
    assert.deepEqual(
      average.models.map(({ model }) => model.name),
      ['flat', 'line'],
    );
  });

  test('is its likelihood times its prior, less the price of its coefficients and of what was searched for', () => {
    // A bend that starts at 0.52 has two columns and a time that was searched: two parameters more than a level.
    const { average } = averaged({ likelihood: at('start', 0.52, 4, { flat: 0 }) });
    const odds = (Math.exp(4) * 0.03) / POINTS;
    near(probabilityOf(average, 'start'), odds / (1 + odds));
    near(
      average.models.reduce((sum, { probability }) => sum + probability, 0),
      1,
    );
  });

  test('is nothing where the points cannot tell its columns apart', () => {
    const { average } = averaged({ likelihood: ({ name }) => (name === 'flat' ? 0 : name === 'line' ? null : IMPOSSIBLE) });
    assert.deepEqual(
      average.models.map(({ model, probability }) => [model.name, probability]),
      [['flat', 1]],
    );
  });

  test('counts from a thousandth of that of the most probable model on', () => {
    const withLine = (relative: number) =>
      averaged({ likelihood: byName({ flat: 0, line: 0.5 * LN_M + Math.log(relative) }) }).average.models.length;
    assert.deepEqual([withLine(1.01e-3), withLine(0.99e-3)], [2, 1]);
  });
});

describe('growth', () => {
  const line = byName({ flat: 0, line: 0.5 * LN_M + Math.log(3) });

  test('is the share of models with a slope, times the probability that it is positive', () => {
    for (const [slope, growing, falling] of [
      [2, 0.75, 0],
      [-2, 0, 0.75],
    ] as const) {
      const { average } = averaged({ likelihood: line, fit: () => [[0, slope, 0]] });
      near(average.drifting, 0.75);
      near(average.growing, growing);
      near(average.falling, falling);
    }
    const { average } = averaged({ likelihood: line, fit: () => [[0, 0, 1]] });
    near(average.growing, 0.375);
    near(average.falling, 0.375);
  });

  test('without a preference is that where a bend counts as much as a level, but twelve times its weight at most', () => {
    const { average } = averaged({ likelihood: at('start', 0.52, LN_M - Math.log(0.03), { flat: 0 }) });
    near(average.growing, 0.5);
    near(average.growingFlatPrior, 12 / 13);
    near(averaged({ likelihood: line }).average.growingFlatPrior, 0.75);
    // A sure stop of a third of its window has no slope; as prior it has that of a bend.
    const stop = averaged({ likelihood: at('stop', 0.7, 0.5 * 2 * LN_M - Math.log(0.03), { line: 0.5 * LN_M }) }).average;
    near(stop.growing, 0.5);
    near(stop.growingFlatPrior, 1 / 13);
  });

  test('in part: a slope of which a tenth lies below zero grows with nine tenths of its weight, whatever the prior', () => {
    // Student's t with six degrees of freedom: 10 % lie below -1.4398.
    const { average } = averaged({ likelihood: byName({ line: 0 }), fit: () => [[0, 1.4398, 1]] });
    assert.ok(Math.abs(average.growing - 0.9) < 1e-3, `${average.growing}`);
    near(average.growingFlatPrior, average.growing);
  });
});

describe('the slope', () => {
  test('has quantiles of Student distributions with a degree of freedom less for each column', () => {
    const { average } = averaged({ likelihood: byName({ line: 0 }), fit: () => [[0, 10, 2]] });
    assert.deepEqual(average.models[0]!.slope, [1, 10, 2, POINTS - 2]);
    // t of 6 degrees of freedom at 0.95: 1.9432.
    const { low, median, high } = average.slope;
    for (const [found, expected] of [
      [low, 10 - 2 * 1.9432],
      [median, 10],
      [high, 10 + 2 * 1.9432],
    ] as const)
      assert.ok(Math.abs(found - expected) < 0.02, `${found}, expected ${expected}`);
  });

  test('is weighed over noise models by restricted likelihood, and those below a thousandth of all do not move it', () => {
    const { average, fitted } = averaged({
      pilots: [BENDS[0], BENDS[0], BENDS[0]],
      likelihood: byName({ line: 0 }),
      fit: () => [
        [-500, 1, 0.1],
        [-500 + Math.log(3), 2, 0.2],
        [-500 + Math.log(0.003), 9, 0.9],
      ],
    });
    assert.deepEqual(fitted, [[0, 1, 2]]);
    const [first, second] = [average.models[0]!.slope.slice(0, 4), average.models[0]!.slope.slice(4)];
    near(first[0]!, 1 / 4.003);
    near(second[0]!, 3 / 4.003);
    assert.deepEqual(
      [first.slice(1), second.slice(1)],
      [
        [1, 0.1, 6],
        [2, 0.2, 6],
      ],
    );
    const kept = averaged({
      pilots: [BENDS[0], BENDS[0]],
      likelihood: byName({ line: 0 }),
      fit: () => [
        [0, 1, 0.1],
        [Math.log(0.0011), 2, 0.2],
      ],
    });
    assert.equal(kept.average.models[0]!.slope.length, 8);
  });

  test('is weighed over mean models by their probability, and a level has none', () => {
    const { average } = averaged({ likelihood: byName({ flat: 0, line: 0.5 * LN_M }), fit: () => [[0, 5, 1]] });
    assert.deepEqual(
      average.models.map(({ slope }) => slope.length),
      [0, 4],
    );
    near(average.models[1]!.slope[0]!, 0.5);
  });
});

test('the level at the end is what the most probable model says of the last point', () => {
  const { average } = averaged({
    likelihood: byName({ flat: 0, line: 0.5 * LN_M + 1 }),
    coefficients: ({ name }) => (name === 'line' ? [100, 8] : [7]),
  });
  near(average.levelAtEnd, 100 + 8 * (U[POINTS - 1]! - 0.5));
});

describe('noise models', () => {
  const noisesOf = (pilots: readonly (readonly [number, number, number])[]) =>
    averaged({ pilots, likelihood: byName({ flat: 0 }) }).asked[0]!.noises;

  test('are those under which a pilot model is within 6 of the most it can be, each once', () => {
    assert.deepEqual(
      noisesOf([
        [0, 0, 9],
        [-5.9, -20, -20],
        [-6.1, -6.1, 2.9],
        [-20, -20, 3.1],
        [-1, -1, 8],
        [-20, -5.9, -20],
      ]),
      [0, 1, 3, 4, 5],
    );
  });
});

describe('candidates', () => {
  const names = (given: Given) => averaged(given).asked.map(({ models }) => new Set(models.map(({ name }) => name)));
  const flat = byName({ flat: 0 });

  test('are a level and a line where neither a line gains 2 nor bends 6', () => {
    for (const pilots of [
      [[0, 1.9, 5.9]],
      [[50, 51.9, 55.9]],
      [
        [-3, -30, -30],
        [-9, -1.1, 2.9],
      ],
    ] as const)
      assert.deepEqual(names({ pilots, likelihood: flat }), [new Set(['flat', 'line'])]);
  });

  test('are all models where a line gains 2 or bends gain 6', () => {
    for (const pilots of [[[0, 2.1, 0]], [[0, 0, 6.1]]] as const) {
      const [first] = names({ pilots, likelihood: flat });
      for (const name of ['flat', 'line', 'saturation', 'hinge', 'stop', 'start']) assert.equal(first!.has(name), true, name);
    }
  });

  test('are steps, too, where the series jumps, with columns of their own', () => {
    const even = Float64Array.from({ length: 20 }, (_, i) => i % 2);
    const still = averaged({ pilots: [[0, 0, 0]], likelihood: flat, y: even });
    const jumps = averaged({ pilots: [[0, 0, 0]], likelihood: flat, y: even.map((value, i) => value + (i < 10 ? 0 : 60)) });
    assert.deepEqual([...new Set(still.asked[0]!.models.map(({ name }) => name))], ['flat', 'line']);
    const steps = jumps.asked[0]!.models.filter(({ name }) => name.startsWith('step'));
    assert.deepEqual([...new Set(steps.map(({ lastPartStart }) => lastPartStart))], [0, 0.525]);
    const shared = new Set([0, 1]);
    const own = new Set(steps.flatMap(({ columns }) => columns).filter((column) => !shared.has(column)));
    assert.deepEqual([Math.min(...own), Math.max(...own)], [still.lengths[0]!, jumps.lengths[0]! - 1]);
  });

  test('are saturations with finer decay times where a saturation is the most probable', () => {
    const isOne = ({ name, decayTime }: MeanModel) => name === 'saturation' && decayTime === 0.22;
    const { asked, lengths, average } = averaged({
      likelihood: (model) =>
        isOne(model)
          ? 20
          : model.name === 'saturation' && !isOne(model) && Math.abs(model.decayTime! - 0.1848) < 1e-9
            ? 21
            : model.name === 'flat'
              ? 0
              : IMPOSSIBLE,
    });
    assert.equal(asked.length, 2);
    const times = asked[1]!.models.filter(({ name }) => name === 'saturation').map(({ decayTime }) => decayTime!);
    for (const [k, factor] of [0.7, 0.84, 1.19, 1.41].entries()) near(times[k]!, 0.22 * factor);
    assert.equal(lengths[1]! - lengths[0]!, 4);
    assert.equal(Math.min(...asked[1]!.models.map(({ columns }) => Math.max(...columns))), lengths[0]!);
    near(average.models[0]!.model.decayTime!, 0.1848);
    near(average.models[0]!.probability, Math.E / (1 + Math.E));
    assert.equal(averaged({ likelihood: flat }).asked.length, 1);
  });
});

describe('models that are equally probable', () => {
  /** Names and beginnings of the most probable, in their order. */
  const order = (likelihood: (model: MeanModel) => number) =>
    averaged({ likelihood }).average.models.map(({ model }) => `${model.name} ${model.lastPartStart}`);
  const starts = (value: (start: number) => number) =>
    order(({ name, lastPartStart }) => (name === 'start' ? value(lastPartStart) : IMPOSSIBLE)).slice(0, 3);

  test('have the later bend first, though rounding made the earlier one likelier', () => {
    assert.deepEqual(
      starts((start) => -start * 1e-10),
      ['start 0.87', 'start 0.79', 'start 0.7'],
    );
  });

  test('are not those that differ by more than rounding', () => {
    assert.deepEqual(
      starts((start) => -start * 1e-6),
      ['start 0.08', 'start 0.16', 'start 0.25'],
    );
  });

  test('have the one with fewer parameters first', () => {
    const hinge = 0.5 * LN_M;
    assert.deepEqual(
      order(({ name, lastPartStart }) =>
        lastPartStart !== 0.52 ? IMPOSSIBLE : name === 'start' ? 0 : name === 'hinge' ? hinge + 1e-10 : IMPOSSIBLE,
      ),
      ['start 0.52', 'hinge 0.52'],
    );
  });
});

test('three points are enough; fewer, a window without length, and values that are not one a point are range errors that name the argument', () => {
  const of = (points: number, values: number, window = HOUR_S) =>
    modelAverage(T.subarray(0, points), FLAT_Y.subarray(0, values), window);
  assert.ok(of(3, 3).models.length > 0, 'no model');
  assert.throws(() => of(2, 2), /RangeError: t has 2 points, expected 3 or more/);
  assert.throws(() => of(8, 7), /RangeError: y has 7 values, expected 8, one a point/);
  assert.throws(() => of(7, 8), /RangeError: y has 8 values, expected 7, one a point/);
  for (const window of [0, Number.NaN])
    assert.throws(() => of(8, 8, window), new RegExp(`RangeError: windowSeconds is ${window}, expected more than 0`));
});
