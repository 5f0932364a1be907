import { errorOf } from '../label.ts';
import { fixedLeak, ramp, times, warmUp } from '../parts.ts';
import type { Scenario } from '../scenarios/types.ts';
import { finish, lively, untouchedHeap } from './container.ts';
import { cacheFill, expansion, giveBack } from './parts.ts';

/** Growth with an end, and falls. */
export const bounded: readonly Scenario[] = [
  {
    name: 'a cache in memory fills',
    make(random, name) {
      const made = lively(random, { hours: random.scale(2, 168) });
      made.add('anon', cacheFill(made.grid, random, made.limit * random.between(0.05, 0.35), random.scale(0.08, 1.6)));
      return finish(name, made);
    },
  },
  {
    name: 'a cache in memory is full',
    make(random, name) {
      const made = lively(random, { hours: random.scale(2, 168) });
      made.add('anon', cacheFill(made.grid, random, made.limit * random.between(0.05, 0.35), random.scale(0.08, 0.6)));
      return finish(name, made);
    },
  },
  {
    name: 'page cache fills',
    make(random, name) {
      const made = lively(random, { hours: random.scale(2, 120) });
      made.add('file', cacheFill(made.grid, random, made.limit * random.between(0.1, 0.35), random.scale(0.1, 1.5)));
      return finish(name, made);
    },
  },
  {
    name: 'the heap expands by steps to -Xmx',
    make(random, name) {
      const made = lively(random, { hours: random.scale(3, 96), runtime: 'jvm', heap: { touchedLater: true } });
      made.add('anon', expansion(made.grid, random, untouchedHeap(made) * random.between(0.6, 1), random.scale(0.1, 0.9)));
      return finish(name, made);
    },
  },
  {
    name: 'the heap is touched along a line',
    make(random, name) {
      const made = lively(random, { hours: random.scale(3, 60), runtime: 'jvm', heap: { touchedLater: true } });
      const { windowS } = made.grid;
      const height = untouchedHeap(made) * random.between(0.6, 1);
      made.add('anon', ramp(made.grid, height, random.between(0, 0.1) * windowS, windowS * random.scale(0.1, 1.2)));
      return finish(name, made);
    },
  },
  {
    name: 'warm-up',
    make(random, name) {
      const made = lively(random, { hours: random.scale(1, 72) });
      made.add('anon', warmUp(made.grid, made.limit * random.between(0.05, 0.3), made.grid.windowS * random.scale(0.02, 2)));
      if (random.chance(0.3))
        made.add('file', warmUp(made.grid, made.limit * random.between(0.02, 0.1), made.grid.windowS * random.scale(0.01, 0.2)));
      return finish(name, made);
    },
  },
  {
    name: 'warm-up, over for long',
    make(random, name) {
      const made = lively(random, { hours: random.scale(1, 96) });
      made.add('anon', warmUp(made.grid, made.limit * random.between(0.05, 0.3), made.grid.windowS * random.scale(0.01, 0.12)));
      return finish(name, made);
    },
  },
  {
    name: 'memory is given back after load',
    make(random, name) {
      const made = lively(random, { hours: random.scale(2, 72) });
      const { windowS } = made.grid;
      made.add(
        'anon',
        giveBack(
          made.grid,
          made.limit * random.between(0.05, 0.25),
          windowS * random.between(0, 0.5),
          windowS * random.scale(0.01, 0.3),
        ),
      );
      return finish(name, made);
    },
  },
  {
    name: 'memory shrinks',
    make(random, name) {
      const made = lively(random, { hours: random.scale(4, 120) });
      const slope = made.leak('anon', random.scale(8, 60));
      const leak = made.parts.get('anon')!.pop()!;
      const factor = Math.min(1, (0.3 * made.parts.get('anon')![0]!.values[0]!) / (slope * made.grid.windowS));
      made.add('anon', times(leak, -factor));
      return finish(name, made);
    },
  },
  {
    name: 'a leak is fixed',
    make(random, name) {
      const made = lively(random, { hours: random.scale(3, 96) });
      const error = (spanS: number) => errorOf(made.parts.get('anon')!, spanS);
      const toS = made.grid.windowS * random.between(0.2, 0.75);
      const slope = Math.max((random.scale(8, 40) * error(toS)) / toS, (0.03 * made.limit) / toS);
      made.add('anon', fixedLeak(made.grid, slope, toS, error));
      return finish(name, made);
    },
  },
];
