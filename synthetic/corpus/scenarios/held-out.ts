import { container, finishRun } from '../container.ts';
import { daily, heavyTails, ramp, rotated, rounded, step, warmUp } from '../parts.ts';
import type { Scenario } from './types.ts';

/** Mixtures that are all held out, so that the held-out column is no easier than the other. */
const scenarios: readonly Scenario[] = [
  {
    name: 'leak after two steps',
    make(random, name) {
      const made = container(random, { hours: random.scale(12, 96) });
      const { windowS } = made.grid;
      const at = windowS * random.between(0.35, 0.5);
      made.add('anon', step(made.grid, made.limit * random.between(0.02, 0.08), windowS * random.between(0.1, 0.25)));
      made.add('anon', step(made.grid, made.limit * random.between(-0.06, 0.06), at));
      made.leak('anon', random.scale(12, 50), at);
      made.cause = 'native';
      return finishRun(name, made);
    },
  },
  {
    name: 'leak after a fall',
    make(random, name) {
      const made = container(random, { hours: random.scale(12, 96) });
      const at = made.grid.windowS * random.between(0.15, 0.5);
      made.add('anon', step(made.grid, -made.limit * random.between(0.02, 0.08), at));
      made.leak('anon', random.scale(10, 40), at);
      made.cause = 'native';
      return finishRun(name, made);
    },
  },
  {
    name: 'leak after a warm-up, under daily load',
    make(random, name) {
      const made = container(random, { hours: random.between(72, 168) });
      made.add(
        'anon',
        daily(made.grid, random, 0.04 * made.limit),
        warmUp(made.grid, 0.08 * made.limit, random.between(1, 5) * 3600),
      );
      made.leak('anon', random.scale(12, 40));
      made.cause = 'native';
      return finishRun(name, made);
    },
  },
  {
    name: 'a leak beside a cache that fills',
    make(random, name) {
      const made = container(random, { hours: random.scale(12, 96) });
      made.add('file', ramp(made.grid, 0.25 * made.limit, 0, made.grid.windowS * random.between(0.2, 0.5)));
      made.leak('anon', random.scale(10, 40));
      made.cause = 'native';
      return finishRun(name, made);
    },
  },
  {
    name: 'leak under weekdays and weekend',
    make(random, name) {
      const made = container(random, { hours: random.between(336, 360), stepS: 300 });
      made.add('anon', daily(made.grid, random, 0.05 * made.limit, random.between(0.5, 0.8)));
      made.leak('anon', random.scale(10, 30));
      made.cause = 'native';
      return finishRun(name, made);
    },
  },
  {
    name: 'JVM warms up, its heap leaks',
    make(random, name) {
      const made = container(random, { hours: random.scale(12, 96), jvm: true });
      made.heap({ leakTimes: random.scale(12, 50), aliveShare: random.between(0.1, 0.2) });
      made.add('anon', warmUp(made.grid, 0.05 * made.limit, made.grid.windowS * random.between(0.02, 0.05)));
      made.cause = 'heap';
      return finishRun(name, made);
    },
  },
  {
    name: 'leak under heavy tails',
    make(random, name) {
      const made = container(random, { hours: random.scale(6, 96) });
      made.add('anon', heavyTails(made.grid, random, 0.01 * made.limit));
      made.leak('anon', random.scale(12, 40));
      made.cause = 'native';
      return finishRun(name, made);
    },
  },
  {
    name: 'leak, quantised',
    make(random, name) {
      const made = container(random, { hours: random.scale(12, 96), noise: 0.5 });
      made.leak('anon', random.scale(20, 80));
      const parts = made.parts.get('anon')!;
      const leak = parts[parts.length - 1]!;
      const quantum = made.limit * random.pick([0.001, 0.002]);
      const sum = parts[0]!.values.map((_, i) => parts.reduce((total, { values }) => total + values[i]!, 0));
      made.parts.set('anon', [
        rounded({ ...leak, values: sum }, quantum),
        ...parts.slice(0, -1).map((part) => ({ ...part, values: part.values.map(() => 0) })),
      ]);
      made.cause = 'native';
      return finishRun(name, made);
    },
  },
  {
    name: 'two warm-ups, fast and slow',
    make(random, name) {
      const made = container(random, { hours: random.scale(12, 96) });
      const { windowS } = made.grid;
      made.add(
        'anon',
        warmUp(made.grid, 0.1 * made.limit, 0.01 * windowS),
        warmUp(made.grid, 0.1 * made.limit, windowS * random.between(0.08, 0.2)),
      );
      return finishRun(name, made);
    },
  },
  {
    name: 'three steps up, each for good',
    make(random, name) {
      const made = container(random, { hours: random.scale(24, 120) });
      for (const share of [random.between(0.08, 0.2), random.between(0.25, 0.4), random.between(0.5, 0.75)])
        made.add('anon', step(made.grid, made.limit * random.between(0.02, 0.06), made.grid.windowS * share));
      return finishRun(name, made);
    },
  },
  {
    name: 'nightly batch that lets go again',
    make(random, name) {
      const made = container(random, { hours: random.between(96, 200) });
      made.add('anon', rotated(made.grid, random, 0.1 * made.limit, 86_400));
      return finishRun(name, made);
    },
  },
];

export const heldOutScenarios: readonly Scenario[] = scenarios.map((scenario) => ({ ...scenario, heldOut: true }));
