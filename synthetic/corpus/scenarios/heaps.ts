import { container, finishRun } from '../container.ts';
import { ramp, warmUp } from '../parts.ts';
import type { Scenario } from './types.ts';

/** Sawtooth heaps: the troughs are the live set. */
export const heaps: readonly Scenario[] = [
  {
    name: 'heap, minor collections',
    make(random, name) {
      const made = container(random, { hours: random.scale(2, 72), jvm: true });
      made.heap({ old: 0, young: made.heapMax! * random.between(0.1, 0.4) });
      return finishRun(name, made);
    },
  },
  {
    name: 'heap, minor and major collections',
    make(random, name) {
      const made = container(random, { hours: random.scale(4, 96), jvm: true });
      made.heap({ old: made.heapMax! * random.between(0.15, 0.35) });
      return finishRun(name, made);
    },
  },
  {
    name: 'heap, slow cycle not seen whole',
    make(random, name) {
      const made = container(random, { hours: random.scale(2, 24), jvm: true });
      made.heap({ old: made.heapMax! * random.between(0.2, 0.4), oldPeriodS: made.grid.windowS * random.between(0.5, 2) });
      return finishRun(name, made);
    },
  },
  {
    name: 'heap floor leak',
    make(random, name) {
      const made = container(random, { hours: random.scale(6, 120), jvm: true });
      made.heap({ leakTimes: random.scale(8, 50), aliveShare: random.between(0.1, 0.25) });
      made.cause = 'heap';
      return finishRun(name, made);
    },
  },
  {
    name: 'heap floor leak, midway',
    make(random, name) {
      const made = container(random, { hours: random.scale(12, 120), jvm: true });
      made.heap({
        leakTimes: random.scale(10, 50),
        aliveShare: random.between(0.1, 0.2),
        fromS: made.grid.windowS * random.between(0.2, 0.5),
      });
      made.cause = 'heap';
      return finishRun(name, made);
    },
  },
  {
    name: 'heap expands to -Xmx',
    make(random, name) {
      const made = container(random, { hours: random.scale(6, 96), jvm: true });
      made.heap({});
      const { windowS } = made.grid;
      made.add('anon', ramp(made.grid, 0.2 * made.limit, 0.05 * windowS, windowS * random.between(0.2, 0.8)));
      return finishRun(name, made);
    },
  },
  {
    name: 'JVM warms up',
    make(random, name) {
      const made = container(random, { hours: random.scale(6, 72), jvm: true });
      made.heap({});
      const tau = made.grid.windowS * random.between(0.03, 0.15);
      made.add('anon', warmUp(made.grid, 0.15 * made.limit, tau));
      made.add('metaspace', warmUp(made.grid, 0.03 * made.limit, tau));
      return finishRun(name, made);
    },
  },
  {
    name: 'metaspace leak',
    make(random, name) {
      const made = container(random, { hours: random.scale(6, 96), jvm: true });
      made.heap({});
      made.leak('anon', random.scale(8, 30));
      const slope = made.parts.get('anon')!.at(-1)!;
      made.parts.get('anon')!.pop();
      made.add('metaspace', slope);
      made.cause = 'metaspace';
      return finishRun(name, made);
    },
  },
];
