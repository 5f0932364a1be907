import { finishRuns } from '../container.ts';
import { drift } from '../parts.ts';
import { runsOf, starts } from './restarts.ts';
import type { Scenario } from './types.ts';

/** Cases that only earlier runs can decide. */
export const knownFromEarlierRuns: readonly Scenario[] = [
  {
    name: 'killed every few hours, the newest life minutes old',
    make(random, name) {
      const hours = random.scale(3, 8);
      const parts = runsOf(
        random,
        5,
        (k) => (k === 4 ? random.between(0.05, 0.2) : hours * random.between(0.9, 1.1)),
        60,
        (life) => {
          starts(life, 60);
          life.add('anon', drift(life.grid, (0.5 * life.limit) / (hours * 3600)));
        },
      );
      return finishRuns(name, parts, { died: 'oom_kill', recorded: random.chance(0.7), known: true });
    },
  },
];
