import { container, finishRun } from '../container.ts';
import { drift, heavyTails, ouNoise, rounded, spikes } from '../parts.ts';
import type { Scenario } from './types.ts';

/** Nothing but noise, of every kind. */
export const noise: readonly Scenario[] = [
  {
    name: 'wandering noise',
    make(random, name) {
      const made = container(random, { hours: random.scale(6, 168), noise: random.between(1, 3) });
      made.add('anon', ouNoise(made.grid, random, 0.01 * made.limit * random.scale(0.3, 2), random.scale(1800, 7200)));
      return finishRun(name, made);
    },
  },
  {
    name: 'near a random walk',
    make(random, name) {
      const made = container(random, { hours: random.scale(24, 168) });
      const walk = ouNoise(made.grid, random, 0.01 * made.limit, made.grid.windowS * random.between(0.15, 0.4));
      made.add('anon', walk);
      return finishRun(name, made);
    },
  },
  {
    name: 'heavy tails',
    make(random, name) {
      const made = container(random, { hours: random.scale(3, 96) });
      made.add('anon', heavyTails(made.grid, random, 0.015 * made.limit));
      made.add('file', heavyTails(made.grid, random, 0.01 * made.limit));
      return finishRun(name, made);
    },
  },
  {
    name: 'spikes',
    make(random, name) {
      const made = container(random, { hours: random.scale(6, 96) });
      made.add('anon', spikes(made.grid, random, 0.3 * made.limit, made.grid.windowS / random.between(3, 20)));
      return finishRun(name, made);
    },
  },
  {
    name: 'quantised',
    make(random, name) {
      const made = container(random, { hours: random.scale(6, 96), noise: 0.3 });
      const parts = made.parts.get('anon')!;
      const sum = {
        ...parts[0]!,
        values: parts[0]!.values.map((_, i) => parts.reduce((total, { values }) => total + values[i]!, 0)),
      };
      made.parts.set('anon', [rounded(sum, made.limit * random.pick([0.002, 0.005, 0.01]))]);
      return finishRun(name, made);
    },
  },
  {
    name: 'constant',
    make(random, name) {
      return finishRun(name, container(random, { hours: random.scale(1, 96), noise: 0 }));
    },
  },
  {
    name: 'drift that does not matter',
    make(random, name) {
      const made = container(random, { hours: random.scale(24, 168), noise: 0.1 });
      const level = made.parts.get('anon')![0]!.values[0]!;
      const slope = (Math.min(0.0025 * made.limit, 0.06 * level) * random.between(0.3, 1)) / 86_400;
      made.add('anon', drift(made.grid, slope));
      return finishRun(name, made);
    },
  },
];
