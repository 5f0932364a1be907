import { container, finishRun } from '../container.ts';
import { errorOf } from '../label.ts';
import { fixedLeak, ramp, step, warmUp } from '../parts.ts';
import type { Scenario } from './types.ts';

/** Growth that ends, or has ended. */
export const bounded: readonly Scenario[] = [
  {
    name: 'warm-up, over',
    make(random, name) {
      const made = container(random, { hours: random.scale(3, 96) });
      made.add('anon', warmUp(made.grid, made.limit * random.between(0.05, 0.3), made.grid.windowS * random.between(0.02, 0.12)));
      return finishRun(name, made);
    },
  },
  {
    name: 'warm-up, half way',
    make(random, name) {
      const made = container(random, { hours: random.scale(2, 48) });
      made.add('anon', warmUp(made.grid, made.limit * random.between(0.05, 0.3), made.grid.windowS * random.between(0.25, 0.6)));
      return finishRun(name, made);
    },
  },
  {
    name: 'warm-up, only begun',
    make(random, name) {
      const made = container(random, { hours: random.scale(0.5, 12) });
      made.add('anon', warmUp(made.grid, made.limit * random.between(0.1, 0.4), made.grid.windowS * random.between(1, 4)));
      return finishRun(name, made);
    },
  },
  {
    name: 'one step',
    make(random, name) {
      const made = container(random, { hours: random.scale(4, 96) });
      made.add('anon', step(made.grid, made.limit * random.between(0.03, 0.2), made.grid.windowS * random.between(0.15, 0.7)));
      return finishRun(name, made);
    },
  },
  {
    name: 'several steps up and down',
    make(random, name) {
      const made = container(random, { hours: random.scale(12, 120) });
      const count = Math.floor(random.between(2, 6));
      for (let k = 0; k < count; k++) {
        const at = ((k + random.between(0.3, 0.9)) / (count + 1)) * made.grid.windowS;
        made.add('anon', step(made.grid, made.limit * random.between(0.02, 0.1) * (k % 2 === 0 ? 1 : -1), at));
      }
      return finishRun(name, made);
    },
  },
  {
    name: 'step just now',
    make(random, name) {
      const made = container(random, { hours: random.scale(4, 48) });
      made.add('anon', step(made.grid, made.limit * random.between(0.03, 0.15), made.grid.windowS * random.between(0.85, 0.98)));
      return finishRun(name, made);
    },
  },
  {
    name: 'leak fixed midway',
    make(random, name) {
      const made = container(random, { hours: random.scale(12, 120) });
      const error = (spanS: number) => errorOf(made.parts.get('anon')!, spanS);
      const toS = made.grid.windowS * random.between(0.3, 0.7);
      const slope = Math.max((random.scale(10, 40) * error(toS)) / toS, (0.05 * made.limit) / toS);
      made.add('anon', fixedLeak(made.grid, slope, toS, error));
      return finishRun(name, made);
    },
  },
  {
    name: 'cache fills its bound',
    make(random, name) {
      const made = container(random, { hours: random.scale(6, 96) });
      const { windowS } = made.grid;
      made.add('file', ramp(made.grid, made.limit * random.between(0.1, 0.4), 0, windowS * random.between(0.1, 0.6)));
      return finishRun(name, made);
    },
  },
  {
    name: 'shrinking',
    make(random, name) {
      const made = container(random, { hours: random.scale(12, 120) });
      const slope = made.leak('anon', random.scale(10, 40));
      const leak = made.parts.get('anon')!.pop()!;
      made.add('anon', { ...leak, values: leak.values.map((value) => 0.25 * made.limit - 0.4 * value), slope: -0.4 * slope });
      return finishRun(name, made);
    },
  },
];
