import type { Random } from '../../random.ts';
import { container, finishRun } from '../container.ts';
import { daily } from '../parts.ts';
import type { SamplingFaults } from '../sampling-faults.ts';
import type { Scenario } from './types.ts';

/** Many sampling faults, once with a leak and once without. */
const both = (
  name: string,
  hours: readonly [number, number],
  stepS: readonly number[],
  rough: (random: Random) => SamplingFaults,
): Scenario[] =>
  [true, false].map((leaks) => ({
    name: `${name}, ${leaks ? 'leak' : 'healthy'}`,
    make(random, own) {
      const made = container(random, { hours: random.scale(...hours), stepS: random.pick(stepS) });
      if (leaks) {
        made.leak('anon', random.scale(10, 40));
        made.cause = 'native';
      } else made.add('file', daily(made.grid, random, 0.01 * made.limit));
      return finishRun(own, made, rough(random));
    },
  }));

export const sampling: readonly Scenario[] = [
  ...both('no even clock', [6, 72], [60, 120, 300], () => ({ irregular: true })),
  ...both('gaps of hours', [36, 168], [60, 120, 300], (random) => ({ gapsS: random.between(1, 8) * 3600 })),
  ...both('doubled stamps and a clock set back', [12, 96], [30, 60, 120], () => ({ doubled: true, setBack: true })),
  ...both('every five seconds, an hour', [0.4, 1], [5], () => ({})),
];
