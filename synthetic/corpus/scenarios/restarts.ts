import type { Random } from '../../random.ts';
import { type Container, container, finishRun, finishRuns } from '../container.ts';
import { drift, warmUp } from '../parts.ts';
import type { Scenario } from './types.ts';

/** Several runs of one container: the same levels, but the memory of a new process starts low. */
export function runsOf(
  random: Random,
  count: number,
  hours: (k: number) => number,
  stepS: number,
  shape: (run: Container, k: number) => void,
) {
  const limit = Math.round(random.scale(128, 16_384)) * 2 ** 20;
  const made: Container[] = [];
  for (let k = 0; k < count; k++) {
    const run = container(random, { hours: hours(k), stepS, limit, ...(k > 0 ? { sameAs: made[0]! } : {}) });
    shape(run, k);
    made.push(run);
  }
  return made;
}

/** The memory of the process starts low and reaches its level within minutes. */
export function starts(run: Container, tauS = 240): void {
  for (const [id, share] of [
    ['anon', 0.6],
    ['kernel_stack', 0.5],
    ['pagetables', 0.5],
    ['sock', 0.6],
  ] as const) {
    const height = share * run.parts.get(id)![0]!.values[0]!;
    const rise = warmUp(run.grid, height, tauS);
    run.add(id, { ...rise, values: rise.values.map((value) => value - height) });
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
        (run) => starts(run),
      );
      return finishRuns(name, parts, { died: 'restart', recorded: random.chance(0.7) });
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
        (run) => {
          starts(run);
          run.add('anon', warmUp(run.grid, 0.2 * run.limit, run.grid.windowS * 0.08));
        },
      );
      return finishRuns(name, parts, { died: 'restart', recorded: random.chance(0.7) });
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
        (run) => {
          starts(run);
          const slope = (0.5 * run.limit) / (hours * 3600);
          run.add('anon', drift(run.grid, slope));
          run.cause = 'native';
        },
      );
      return finishRuns(name, parts, { died: 'oom_kill', recorded: random.chance(0.7) });
    },
  },
  {
    name: 'a leak after a restart that nobody reported',
    make(random, name) {
      const parts = runsOf(
        random,
        2,
        () => random.scale(8, 48),
        120,
        (run, k) => {
          starts(run);
          if (k === 1) {
            run.leak('anon', random.scale(12, 40));
            run.cause = 'native';
          } else run.add('anon', warmUp(run.grid, 0.3 * run.limit, 600));
        },
      );
      return finishRuns(name, parts, { died: 'restart', recorded: false });
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
        (run) => {
          starts(run, 60);
          run.add('anon', drift(run.grid, (0.5 * run.limit) / (hours * 3600)));
          run.cause = 'native';
        },
      );
      return finishRuns(name, parts, { died: 'oom_kill', recorded: random.chance(0.7) });
    },
  },
];
