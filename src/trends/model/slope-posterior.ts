import { kernel } from './kernel/kernel.ts';

/**
 * Ways in which the drift may be distributed, each Student's, by one shape under one noise: of each its weight, its mean over the whole window,
 * its deviation and its degrees of freedom, one after the other.
 */
export type Drift = readonly number[];

const PER_PART = 4;

const over = (drift: Drift, told: (parts: number, count: number) => number): number =>
  kernel().borrow(() => told(kernel().copy(drift), drift.length / PER_PART));

/** Share of the belief that puts the drift at or under `value`; one half where there is no part. */
export const driftBelow = (drift: Drift, value: number): number =>
  over(drift, (parts, count) => kernel().call.below(parts, count, value));

/** The drift that this share of the belief lies under. 0 where there is no part. */
export const driftQuantile = (drift: Drift, share: number): number =>
  over(drift, (parts, count) => kernel().call.quantile(parts, count, share));
