import { type Container, container, type Example, finishRun } from '../corpus/container.ts';
import { errorOf } from '../corpus/label.ts';
import { daily, drift, fixedLeak, ramp, sawTooth, staircase, step, warmUp } from '../corpus/parts.ts';
import type { Random } from '../random.ts';

/** What a container of the fleet does in the range: its runs, oldest first. The label is that of the last. */
export interface ContainerRuns {
  readonly runs: readonly Example[];
  readonly limit: number;
}

/** A kind of container. `replica` 0 is made first; others get it, and have the same levels and the same leak. */
export interface Shape {
  readonly name: string;
  readonly leaks: boolean;
  readonly make: (random: Random, hours: number, stepS: number, first: Container | null) => readonly Container[];
}

const MIB = 2 ** 20;
const LIMITS = [256, 512, 1024, 2048, 4096, 8192].map((mib) => mib * MIB);

function one(random: Random, hours: number, stepS: number, first: Container | null, jvm = false): Container {
  return container(random, {
    hours,
    stepS,
    jvm,
    limit: first?.limit ?? random.pick(LIMITS),
    ...(first !== null && { sameAs: first }),
  });
}

const healthy = (name: string, add: (made: Container, random: Random) => void, jvm = false): Shape => ({
  name,
  leaks: false,
  make(random, hours, stepS, first) {
    const made = one(random, hours, stepS, first, jvm);
    add(made, random);
    return [made];
  },
});

/** A leak of which all replicas have the same slope. */
const leaking = (name: string, before: (made: Container, random: Random) => void, fromShare = 0): Shape => ({
  name,
  leaks: true,
  make(random, hours, stepS, first) {
    const made = one(random, hours, stepS, first);
    before(made, random);
    const fromS = fromShare * made.grid.windowS;
    const slope = first?.parts.get('anon')?.find((part) => part.slope > 0)?.slope;
    if (slope === undefined) made.leak('anon', random.scale(10, 60), fromS);
    else made.add('anon', drift(made.grid, slope, fromS));
    made.cause = 'native';
    return [made];
  },
});

/** A container that restarts every few days: the memory of each process starts low. */
const restarting = (name: string, leaks: boolean): Shape => ({
  name,
  leaks,
  make(random, hours, stepS, first) {
    const count = 2 + Math.floor(random.between(0, 4));
    const runs: Container[] = [];
    let left = hours;
    for (let k = 0; k < count; k++) {
      const length = k === count - 1 ? left : Math.min(left - 30 * (count - k - 1), (hours / count) * random.between(0.6, 1.3));
      const run = one(random, length, stepS, runs[0] ?? first);
      left -= length;
      const low = 0.5 * run.parts.get('anon')![0]!.values[0]!;
      const rise = warmUp(run.grid, low, 1200);
      run.add('anon', { ...rise, values: rise.values.map((value) => value - low) });
      if (leaks) run.add('anon', drift(run.grid, (run.limit * random.between(0.25, 0.35)) / ((hours / count) * 3600 * 1.3)));
      if (leaks) run.cause = 'native';
      runs.push(run);
    }
    return runs;
  },
});

export const HEALTHY: readonly Shape[] = [
  healthy('noise', () => {}),
  healthy('daily load', (made, random) =>
    made.add('anon', daily(made.grid, random, made.limit * random.between(0.03, 0.2), random.between(0.4, 1))),
  ),
  healthy('warm-up', (made, random) =>
    made.add('anon', warmUp(made.grid, made.limit * random.between(0.05, 0.3), made.grid.windowS * random.between(0.005, 0.08))),
  ),
  healthy('steps up and down', (made, random) => {
    for (let k = 0; k < 4; k++)
      made.add(
        'anon',
        step(made.grid, made.limit * random.between(0.02, 0.08) * (k % 2 === 0 ? 1 : -1), made.grid.windowS * (0.1 + 0.18 * k)),
      );
  }),
  healthy('garbage collection', (made) => made.heap({}), true),
  healthy('buffers that are flushed', (made, random) =>
    made.add('anon', sawTooth(made.grid, random, made.limit * random.between(0.05, 0.2), random.scale(4, 60) * 3600)),
  ),
  healthy('page cache grows', (made, random) => made.leak('file', random.scale(10, 40))),
  healthy('page cache fills', (made, random) =>
    made.add('file', ramp(made.grid, made.limit * random.between(0.1, 0.4), 0, made.grid.windowS * random.between(0.1, 0.5))),
  ),
  healthy('leak that was fixed', (made, random) => {
    const error = (spanS: number) => errorOf(made.parts.get('anon')!, spanS);
    const toS = made.grid.windowS * random.between(0.2, 0.5);
    made.add('anon', fixedLeak(made.grid, (random.between(0.05, 0.2) * made.limit) / toS, toS, error));
  }),
  restarting('restarts, and warms up each time', false),
];

export const LEAKING: readonly Shape[] = [
  leaking('leak', () => {}),
  leaking('leak under daily load', (made, random) =>
    made.add('anon', daily(made.grid, random, 0.05 * made.limit, random.between(0.5, 1))),
  ),
  leaking('leak after a warm-up', (made) => made.add('anon', warmUp(made.grid, 0.1 * made.limit, 0.03 * made.grid.windowS))),
  leaking('leak that begins midway', () => {}, 0.45),
  {
    name: 'nightly batch that leaks',
    leaks: true,
    make(random, hours, stepS, first) {
      const made = one(random, hours, stepS, first);
      made.add('anon', staircase(made.grid, random, (made.limit * 0.2) / (hours / 24), 86_400));
      made.cause = 'native';
      return [made];
    },
  },
  {
    name: 'tmpfs leak',
    leaks: true,
    make(random, hours, stepS, first) {
      const made = one(random, hours, stepS, first);
      made.leak('shmem', random.scale(12, 40));
      made.cause = 'shmem';
      return [made];
    },
  },
  restarting('each life leaks', true),
];

export const finished = (shape: Shape, runs: readonly Container[]): ContainerRuns => ({
  runs: runs.map((run) => finishRun(shape.name, run)),
  limit: runs[runs.length - 1]!.limit,
});
