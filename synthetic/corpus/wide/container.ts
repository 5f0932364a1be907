import type { Random } from '../../random.ts';
import { type Container, type ContainerPlan, container, type Example, finishRun } from '../container.ts';
import { heapOf } from '../heap.ts';
import { daily, heavyTails, ouNoise, type SeriesPart, sawTooth, spikes, times } from '../parts.ts';
import type { SamplingFaults } from '../sampling-faults.ts';
import { inChunks, reclaimed } from './parts.ts';

type Runtime = 'jvm' | 'managed' | 'native';

/**
 * A container as machines have them: louder than those of the first corpus, with noise of several kinds in several fields at once, caches that wander,
 * and load that moves threads, sockets and memory together. A JVM keeps what its heap has touched; other managed runtimes give garbage back.
 */
export interface Lively extends Container {
  readonly runtime: Runtime;
}

export interface LivelyPlan extends ContainerPlan {
  readonly runtime?: Runtime;
  /** Factor of all noise. */
  readonly loud?: number;
  /** No swings of its own: the scenario is about them. */
  readonly calm?: boolean;
  readonly heap?: HeapOf;
}

export function lively(random: Random, plan: LivelyPlan): Lively {
  const runtime = plan.runtime ?? random.pick(['jvm', 'managed', 'native', 'native'] as const);
  const loud = plan.loud ?? random.scale(0.5, 8);
  const made = container(random, { ...plan, jvm: runtime !== 'native', noise: loud });
  const { grid, limit } = made;
  if (runtime === 'managed') made.parts.delete('metaspace');
  const level = (id: string): number => made.parts.get(id)![0]!.values[0]!;
  if (plan.calm !== true) {
    wander(made, 'file', random.scale(0.005, 0.06), 0.4);
    wander(made, 'slab_reclaimable', random.scale(0.01, 0.1), 0.3);
    wander(made, 'anon', random.scale(0.004, 0.05), 0.5);
    if (random.chance(0.3))
      dayOfAll(made, level('anon') * random.scale(0.02, 0.3), plan.hours >= 24 * 5 ? random.between(0.3, 1) : 1);
    if (random.chance(0.15)) made.add('anon', heavyTails(grid, random, level('anon') * random.scale(0.003, 0.03)));
    if (random.chance(0.15))
      made.add('anon', spikes(grid, random, limit * random.between(0.05, 0.2), grid.windowS / random.between(3, 20)));
    if (random.chance(0.2))
      made.add('anon', sawTooth(grid, random, level('anon') * random.between(0.02, 0.15), grid.windowS / random.between(6, 60)));
    if (random.chance(0.2))
      made.add(
        'slab_reclaimable',
        reclaimed(grid, random, level('slab_reclaimable') * random.between(0.5, 2), grid.windowS / random.between(5, 20)),
      );
  }
  const whole = Object.assign(made, { runtime });
  if (runtime !== 'native') heap(whole, plan.heap);
  return whole;
}

/** Bounded wandering on a time scale that is up to a thirteenth of the window. */
function wander({ grid, random, parts, add }: Container, id: string, share: number, chance: number): void {
  if (!random.chance(chance)) return;
  const tauS = Math.max(grid.stepS, grid.windowS * random.scale(0.005, 0.075));
  add(id, ouNoise(grid, random, share * parts.get(id)![0]!.values[0]!, tauS));
}

/** A day in all that depends on load: requests need threads, sockets, buffers and page cache. */
export function dayOfAll({ grid, random, parts, add }: Container, height: number, weekend: number): void {
  const day = daily(grid, random, height, weekend);
  const level = (id: string): number => parts.get(id)![0]!.values[0]!;
  add('anon', day);
  for (const id of ['kernel_stack', 'sock', 'file'] as const)
    if (random.chance(0.5)) add(id, times(day, (level(id) * random.between(0.05, 0.4)) / height));
}

interface HeapOf {
  /** The live set rises by this many of its standard errors. */
  readonly leakTimes?: number;
  readonly leak?: (slope: number) => SeriesPart;
  readonly fromS?: number;
  readonly cycles?: readonly [number, number];
  /** Its pages are touched later, by what the scenario adds. */
  readonly touchedLater?: boolean;
  /** The share of the room up to -Xmx that it has leaked until the end. */
  readonly roomShare?: number;
}

