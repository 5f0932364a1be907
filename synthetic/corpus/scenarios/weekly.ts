import type { Random } from '../../random.ts';
import { type Container, container, finishRun } from '../container.ts';
import { daily } from '../parts.ts';
import type { Scenario } from './types.ts';

/** Load on weekdays and none at weekends. One sample per five minutes. */
function weekly(random: Random, days: readonly [number, number]): Container {
  const made = container(random, { hours: 24 * random.between(...days), stepS: 300 });
  made.add('anon', daily(made.grid, random, made.limit * random.between(0.06, 0.2), random.between(0.1, 0.5)));
  return made;
}

function leaking(random: Random, days: readonly [number, number]): Container {
  const made = weekly(random, days);
  made.leak('anon', random.scale(8, 30));
  made.cause = 'native';
  return made;
}

/** Two weeks show that a weekly load is no drift; a week and a half may begin or end with a weekend. */
const LONG = [14, 21] as const;
const SHORT = [9, 12] as const;

export const weeks: readonly Scenario[] = [
  { name: 'weekly load, two to three weeks', make: (random, name) => finishRun(name, weekly(random, LONG)), heldOut: true },
  {
    name: 'leak under weekly load, two to three weeks',
    make: (random, name) => finishRun(name, leaking(random, LONG)),
    heldOut: true,
  },
  { name: 'weekly load, a week and a half', make: (random, name) => finishRun(name, weekly(random, SHORT)), heldOut: true },
  {
    name: 'leak under weekly load, a week and a half',
    make: (random, name) => finishRun(name, leaking(random, SHORT)),
    heldOut: true,
  },
];
