import type { Random } from '../../random.ts';
import { type Container, container, type Example, finishRuns } from '../container.ts';
import { drift, ouNoise, warmUp } from '../parts.ts';
import { starts } from '../scenarios/restarts.ts';
import type { Scenario } from '../scenarios/types.ts';
import { cacheFill } from './parts.ts';

interface Lives {
  readonly count: number;
  /** Hours of a full life, and how they differ from life to life. */
  readonly hours: number;
  readonly spread: number;
  /** The newest life is this old, as a share of a full one. */
  readonly newest: number;
  readonly stepS: number;
}

const anyLives = (random: Random, hours: readonly [number, number]): Lives => {
  const full = random.scale(...hours);
  return {
    count: Math.floor(random.between(2, 9)),
    hours: full,
    spread: random.between(0, 0.4),
    newest: random.between(0.15, 0.95),
    stepS: random.pick([15, 30, 60, 120, 300].filter((stepS) => (full * 3600) / stepS > 40 && (full * 3600) / stepS < 1500)),
  };
};

function livesOf(
  random: Random,
  { count, hours, spread, newest, stepS }: Lives,
  shape: (life: Container, hours: number) => void,
): Container[] {
  const limit = Math.round(random.scale(128, 16_384)) * 2 ** 20;
  const noise = random.scale(0.5, 6);
  const made: Container[] = [];
  for (let k = 0; k < count; k++) {
    const own = hours * random.between(1 - spread, 1 + spread);
    const life = container(random, {
      hours: k === count - 1 ? own * newest : own,
      stepS,
      limit,
      noise,
      ...(k > 0 && { sameAs: made[0]! }),
    });
    starts(life, random.scale(60, 600));
    shape(life, own);
    made.push(life);
  }
  return made;
}

const finish = (random: Random, name: string, lives: readonly Container[], died: 'restart' | 'oom_kill'): Example =>
  finishRuns(name, lives, { died, recorded: random.chance(0.75) });

/** Each life grows from its start to the limit, with the same leak at about the same speed. */
const killed = (
  name: string,
  hours: readonly [number, number],
  more: (life: Container, hours: number) => void = () => {},
): Scenario => ({
  name,
  make(random, own) {
    const lives = livesOf(random, anyLives(random, hours), (life, full) => {
      const level = life.parts.get('anon')![0]!.values[0]!;
      const others = ['file', 'shmem', 'slab_reclaimable'].reduce((sum, id) => sum + life.parts.get(id)![0]!.values[0]!, 0);
      life.add('anon', drift(life.grid, (0.97 * life.limit - level - others) / (full * 3600)));
      more(life, full);
      life.cause = 'native';
    });
    return finish(random, own, lives, 'oom_kill');
  },
});

export const lives: readonly Scenario[] = [
  killed('killed again and again', [0.8, 24]),
  killed('killed each hour', [0.5, 1.6]),
  killed('killed every few days', [24, 72]),
  killed('killed again and again, after a warm-up', [1, 24], (life, hours) =>
    life.add('anon', warmUp(life.grid, 0.08 * life.limit, hours * 3600 * life.random.between(0.02, 0.1))),
  ),
  {
    name: 'restarts of a leak',
    make(random, name) {
      const lives = livesOf(random, { ...anyLives(random, [3, 60]), newest: random.between(0.4, 1) }, (life) => {
        life.leak('anon', random.scale(8, 60));
        life.cause = 'native';
      });
      return finish(random, name, lives, 'restart');
    },
  },
  {
    name: 'restarts of what warms up',
    make(random, name) {
      const lives = livesOf(random, anyLives(random, [1, 36]), (life, hours) =>
        life.add('anon', warmUp(life.grid, life.limit * random.between(0.1, 0.25), hours * 3600 * random.between(0.02, 0.15))),
      );
      return finish(random, name, lives, 'restart');
    },
  },
  {
    name: 'restarts of a cache',
    make(random, name) {
      const lives = livesOf(random, anyLives(random, [2, 48]), (life, hours) =>
        life.add(
          'anon',
          cacheFill(life.grid, random, life.limit * 0.2, (random.between(0.15, 0.5) * hours * 3600) / life.grid.windowS),
        ),
      );
      return finish(random, name, lives, 'restart');
    },
  },
  {
    name: 'restarts of a healthy one, at any time',
    make(random, name) {
      const lives = livesOf(random, anyLives(random, [0.7, 48]), (life) =>
        life.add('anon', ouNoise(life.grid, random, 0.005 * life.limit, life.grid.windowS * random.scale(0.01, 0.08))),
      );
      return finish(random, name, lives, random.chance(0.8) ? 'restart' : 'oom_kill');
    },
  },
];
