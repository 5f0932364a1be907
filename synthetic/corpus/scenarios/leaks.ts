import { container, finishRun } from '../container.ts';
import { staircase, warmUp } from '../parts.ts';
import type { Scenario } from './types.ts';

/** Lasting growth in each kind of memory. */
const plain = (name: string, hours: readonly [number, number], times: readonly [number, number]): Scenario => ({
  name,
  make(random, own) {
    const made = container(random, { hours: random.scale(...hours) });
    made.leak('anon', random.scale(...times));
    made.cause = 'native';
    return finishRun(own, made);
  },
});

export const leaks: readonly Scenario[] = [
  plain('leak, strong', [2, 72], [30, 120]),
  plain('leak, medium', [6, 120], [12, 30]),
  plain('leak, slow', [48, 240], [7, 20]),
  plain('leak, barely seen', [12, 96], [5, 9]),
  plain('leak, fast, in an hour or less', [0.3, 1.2], [10, 60]),
  {
    name: 'leak begins midway',
    make(random, name) {
      const made = container(random, { hours: random.scale(12, 120) });
      made.leak('anon', random.scale(8, 40), made.grid.windowS * random.between(0.2, 0.7));
      made.cause = 'native';
      return finishRun(name, made);
    },
  },
  {
    name: 'leak after a warm-up',
    make(random, name) {
      const made = container(random, { hours: random.scale(12, 120) });
      const tau = made.grid.windowS * random.between(0.02, 0.08);
      made.leak('anon', random.scale(12, 40));
      made.add('anon', warmUp(made.grid, 0.1 * made.limit, tau));
      made.cause = 'native';
      return finishRun(name, made);
    },
  },
  {
    name: 'staircase: a leak in a nightly batch',
    make(random, name) {
      const nights = Math.floor(random.between(5, 12));
      const made = container(random, { hours: 24 * nights + random.between(0, 12), noise: 0.5 });
      made.add('anon', staircase(made.grid, random, (made.limit * random.between(0.1, 0.3)) / nights, 86_400));
      made.cause = 'native';
      return finishRun(name, made);
    },
  },
  {
    name: 'tmpfs leak',
    make(random, name) {
      const made = container(random, { hours: random.scale(6, 96) });
      made.leak('shmem', random.scale(8, 40));
      made.cause = 'shmem';
      return finishRun(name, made);
    },
  },
  {
    name: 'thread leak',
    make(random, name) {
      const made = container(random, { hours: random.scale(6, 96), jvm: random.chance(0.5) });
      if (made.heapMax !== null) made.heap({});
      const slope = made.leak('anon', random.scale(10, 40));
      const stacks = made.parts.get('anon')!.at(-1)!;
      // A thread takes 16 KiB in the kernel and the touched part of its stack.
      made.add('kernel_stack', { ...stacks, values: stacks.values.map((value) => 0.2 * value), slope: 0.2 * slope });
      made.cause = 'threads';
      return finishRun(name, made);
    },
  },
  {
    name: 'slab leak that stays',
    make(random, name) {
      const made = container(random, { hours: random.scale(6, 96) });
      made.leak('slab_unreclaimable', random.scale(8, 40));
      made.cause = 'slab';
      return finishRun(name, made);
    },
  },
  {
    name: 'dentries grow, the kernel takes them back',
    make(random, name) {
      const made = container(random, { hours: random.scale(6, 96) });
      made.leak('slab_reclaimable', random.scale(10, 40));
      return finishRun(name, made);
    },
  },
  {
    name: 'page cache grows',
    make(random, name) {
      const made = container(random, { hours: random.scale(6, 96) });
      made.leak('file', random.scale(10, 40));
      return finishRun(name, made);
    },
  },
  {
    name: 'pinned at the limit, cache makes room for a leak',
    make(random, name) {
      const made = container(random, { hours: random.scale(12, 120) });
      const slope = made.leak('anon', random.scale(12, 40));
      const leak = made.parts.get('anon')!.at(-1)!;
      const room = 0.45 * made.limit;
      made.add('file', { ...leak, values: leak.values.map((value) => room - Math.min(value, room)), slope: -slope });
      made.cause = 'native';
      return finishRun(name, made);
    },
  },
  {
    name: 'pinned at the limit, nothing grows',
    make(random, name) {
      const made = container(random, { hours: random.scale(12, 120) });
      const room = 0.5 * made.limit;
      const level = made.parts.get('file')![0]!;
      made.parts.set('file', [{ ...level, values: level.values.map(() => room) }, ...made.parts.get('file')!.slice(1)]);
      return finishRun(name, made);
    },
  },
  {
    name: 'leak beside a rotating log',
    make(random, name) {
      const made = container(random, { hours: random.scale(24, 120) });
      made.leak('anon', random.scale(10, 40));
      made.leak('file', random.scale(8, 20));
      made.cause = 'native';
      return finishRun(name, made);
    },
  },
];
