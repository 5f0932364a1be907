import { container, finishRun } from '../container.ts';
import { daily, ouNoise, spikes, step, warmUp } from '../parts.ts';
import type { Scenario } from './types.ts';

/** Two things at once. */
export const mixed: readonly Scenario[] = [
  {
    name: 'warm-up under daily load',
    make(random, name) {
      const made = container(random, { hours: random.between(60, 168) });
      made.add(
        'anon',
        daily(made.grid, random, 0.08 * made.limit),
        warmUp(made.grid, 0.15 * made.limit, random.between(3, 8) * 3600),
      );
      return finishRun(name, made);
    },
  },
  {
    name: 'leak after a step',
    make(random, name) {
      const made = container(random, { hours: random.scale(12, 96) });
      const at = made.grid.windowS * random.between(0.2, 0.5);
      made.add('anon', step(made.grid, made.limit * random.between(0.03, 0.12), at));
      made.leak('anon', random.scale(10, 40), at);
      made.cause = 'native';
      return finishRun(name, made);
    },
  },
  {
    name: 'leak under spikes',
    make(random, name) {
      const made = container(random, { hours: random.scale(12, 96) });
      made.add('anon', spikes(made.grid, random, 0.2 * made.limit, made.grid.windowS / random.between(8, 30)));
      made.leak('anon', random.scale(10, 40));
      made.cause = 'native';
      return finishRun(name, made);
    },
  },
  {
    name: 'leak in a small container',
    make(random, name) {
      const made = container(random, { hours: random.scale(6, 72), limit: random.pick([64, 96, 128]) * 2 ** 20 });
      made.leak('anon', random.scale(10, 40));
      made.cause = 'native';
      return finishRun(name, made);
    },
  },
  {
    name: 'leak in a large container',
    make(random, name) {
      const made = container(random, { hours: random.scale(12, 96), limit: random.pick([16, 24, 32]) * 2 ** 30 });
      made.leak('anon', random.scale(10, 40));
      made.cause = 'native';
      return finishRun(name, made);
    },
  },
  {
    name: 'slow swings, a leak in something else',
    make(random, name) {
      const made = container(random, { hours: random.scale(24, 120) });
      made.add('anon', ouNoise(made.grid, random, 0.03 * made.limit, made.grid.windowS / 20));
      made.leak('shmem', random.scale(12, 40));
      made.cause = 'shmem';
      return finishRun(name, made);
    },
  },
];
