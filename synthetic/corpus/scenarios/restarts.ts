import type { Random } from '../../random.ts';
import { type Container, container, finishRun, finishRuns } from '../container.ts';
import { drift, warmUp } from '../parts.ts';
import type { Scenario } from './types.ts';

/** Several lives of one container: the same levels, and a fresh process begins low in what belongs to it. */
export function runsOf(
  random: Random,
  count: number,
  hours: (k: number) => number,
  stepS: number,
  shape: (life: Container, k: number) => void,
) {
  const limit = Math.round(random.scale(128, 16_384)) * 2 ** 20;
  const made: Container[] = [];
  for (let k = 0; k < count; k++) {
    const life = container(random, { hours: hours(k), stepS, limit, ...(k > 0 ? { sameAs: made[0]! } : {}) });
    shape(life, k);
    made.push(life);
  }
  return made;
}

/** Starts low in memory of the process, and is up within minutes. */
export function starts(life: Container, tauS = 240): void {
  for (const [id, share] of [
    ['anon', 0.6],
    ['kernel_stack', 0.5],
    ['pagetables', 0.5],
    ['sock', 0.6],
  ] as const) {
    const height = share * life.parts.get(id)![0]!.values[0]!;
    const rise = warmUp(life.grid, height, tauS);
    life.add(id, { ...rise, values: rise.values.map((value) => value - height) });
  }
}

export const restarts: readonly Scenario[] = [
  {
    name: 'too short',
    make(random, name) {
      const made = container(random, { hours: random.between(2, 14) / 60, stepS: random.pick([5, 10, 15, 30]) });
      if (random.chance(0.5)) made.leak('anon', 30);
      return finishRun(name, made);
    },
  },
  {
    name: 'restarted just now',
    make(random, name) {
      const parts = runsOf(
        random,
        2,
        (k) => (k === 0 ? random.scale(4, 48) : random.between(0.05, 0.2)),
        random.pick([15, 30, 60]),
        (life) => starts(life),
      );
      return finishRuns(name, parts, { died: 'restart', told: random.chance(0.7) });
    },
  },
  {
    name: 'each life only warms up',
    make(random, name) {
      const hours = random.scale(2, 12);
      const parts = runsOf(
        random,
        4,
        () => hours * random.between(0.7, 1.2),
        60,
        (life) => {
          starts(life);
          life.add('anon', warmUp(life.grid, 0.2 * life.limit, life.grid.windowS * 0.08));
        },
      );
      return finishRuns(name, parts, { died: 'restart', told: random.chance(0.7) });
    },
  },
  {
    name: 'each life leaks until it is killed',
    make(random, name) {
      const hours = random.scale(2, 10);
      const parts = runsOf(
        random,
        4,
        (k) => hours * (k === 3 ? random.between(0.4, 0.9) : random.between(0.9, 1.1)),
        60,
        (life) => {
          starts(life);
          const slope = (0.5 * life.limit) / (hours * 3600);
          life.add('anon', drift(life.grid, slope));
          life.cause = 'native';
        },
      );
      return finishRuns(name, parts, { died: 'oom_kill', told: random.chance(0.7) });
    },
  },
  {
    name: 'a leak after a restart that nobody told',
    make(random, name) {
      const parts = runsOf(
        random,
        2,
        () => random.scale(8, 48),
        120,
        (life, k) => {
          starts(life);
          if (k === 1) {
            life.leak('anon', random.scale(12, 40));
            life.cause = 'native';
          } else life.add('anon', warmUp(life.grid, 0.3 * life.limit, 600));
        },
      );
      return finishRuns(name, parts, { died: 'restart', told: false });
    },
  },
  {
    name: 'killed every few hours, the newest life young',
    make(random, name) {
      const hours = random.scale(3, 8);
      const parts = runsOf(
        random,
        5,
        (k) => (k === 4 ? random.between(0.55, 0.8) : hours * random.between(0.9, 1.1)),
        60,
        (life) => {
          starts(life, 60);
          life.add('anon', drift(life.grid, (0.5 * life.limit) / (hours * 3600)));
          life.cause = 'native';
        },
      );
      return finishRuns(name, parts, { died: 'oom_kill', told: random.chance(0.7) });
    },
  },
];
