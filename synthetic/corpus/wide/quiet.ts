import { heavyTails, ouNoise, rotated, rounded, sawTooth, spikes, step } from '../parts.ts';
import type { Scenario } from '../scenarios/types.ts';
import { anyHours, dayOfAll, finish, lively } from './container.ts';
import { reclaimed } from './parts.ts';

/** Nothing grows for good: noise, load, collections, jobs. */
export const quiet: readonly Scenario[] = [
  { name: 'noise of all kinds', make: (random, name) => finish(name, lively(random, { hours: anyHours(random) })) },
  {
    name: 'collections',
    make: (random, name) =>
      finish(
        name,
        lively(random, { hours: random.scale(1, 60), runtime: random.pick(['jvm', 'managed']), calm: random.chance(0.5) }),
      ),
  },
  {
    name: 'slow collections',
    make: (random, name) =>
      finish(
        name,
        lively(random, { hours: random.scale(4, 36), runtime: random.pick(['jvm', 'managed']), heap: { cycles: [2, 6] } }),
      ),
  },
  {
    name: 'a random walk that returns',
    make(random, name) {
      const made = lively(random, { hours: random.scale(3, 120), calm: true });
      const sd = made.limit * random.scale(0.003, 0.03);
      made.add('anon', ouNoise(made.grid, random, sd, made.grid.windowS * random.scale(0.03, 0.25)));
      return finish(name, made);
    },
  },
  {
    name: 'daily load, days',
    make(random, name) {
      const made = lively(random, { hours: random.between(48, 300), calm: true });
      dayOfAll(made, made.limit * random.between(0.03, 0.2), random.between(0.8, 1));
      return finish(name, made);
    },
  },
  {
    name: 'daily load, a part of a day or two',
    make(random, name) {
      const made = lively(random, { hours: random.scale(5, 46), calm: true });
      dayOfAll(made, made.limit * random.between(0.03, 0.2), 1);
      return finish(name, made);
    },
  },
  {
    name: 'a week that is seen in part, or twice',
    make(random, name) {
      const made = lively(random, {
        hours: random.pick([random.between(72, 160), random.between(168, 336)]),
        stepS: 300,
        calm: true,
      });
      dayOfAll(made, made.limit * random.between(0.04, 0.2), random.between(0.05, 0.7));
      return finish(name, made);
    },
  },
  {
    name: 'jobs come and go',
    make(random, name) {
      const made = lively(random, { hours: random.scale(4, 120) });
      const jobs = Math.floor(random.between(2, 9));
      for (let k = 0; k < jobs; k++) {
        const from = random.between(-0.1, 0.9) * made.grid.windowS;
        const size = made.limit * random.between(0.02, 0.1);
        const to = from + random.scale(0.03, 0.3) * made.grid.windowS;
        made.add('anon', { ...step(made.grid, size, from), sinceS: 0 });
        if (to < made.grid.windowS) made.add('anon', { ...step(made.grid, -size, to), sinceS: Math.max(0, to) });
        else made.add('anon', step(made.grid, 0, Math.max(0, from)));
      }
      return finish(name, made);
    },
  },
  {
    name: 'one step, ever',
    make(random, name) {
      const made = lively(random, { hours: random.scale(3, 80) });
      made.add('anon', step(made.grid, made.limit * random.between(0.03, 0.2), made.grid.windowS * random.between(0.1, 0.97)));
      return finish(name, made);
    },
  },
  {
    name: 'peaks and tails',
    make(random, name) {
      const made = lively(random, { hours: random.scale(2, 60), calm: true });
      made.add('anon', spikes(made.grid, random, made.limit * random.between(0.1, 0.4), made.grid.windowS / random.scale(3, 40)));
      made.add('anon', heavyTails(made.grid, random, made.limit * random.scale(0.002, 0.02)));
      return finish(name, made);
    },
  },
  {
    name: 'buffers fill and are flushed',
    make(random, name) {
      const made = lively(random, { hours: random.scale(2, 96) });
      made.add(
        'anon',
        sawTooth(made.grid, random, made.limit * random.between(0.03, 0.15), made.grid.windowS / random.scale(3.2, 60)),
      );
      return finish(name, made);
    },
  },
  {
    name: 'logs are rotated',
    make(random, name) {
      const made = lively(random, { hours: random.scale(6, 240) });
      made.add(
        'file',
        rotated(made.grid, random, made.limit * random.between(0.1, 0.35), made.grid.windowS / random.between(1.2, 12)),
      );
      return finish(name, made);
    },
  },
  {
    name: 'dentries grow and are reclaimed',
    make(random, name) {
      const made = lively(random, { hours: random.scale(4, 200) });
      made.add(
        'slab_reclaimable',
        reclaimed(made.grid, random, made.limit * random.between(0.03, 0.15), made.grid.windowS / random.scale(2, 20)),
      );
      return finish(name, made);
    },
  },
  {
    name: 'coarse values',
    make(random, name) {
      const made = lively(random, { hours: random.scale(2, 80), runtime: 'native', loud: random.scale(0.3, 2) });
      made.parts.set(
        'anon',
        made.parts.get('anon')!.map((part) => rounded(part, made.limit * random.pick([0.001, 0.003]))),
      );
      return finish(name, made);
    },
  },
];
