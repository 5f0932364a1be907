import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import {
  finerBendModels,
  finerSaturationModels,
  isSlopeOfCycle,
  type MeanModel,
  meanModels,
  modelValueAt,
  shiftModels,
  stepModels,
} from '../../../../src/trends/model/mean-models.ts';
import { DAY_S, HOUR_S } from '../../../../src/units.ts';

const u = Float64Array.from({ length: 101 }, (_, i) => i / 100);
const near = (found: number, expected: number, within = 1e-9) =>
  assert.equal(Math.abs(found - expected) <= within, true, `${found}, expected ${expected}`);

const countOf = (models: readonly MeanModel[]): Record<string, number> => {
  const count: Record<string, number> = {};
  for (const { name } of models) count[name] = (count[name] ?? 0) + 1;
  return count;
};
/** Course of a model with these coefficients at shares of the window. */
const course = (
  { basis, models }: Pick<ReturnType<typeof meanModels>, 'basis' | 'models'>,
  name: string,
  coefficients: number[],
  nth = 0,
) => {
  const model = models.filter((one) => one.name === name)[nth]!;
  return (at: number) => modelValueAt(model, basis, Float64Array.from(coefficients), Math.round(100 * at));
};
const SET = meanModels(u, HOUR_S);

describe('candidates for the course of a series', () => {
  test('are level, line, ten bends of each kind and saturations from fast to slow', () => {
    const count = countOf(SET.models);
    assert.deepEqual(
      [count.flat, count.line, count.hinge, count.stop, count.start, count.saturation, count['saturation-line']],
      [1, 1, 10, 10, 10, 11, 7],
    );
    // Of two saturations the slower takes three times as long or more; a line that stops begins after three decay times.
    assert.deepEqual([count['two-saturations'], count['saturation-stop']], [39, 47]);
    assert.equal(count['two-saturations-line'], 10);
    assert.deepEqual(SET.models.slice(0, 2), SET.pilotModels.slice(0, 2));
  });
  test('a slope beside a part of a cycle may be that of the cycle unless it is steeper, or so steep as the hours that were not seen twice allow', () => {
    const isOfCycle = (hours: number, ...coefficients: number[]) => {
      const model = meanModels(u, hours * HOUR_S).models.find(({ name }) => name === 'daily-cycle-line')!;
      return isSlopeOfCycle(model, Float64Array.from(coefficients));
    };
    // Of half a day, a cycle of amplitude 1 rises by at most pi a window.
    assert.deepEqual([isOfCycle(12, 0, 0.6, 0.8, 3.1), isOfCycle(12, 0, 0.6, 0.8, 3.2)], [true, false]);
    assert.deepEqual([isOfCycle(12, 0, -1, 0, -3.1), isOfCycle(12, 0, 0, 0, 0.1)], [true, false]);
    // Of a day and a half, half of the hours were seen twice, so half of 3 pi is enough.
    assert.deepEqual([isOfCycle(36, 0, 1, 0, 4.7), isOfCycle(36, 0, 1, 0, 4.8)], [true, false]);
    assert.deepEqual([isOfCycle(24, 0, 1, 0, 6.2), isOfCycle(47.9, 0, 1, 0, 0.1)], [true, false]);
    assert.equal(isSlopeOfCycle(meanModels(u, HOUR_S).models[1]!, Float64Array.of(0, 0.1)), false, 'no cycle');
  });
  test('include a daily cycle in windows of five hours to two days, which is less likely beforehand in short ones', () => {
    const prior = (hours: number, of = 'daily-cycle') => {
      const model = meanModels(u, hours * HOUR_S).models.find(({ name }) => name === of);
      return model === undefined ? null : Math.round(100 * Math.exp(model.logPrior)) / 100;
    };
    assert.deepEqual(
      [prior(4.7), prior(5), prior(11.9), prior(12.1), prior(19), prior(19.3), prior(47.9), prior(48)],
      [null, 0.03, 0.03, 0.1, 0.1, 1, 1, null],
    );
    assert.equal(prior(24, 'daily-cycle-line'), 0.03, 'a line beside it is as rare as a bend');
    const day = meanModels(u, DAY_S);
    near(course(day, 'daily-cycle', [5, 2, 0])(0.25), 7);
    near(course(day, 'daily-cycle', [5, 0, 2])(0.5), 3);
    near(course(day, 'daily-cycle-line', [5, 2, 0, 10])(1), 10);
    near(course(meanModels(u, DAY_S / 2), 'daily-cycle', [0, 2, 0])(0.5), 2);
  });
  test('have the course of their name', () => {
    near(course(SET, 'flat', [7])(0.3), 7);
    near(course(SET, 'line', [7, 2])(1), 8);
    // The first bend is at 0.08.
    const [hinge, stop, start] = ['hinge', 'stop', 'start'].map((name) =>
      course(SET, name, name === 'hinge' ? [1, 10, 20] : [1, 10]),
    );
    for (const [bent, values] of [
      [hinge, [1, 1.5, 1.8, 3.8]],
      [stop, [1, 1.5, 1.8, 1.8]],
      [start, [1, 1, 1, 2]],
    ] as const)
      [0, 0.05, 0.08, 0.18].forEach((at, i) => {
        near(bent!(at), values[i]!);
      });
    // Decay time 0.005, then 0.01, 0.02, 0.04.
    near(course(SET, 'saturation', [1, 10], 3)(0.04), 1 + 10 * (1 - Math.exp(-1)));
    near(course(SET, 'saturation-line', [1, 10, 4], 3)(1), 1 + 10 + 2);
  });
  test('have the slope that lasts at the end, and no other', () => {
    const factors = Object.fromEntries(SET.models.map(({ name, slopeFactors }) => [name, slopeFactors]));
    assert.deepEqual(factors, {
      flat: null,
      line: [0, 1],
      saturation: null,
      'saturation-line': [0, 0, 1],
      'two-saturations': null,
      'two-saturations-line': [0, 0, 0, 1],
      'saturation-stop': null,
      hinge: [0, 0, 1],
      stop: null,
      start: [0, 1],
    });
  });
  test('cost more beforehand the more was searched for', () => {
    const price = (name: string) => {
      const { searchedParameters, logPrior } = SET.models.find((one) => one.name === name)!;
      return [searchedParameters, Math.round(1000 * Math.exp(logPrior)) / 1000];
    };
    assert.deepEqual(
      [price('flat'), price('line')],
      [
        [0, 1],
        [0, 1],
      ],
    );
    for (const name of ['hinge', 'stop', 'start', 'saturation']) assert.deepEqual(price(name), [1, 0.03], name);
    assert.deepEqual(price('saturation-line'), [1, 0.006]);
    for (const name of ['two-saturations', 'saturation-stop']) assert.deepEqual(price(name), [2, 0.03], name);
  });
  test('cost more beforehand where a second saturation has not come near its level, as a line beside the first', () => {
    const slow = SET.models.filter(({ name }) => name === 'two-saturations');
    const priorAt = (tau: number) => Math.exp(slow.find(({ lastPartStart }) => lastPartStart === tau)!.logPrior);
    near(priorAt(0.14), 0.03 * (1 - Math.exp(-1 / 0.14)) ** 6);
    near(priorAt(1.3), 0.03 * (1 - Math.exp(-1 / 1.3)) ** 6);
    assert.ok(priorAt(1.3) < 0.03 / 40);
  });
  test('know where their last part begins', () => {
    const begins = (name: string, nth: number) => SET.models.filter((one) => one.name === name)[nth]!.lastPartStart;
    assert.deepEqual([begins('line', 0), begins('hinge', 9), begins('start', 3)], [0, 0.87, 0.34]);
    near(begins('saturation', 3), 0.12);
    assert.equal(begins('saturation', 10), 0.8);
    near(begins('saturation-line', 3), 0.08);
    assert.equal(begins('two-saturations', 0), 0.02);
    assert.equal(begins('saturation-stop', 0), 0.08);
  });
  test('know how much of a saturation is still to come', () => {
    const [first] = SET.models.filter(({ name }) => name === 'saturation').slice(8);
    assert.equal(first!.decayTime, 0.5);
    near(first!.remainingShare!(0.5), Math.exp(-2) * (1 - Math.exp(-1)));
    near(first!.remainingShare!(100), Math.exp(-2));
    const slower = SET.models.find(({ name }) => name === 'two-saturations')!;
    near(slower.remainingShare!(100), Math.exp(-1 / 0.02));
    assert.equal(SET.models.find(({ name }) => name === 'saturation-line')!.remainingShare, null);
  });
  test('are explored with a level, a line and one flexible model of six columns besides', () => {
    const flexible = SET.pilotModels[2]!;
    assert.deepEqual([flexible.name, flexible.columns.length, flexible.slopeFactors], ['flexible', 7, null]);
    near(modelValueAt(flexible, SET.basis, Float64Array.of(0, 0, 1, 0, 0, 0, 0), 4), 1 - Math.exp(-1));
    near(modelValueAt(flexible, SET.basis, Float64Array.of(0, 0, 0, 1, 0, 0, 0), 22), 1 - Math.exp(-1));
    near(modelValueAt(flexible, SET.basis, Float64Array.of(0, 0, 0, 0, 1, 0, 0), 100), 0.84);
    near(modelValueAt(flexible, SET.basis, Float64Array.of(0, 0, 0, 0, 0, 0, 1), 100), 0.3);
  });
});

