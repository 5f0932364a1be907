import { container, finishRun } from '../container.ts';
import { daily, drift, ouNoise, rotated, sawTooth } from '../parts.ts';
import type { Scenario } from './types.ts';

/** Load that comes and goes. */
export const loads: readonly Scenario[] = [
  {
    name: 'daily load, many days',
    make(random, name) {
      const made = container(random, { hours: random.between(50, 240) });
      made.add('anon', daily(made.grid, random, made.limit * random.between(0.03, 0.2)));
      return finishRun(name, made);
    },
  },
  {
    name: 'daily load, a day or two',
    make(random, name) {
      const made = container(random, { hours: random.between(24, 46) });
      made.add('anon', daily(made.grid, random, made.limit * random.between(0.03, 0.2)));
      return finishRun(name, made);
    },
  },
  {
    name: 'daily load, part of a day',
    make(random, name) {
      const made = container(random, { hours: random.between(4, 16) });
      made.add('anon', daily(made.grid, random, made.limit * random.between(0.03, 0.2)));
      return finishRun(name, made);
    },
  },
  {
    name: 'weekdays and weekend',
    make(random, name) {
      const made = container(random, { hours: random.between(96, 330) });
      made.add('anon', daily(made.grid, random, made.limit * random.between(0.05, 0.15), random.between(0.3, 0.6)));
      return finishRun(name, made);
    },
  },
  {
    name: 'leak under daily load',
    make(random, name) {
      const made = container(random, { hours: random.between(50, 200) });
      made.add('anon', daily(made.grid, random, made.limit * random.between(0.02, 0.12)));
      made.leak('anon', random.scale(7, 25));
      made.cause = 'native';
      return finishRun(name, made);
    },
  },
  {
    name: 'leak under daily load, a day',
    make(random, name) {
      const made = container(random, { hours: random.between(24, 44) });
      made.add('anon', daily(made.grid, random, made.limit * random.between(0.01, 0.04)));
      made.leak('anon', random.scale(7, 14));
      made.cause = 'native';
      return finishRun(name, made);
    },
  },
  {
    name: 'the story: a log in page cache under daily load',
    make(random, name) {
      const made = container(random, { hours: random.between(50, 120), stepS: 300, limit: 1.6e9 });
      made.add('file', daily(made.grid, random, 80e6), ouNoise(made.grid, random, 12e6, 2850));
      made.add('file', drift(made.grid, 4.76e6 / 3600));
      return finishRun(name, made);
    },
  },
  {
    name: 'log rotation',
    make(random, name) {
      const made = container(random, { hours: random.scale(12, 120) });
      made.add('file', rotated(made.grid, random, 0.2 * made.limit, made.grid.windowS / random.between(3.5, 12)));
      return finishRun(name, made);
    },
  },
  {
    name: 'buffers filled and flushed',
    make(random, name) {
      const made = container(random, { hours: random.scale(4, 96) });
      made.add(
        'anon',
        sawTooth(made.grid, random, made.limit * random.between(0.03, 0.15), made.grid.windowS / random.between(4, 40)),
      );
      return finishRun(name, made);
    },
  },
  {
    name: 'leak under a saw-tooth',
    make(random, name) {
      const made = container(random, { hours: random.scale(6, 96) });
      made.add('anon', sawTooth(made.grid, random, 0.05 * made.limit, made.grid.windowS / random.between(12, 60)));
      made.leak('anon', random.scale(8, 25));
      made.cause = 'native';
      return finishRun(name, made);
    },
  },
];
