import assert from 'node:assert/strict';
import { test } from 'node:test';
import { CompiledArithmetic } from '../../../../src/trends/model/kernel/compiled-arithmetic.ts';
import { ModelAverager, modelAverage } from '../../../../src/trends/model/model-average.ts';
import { PLAIN_ARITHMETIC } from '../../../../src/trends/model/plain-arithmetic.ts';
import { HOUR_S } from '../../../../src/units.ts';
import { Random } from '../../../../synthetic/random.ts';

const t = Float64Array.from({ length: 120 }, (_, i) => (i + 0.5) * 60);
const windowS = 2 * HOUR_S;
const noise = (seed: number) => {
  const random = new Random(seed);
  return () => 0.05 * random.normal();
};
const series = (mean: (u: number) => number, seed = 1) => {
  const next = noise(seed);
  return t.map((at) => mean(at / windowS) + next());
};

test('a line in white noise: its slope a window is found, inside a narrow interval, and growth is as good as certain', () => {
  const { slope, growing, falling, levelAtEnd, models } = modelAverage(
    t,
    series((u) => 3 * u),
    windowS,
  );
  assert.ok(slope.low < 3 && 3 < slope.high && slope.high - slope.low < 0.5, JSON.stringify(slope));
  assert.ok(slope.low < slope.median && slope.median < slope.high);
  assert.ok(growing > 0.99 && falling < 1e-6);
  assert.ok(Math.abs(levelAtEnd - 3) < 0.2);
  assert.equal(models[0]!.model.name, 'line');
});

test('a series that falls has the slope and the probabilities of its mirror image', () => {
  const y = series((u) => 3 * u);
  const [up, down] = [
    modelAverage(t, y, windowS),
    modelAverage(
      t,
      y.map((value) => -value),
      windowS,
    ),
  ];
  assert.ok(Math.abs(up.slope.median + down.slope.median) < 1e-4);
  assert.ok(Math.abs(up.growing - down.falling) < 1e-9);
});

test('the unit of the series is the unit of its slope', () => {
  const y = series((u) => 3 * u);
  const [one, thousand] = [
    modelAverage(t, y, windowS),
    modelAverage(
      t,
      y.map((value) => 1000 * value),
      windowS,
    ),
  ];
  assert.ok(Math.abs(1000 * one.slope.median - thousand.slope.median) < 1e-6 * thousand.slope.median);
});

test('probabilities of the models add up to 1, the most probable first', () => {
  for (const mean of [(u: number) => u, () => 0, (u: number) => 1 - Math.exp(-u / 0.1), (u: number) => (u > 0.4 ? 2 : 0)]) {
    const { models, growing, falling, drifting } = modelAverage(t, series(mean), windowS);
    const probabilities = models.map(({ probability }) => probability);
    assert.ok(Math.abs(probabilities.reduce((sum, one) => sum + one, 0) - 1) < 1e-9);
    assert.deepEqual(
      probabilities,
      probabilities.toSorted((a, b) => b - a),
    );
    assert.ok(Math.abs(growing + falling - drifting) < 1e-9);
  }
});

test('what saturates, bends or steps is recognised, and only what bends upwards grows on', () => {
  /** Posterior probability of models of this kind, and of growth. */
  const recognised = (kind: RegExp, mean: (u: number) => number) => {
    const { models, growing } = modelAverage(t, series(mean), windowS);
    const probability = models.reduce((sum, one) => sum + (kind.test(one.model.name) ? one.probability : 0), 0);
    return { recognised: probability > 0.8, growing: growing > 0.5 };
  };
  const flat = { recognised: true, growing: false };
  assert.deepEqual(
    recognised(/^flat$/, () => 0),
    flat,
  );
  assert.deepEqual(
    recognised(/saturation/, (u) => 3 * (1 - Math.exp(-u / 0.1))),
    flat,
  );
  assert.deepEqual(
    recognised(/^step/, (u) => (u > 0.4 ? 3 : 0)),
    flat,
  );
  assert.deepEqual(
    recognised(/^(hinge|start)$/, (u) => 5 * Math.max(0, u - 0.52)),
    { recognised: true, growing: true },
  );
});