test('a saturation is refined by four decay times about it, whose columns follow on those that are there', () => {
  const { basis, models } = finerSaturationModels(u, SET.companions, 0.2, SET.basis.length);
  assert.equal(basis.length, 4);
  const saturations = models.filter(({ name }) => name === 'saturation');
  assert.deepEqual(
    saturations.map(({ decayTime }) => Math.round(1000 * decayTime!) / 1000),
    [0.14, 0.168, 0.238, 0.282],
  );
  assert.deepEqual(
    saturations.map(({ columns }) => columns[1]! - SET.basis.length),
    [0, 1, 2, 3],
  );
  near(modelValueAt(saturations[0]!, [...SET.basis, ...basis], Float64Array.of(1, 2), 14), 1 + 2 * (1 - Math.exp(-1)));
});

test('a bend is refined by four places about it, each of which is less likely beforehand than one of the grid', () => {
  const { basis, models } = finerBendModels(u, 0.43, SET.basis.length);
  assert.equal(basis.length, 8);
  assert.deepEqual(countOf(models), { hinge: 4, stop: 4, start: 4 });
  const starts = models.filter(({ name }) => name === 'start');
  assert.deepEqual(
    starts.map(({ lastPartStart }) => Math.round(1000 * lastPartStart) / 1000),
    [0.385, 0.408, 0.452, 0.475],
  );
  near(Math.exp(starts[0]!.logPrior), 0.03 / 4);
  near(modelValueAt(starts[0]!, [...SET.basis, ...basis], Float64Array.of(1, 2), 100), 1 + 2 * (1 - 0.385));
});

