/**
 * Growth from one look to the next that is less than this part of an even growth counts as none: what stopped, or breathes. Five looks at what
 * goes up and down at random show so much growth at each step in one case of three hundred, seven in one of three thousand.
 */
const LEAST_STEP = 0.25;
/** One step of so many may show no growth, but may not be a fall by as much: what leaks in bursts may pause. */
const STEPS_WITH_A_PAUSE = 6;

/** Whether it grew from look to look. A pool that breathes shrinks at times, and a cache that is full stops. */
export function isSteady(sizes: readonly number[]): boolean {
  const steps = sizes.slice(1).map((size, n) => size - sizes[n]!);
  const even = (sizes.at(-1)! - sizes[0]!) / steps.length;
  const pauses = steps.filter((step) => step < LEAST_STEP * even);
  return pauses.length <= Math.floor(steps.length / STEPS_WITH_A_PAUSE) && pauses.every((step) => step > -LEAST_STEP * even);
}
