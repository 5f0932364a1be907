import type { Random } from '../../random.ts';
import type { Example } from '../container.ts';
import { drift, staircase, step, times, warmUp } from '../parts.ts';
import type { Scenario } from '../scenarios/types.ts';
import { dayOfAll, finish, type Lively, type LivelyPlan, lively } from './container.ts';
import { cacheFill, driftWithLoad } from './parts.ts';

/** Growth without an end, from barely visible to steep. */
const visible = (random: Random): number => random.scale(6.5, 80);

const native = (
  name: string,
  plan: (random: Random) => LivelyPlan,
  more: (made: Lively, random: Random) => void = () => {},
): Scenario => ({
  name,
  make(random, own): Example {
    const made = lively(random, plan(random));
    more(made, random);
    made.leak('anon', visible(random));
    made.cause = 'native';
    return finish(own, made);
  },
});

/** The leak of anon becomes one that follows the load. */
function followLoad(made: Lively): void {
  const parts = made.parts.get('anon')!;
  const { slope, sinceS } = parts.pop()!;
  parts.push(driftWithLoad(made.grid, made.random, slope, sinceS));
}

const leakOf = (
  name: string,
  id: string,
  cause: string,
  hours: readonly [number, number],
  plan: Partial<LivelyPlan> = {},
): Scenario => ({
  name,
  make(random, own) {
    const made = lively(random, { hours: random.scale(...hours), ...plan });
    made.leak(id, visible(random));
    made.cause = cause;
    return finish(own, made);
  },
});

const heapLeak = (
  name: string,
  cycles: readonly [number, number],
  more: (random: Random, windowS: number) => object = () => ({}),
): Scenario => ({
  name,
  make(random, own) {
    const hours = random.scale(4, 120);
    const made = lively(random, {
      hours,
      runtime: random.pick(['jvm', 'jvm', 'managed']),
      heap: { leakTimes: visible(random), cycles, ...more(random, hours * 3600) },
    });
    made.cause = 'heap';
    return finish(own, made);
  },
});

export const leaking: readonly Scenario[] = [
  native('a leak of any size', (random) => ({ hours: random.scale(1.5, 200) })),
  native('a leak in a fortnight', (random) => ({ hours: random.between(160, 336), stepS: 300 })),
  native('a leak within two hours', (random) => ({ hours: random.scale(0.6, 2) })),
  native(
    'a leak in a day of load',
    (random) => ({ hours: random.scale(60, 250), calm: true }),
    (made, random) => dayOfAll(made, made.limit * random.between(0.02, 0.15), random.between(0.6, 1)),
  ),
  {
    name: 'a leak that follows the load',
    make(random, name) {
      const made = lively(random, { hours: random.between(50, 250) });
      made.leak('anon', visible(random));
      followLoad(made);
      made.cause = 'native';
      return finish(name, made);
    },
  },
  {
    name: 'a leak begins',
    make(random, name) {
      const made = lively(random, { hours: random.scale(4, 120) });
      made.leak('anon', visible(random), made.grid.windowS * random.between(0.1, 0.75));
      made.cause = 'native';
      return finish(name, made);
    },
  },
  {
    name: 'a leak by batches',
    make(random, name) {
      const batches = Math.floor(random.between(5, 30));
      const made = lively(random, {
        hours: batches * random.pick([0.5, 1, 6, 24].filter((h) => h * batches < 340)),
        loud: random.scale(0.3, 2),
        calm: true,
      });
      const { windowS } = made.grid;
      made.add('anon', staircase(made.grid, random, (made.limit * random.between(0.05, 0.3)) / batches, windowS / batches));
      made.cause = 'native';
      return finish(name, made);
    },
  },
  native(
    'a leak after a warm-up, or a cache that fills',
    (random) => ({ hours: random.scale(12, 120) }),
    (made, random) => {
      const { grid, limit } = made;
      const height = limit * random.between(0.03, 0.15);
      made.add(
        random.pick(['anon', 'file']),
        random.chance(0.5)
          ? warmUp(grid, height, grid.windowS * random.between(0.01, 0.08))
          : cacheFill(grid, random, height, random.between(0.05, 0.35)),
      );
    },
  ),
  native(
    'a leak and a job that came',
    (random) => ({ hours: random.scale(8, 96) }),
    (made, random) =>
      made.add('anon', {
        ...step(made.grid, made.limit * random.between(-0.03, 0.1), made.grid.windowS * random.between(0.1, 0.4)),
      }),
  ),
  leakOf('files in tmpfs', 'shmem', 'shmem', [2, 170]),
  leakOf('slab leaks', 'slab_unreclaimable', 'slab', [4, 150]),
  {
    name: 'slab leaks among dentries',
    make(random, name) {
      const made = lively(random, { hours: random.scale(4, 150), loud: random.scale(3, 20) });
      made.leak('slab_unreclaimable', visible(random));
      made.cause = 'slab';
      return finish(name, made);
    },
  },
  leakOf('sockets are not closed', 'sock', 'sock', [4, 100], { loud: 1 }),
  {
    name: 'threads leak',
    make(random, name) {
      const made = lively(random, { hours: random.scale(1.5, 100) });
      const slope = made.leak('kernel_stack', visible(random));
      made.add('anon', drift(made.grid, slope * random.between(0.5, 6)));
      made.cause = 'threads';
      return finish(name, made);
    },
  },
  {
    name: 'classes leak',
    make(random, name) {
      const made = lively(random, { hours: random.scale(6, 240), runtime: 'jvm' });
      const slope = made.leak('metaspace', visible(random));
      if (random.chance(0.3)) {
        const parts = made.parts.get('metaspace')!;
        parts.pop();
        const every = made.grid.windowS / random.between(6, 30);
        parts.push(staircase(made.grid, random, slope * every, every));
      }
      made.cause = 'metaspace';
      return finish(name, made);
    },
  },
  heapLeak('objects leak', [8, 40]),
  heapLeak('objects leak, many collections', [60, 400]),
  heapLeak('objects leak, few collections', [4, 10]),
  heapLeak('objects leak, begins', [20, 100], (random, windowS) => ({ fromS: windowS * random.between(0.2, 0.6) })),
  heapLeak('objects leak up to -Xmx', [10, 80], (random) => ({ roomShare: random.between(0.5, 0.85) })),
  {
    name: 'two things grow at once',
    make(random, name) {
      const made = lively(random, { hours: random.scale(12, 150) });
      const slope = made.leak('anon', visible(random));
      const level = made.parts.get('file')![0]!.values[0]!;
      made.add('file', times(drift(made.grid, slope), Math.min(1, level / (slope * made.grid.windowS)) * random.between(0.3, 1)));
      made.cause = 'native';
      return finish(name, made);
    },
  },
];