test('a random walk has a wide interval: what it has drifted is no certain growth', () => {
  let sure = 0;
  for (let seed = 1; seed <= 20; seed++) {
    const next = noise(seed);
    let level = 0;
    if (
      modelAverage(
        t,
        t.map(() => (level += next())),
        windowS,
      ).growing > 0.94
    )
      sure++;
  }
  assert.ok(sure <= 2, `${sure} of 20`);
});

test('bends that no point tells apart are a tie, which goes to the later one in either arithmetic', () => {
  const u = [0.02, 0.1, 0.18, 0.27, 0.35, 0.44, 0.5, 0.58, 0.6, 0.63, 0.66, 0.97];
  const few = Float64Array.from(u, (at) => at * windowS);
  const next = noise(4);
  const y = few.map((at) => next() + (at < 0.7 * windowS ? 0 : 5));
  for (const arithmetic of [PLAIN_ARITHMETIC, new CompiledArithmetic()]) {
    const { models } = modelAverage(few, y, windowS, arithmetic);
    const starts = models.filter(({ model }) => model.name === 'start').map(({ model }) => model.lastPartStart);
    assert.deepEqual(starts.slice(0, 3), [0.87, 0.79, 0.7]);
  }
});

test('a line beside half a cycle that is steeper than it is no growth: before a day has been seen, the cycle takes any slope', () => {
  const half = 13 * HOUR_S;
  const at = Float64Array.from({ length: 120 }, (_, i) => ((i + 0.5) / 120) * half);
  const random = new Random(3);
  const stands = modelAverage(
    at,
    at.map((t) => 1.3 * Math.sin((2 * Math.PI * t) / (24 * HOUR_S) - 0.3) + 0.5 * (t / half) + 0.01 * random.normal()),
    half,
  );
  assert.equal(stands.models[0]!.model.name, 'daily-cycle-line');
  assert.ok(stands.growing < 0.5, `${stands.growing}`);
});

test('a step that the noise of single values hides is no bend, and hides no leak', () => {
  const stepped = (slope: number) => series((u) => slope * u + (u > 0.6 ? 0.15 : 0));
  const { models, growing } = modelAverage(t, stepped(0), windowS);
  assert.equal(models[0]!.model.name, 'step');
  assert.ok(growing < 0.5, `${growing}`);
  const leak = modelAverage(t, stepped(0.3), windowS);
  assert.equal(leak.models[0]!.model.name, 'shift-line');
  assert.ok(leak.growing > 0.94, `${leak.growing}`);
});

test('a shift is not looked for in what hides none, such as a floor', () => {
  const { models } = new ModelAverager(t, windowS, PLAIN_ARITHMETIC).average(
    series((u) => (u > 0.6 ? 0.15 : 0)),
    true,
  );
  assert.ok(models.every(({ model: { name } }) => name !== 'step' && name !== 'shift-line'));
});

test('a warm-up of thirty hours under daily load is no slope beside a cycle: most hours were seen once', () => {
  const day = 30 * HOUR_S;
  const at = Float64Array.from({ length: 120 }, (_, i) => ((i + 0.5) / 120) * day);
  const random = new Random(3);
  const { models, growing } = modelAverage(
    at,
    at.map((t) => 1.3 * Math.sin((2 * Math.PI * t) / (24 * HOUR_S) - 0.3) + 3 * (t / day) + 0.01 * random.normal()),
    day,
  );
  assert.equal(models[0]!.model.name, 'daily-cycle-line');
  assert.ok(growing < 0.5, `${growing}`);
});

test('what began to rise within part of a day is less likely the load of that day in a floor than elsewhere', () => {
  const day = 12 * HOUR_S;
  const at = Float64Array.from({ length: 40 }, (_, i) => ((i + 0.5) / 40) * day);
  const random = new Random(3);
  const y = at.map((_, i) => Math.max(0, i / 40 - 0.4) / 0.6 + 0.16 * random.normal());
  const averager = new ModelAverager(at, day, PLAIN_ARITHMETIC);
  const [field, floor] = [averager.average(y), averager.average(y, true)];
  const ofLoad = ({ models }: typeof field) => models.find(({ model }) => model.name === 'daily-cycle')?.probability ?? 0;
  assert.ok(ofLoad(floor) < ofLoad(field) / 5, `${ofLoad(floor)}, elsewhere ${ofLoad(field)}`);
  assert.ok(field.growing < 0.94 && floor.growing > 0.94);
});