test('models of a shift that noise hides are a step, and a step with one slope on both sides', () => {
  const { basis, models } = shiftModels(u, SET.basis.length, SET.companions.line, 60);
  assert.deepEqual(
    models.map(({ name, slopeFactors, searchedParameters }) => [name, slopeFactors, searchedParameters]),
    [
      ['step', null, 1],
      ['shift-line', [0, 0, 1], 1],
    ],
  );
  const shifted = course({ basis: [...SET.basis, ...basis], models }, 'shift-line', [1, 5, 10]);
  [shifted(0), shifted(0.59), shifted(0.6), shifted(1)].forEach((value, i) => {
    near(value, [-4, 1.9, 7, 11][i]!);
  });
});

describe('models of a series that jumps', () => {
  const jumps = [60, 20].map((at) => ({ at, share: 1 }));
  const steps = stepModels(u, 0, jumps);
  test('are a step, a step with a slope, and six that come to it in time, for the first jump and for both', () => {
    assert.deepEqual(countOf(steps.models), { step: 2, 'step-line': 2, 'step-saturation': 12 });
    assert.equal(steps.basis.length, 18);
    assert.deepEqual(countOf(stepModels(u, 0, []).models), {});
  });
  test('are also a line with a step in it, where there is one jump: of several the others would be a line', () => {
    const one = stepModels(u, 2, jumps.slice(0, 1));
    assert.equal(countOf(one.models)['shift-line'], 1);
    const withLine = { basis: [u.map(() => 1), u.map((at) => at - 0.5), ...one.basis], models: one.models };
    const stepped = course(withLine, 'shift-line', [1, 5, 10]);
    near(stepped(0.5), 1);
    near(stepped(0.7), 8);
    const { slopeFactors, lastPartStart } = one.models.find(({ name }) => name === 'shift-line')!;
    assert.deepEqual([slopeFactors, lastPartStart], [[0, 0, 1], 0]);
  });
  test('cost more the more steps there are', () => {
    const prices = steps.models
      .filter(({ name }) => name !== 'step-saturation')
      .map(({ searchedParameters, logPrior }) => [searchedParameters, Math.round(1000 * Math.exp(logPrior)) / 1000]);
    assert.deepEqual(prices, [
      [1, 0.03],
      [1, 0.03],
      [2, 0.03],
      [2, 0.004],
    ]);
    assert.deepEqual([steps.models[2]!.searchedParameters, steps.models[10]!.searchedParameters], [2, 3]);
  });
  test('have a share of the step in the block that it falls in', () => {
    const shared = {
      basis: [u.map(() => 1), ...stepModels(u, 1, [{ at: 60, share: 0.4 }]).basis],
      models: stepModels(u, 1, [{ at: 60, share: 0.4 }]).models,
    };
    const step = course(shared, 'step', [1, 5]);
    assert.deepEqual([step(0.59), step(0.6), step(0.61)], [1, 3, 6]);
  });
  test('jump where the series does, and have their slope after the last jump alone', () => {
    const withConstant = {
      basis: [u.map(() => 1), ...stepModels(u, 1, jumps).basis],
      models: stepModels(u, 1, jumps).models,
    };
    const step = course(withConstant, 'step', [1, 5]);
    assert.deepEqual([step(0.59), step(0.6), step(1)], [1, 6, 6]);
    const both = course(withConstant, 'step', [1, 5, 3], 1);
    assert.deepEqual([both(0.19), both(0.2), both(0.6)], [1, 4, 9]);
    const line = course(withConstant, 'step-line', [1, 5, 10, 20]);
    near(line(0.5), 0);
    near(line(0.7), 8);
    const lines = withConstant.models.filter(({ name }) => name === 'step-line');
    assert.deepEqual(
      lines.map(({ slopeFactors }) => slopeFactors),
      [
        [0, 0, 0, 1],
        [0, 0, 0, 0, 1],
      ],
    );
    assert.deepEqual(
      lines.map(({ lastPartStart }) => lastPartStart),
      [0.6, 0.6],
    );
    assert.deepEqual(
      withConstant.models.filter(({ name }) => name === 'step').map(({ lastPartStart }) => lastPartStart),
      [0, 0],
    );
    const slow = course(withConstant, 'step-saturation', [1, 0, 10], 1);
    near(slow(0.6), 1);
    near(slow(0.7), 1 + 10 * (1 - Math.exp(-1)));
    const ramp = course(withConstant, 'step-saturation', [1, 0, 10], 3);
    near(ramp(0.65), 1.5);
    near(ramp(0.9), 2);
    assert.equal(slow(0.5), 1);
    assert.equal(ramp(0.5), 1);
  });
});