/** A heap with its effect on anon. */
function heap(made: Lively, plan: HeapOf = {}): void {
  const { grid, random, limit } = made;
  const max = made.heapMax!;
  const alive = max * random.between(0.12, 0.45);
  const young = max * random.between(0.05, 0.25);
  const old = random.chance(0.5) ? max * random.between(0.05, 0.25) : 0;
  const fromS = plan.fromS ?? 0;
  const spanS = grid.windowS - fromS;
  const oldPeriodS = grid.windowS / random.between(...(plan.cycles ?? [8, 40]));
  const youngPeriodS =
    old > 0
      ? Math.max(4 * grid.stepS, oldPeriodS / random.between(5, 20))
      : Math.max(4 * grid.stepS, oldPeriodS / random.between(1, 5));
  const noise = ouNoise(grid, random, alive * random.scale(0.003, 0.04), grid.windowS * random.scale(0.003, 0.03));
  const flat = new Float64Array(grid.n).fill(alive);
  const shape = { slope: 0, sinceS: 0, young, youngPeriodS, old, oldPeriodS, max };
  let live = flat;
  let slope = 0;
  if (plan.leakTimes !== undefined) {
    const error = Math.sqrt(
      heapOf(grid, random, { ...shape, live: flat, liveNow: alive }).used.variance(spanS) + noise.variance(spanS),
    );
    const least = Math.max((0.008 * limit) / 86_400, (1.5 * Math.max(2 ** 20, 0.015 * max)) / spanS);
    const room = max * 0.97 - alive - young - old;
    slope = Math.min(Math.max((plan.leakTimes * error) / spanS, least), (0.9 * room) / spanS);
    if (plan.roomShare !== undefined) slope = (plan.roomShare * room) / spanS;
    const leak = plan.leak?.(slope);
    live = flat.map((value, i) => value + (leak === undefined ? slope * Math.max(0, i * grid.stepS - fromS) : leak.values[i]!));
  }
  const { used, highWater } = heapOf(grid, random, {
    ...shape,
    slope,
    sinceS: fromS,
    live: live.map((value, i) => value + noise.values[i]!),
    liveNow: live[grid.n - 1]!,
  });
  made.parts.set('heap_used', [used, { ...noise, values: new Float64Array(grid.n) }]);
  if (made.runtime === 'managed') {
    const swing = sawTooth(grid, random, young + old, old > 0 ? oldPeriodS : youngPeriodS);
    made.add('anon', { ...used, pending: 0, variance: (span) => swing.variance(span) + noise.variance(span) });
    // Its values and its variance are counted above.
    made.add('anon', { ...noise, values: new Float64Array(grid.n), variance: () => 0 });
  } else if (plan.touchedLater === true) made.add('anon', highWater);
  else if (random.chance(0.25)) {
    // -Xms is -Xmx, and all pages are touched at the start.
    made.add('anon', { ...highWater, values: new Float64Array(grid.n).fill(0.95 * max), courses: [], slope: 0, sinceS: 0 });
  } else made.add('anon', random.chance(0.6) ? inChunks(highWater, max * random.scale(0.005, 0.06)) : highWater);
}

/** Samples as tools keep them: each minute, each five minutes, with hours missing. */
export function finish(name: string, made: Lively): Example {
  const { random, grid } = made;
  const faults: SamplingFaults = {
    ...(random.chance(0.12) && { irregular: true }),
    ...(grid.windowS > 86_400 && random.chance(0.2) && { gapsS: random.between(1, 8) * 3600 }),
    ...(random.chance(0.05) && { doubled: true }),
  };
  return finishRun(name, made, faults);
}

/** Hours of history, from an hour and a half to a fortnight. */
export const anyHours = (random: Random): number => random.scale(1.5, 336);

/** Bytes of the heap that no page is touched of: what anon rises by until the JVM has used all of -Xmx once. */
export function untouchedHeap({ heapMax, parts, grid }: Lively): number {
  const touched = parts.get('anon')!.at(-1)!.values;
  return heapMax! - touched[grid.n - 1]!;
}
