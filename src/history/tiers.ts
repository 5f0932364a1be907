import { DAY_S, HOUR_S, MINUTE_S } from '../units.ts';

/** A resolution of the history: from an age of `olderThanS`, a row covers `stepS` seconds. The names of its segments hold `name`. */
interface Tier {
  readonly name: string;
  readonly olderThanS: number;
  readonly stepS: number;
}

/** Coarsest first. Younger rows stay as they were sampled. */
export const TIERS: readonly Tier[] = [
  { name: '2h', olderThanS: 14 * DAY_S, stepS: 2 * HOUR_S },
  { name: '15m', olderThanS: 2 * DAY_S, stepS: 15 * MINUTE_S },
  { name: '1m', olderThanS: 2 * HOUR_S, stepS: MINUTE_S },
];

/** Steps of the tiers on disk, finest first: 0 is raw. */
export const TIER_STEPS: readonly number[] = [0, ...TIERS.map((tier) => tier.stepS).reverse()];

/** Default retention: a quarter of a year, in seconds. */
export const KEEP_S = 92 * DAY_S;
