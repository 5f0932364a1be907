import { wasmKernel } from './kernel/kernel.ts';

/**
 * Ways in which the drift may be distributed, each Student's, by one shape under one noise: of each its weight, its mean over the whole window,
 * its deviation and its degrees of freedom, one after the other.
 */
export type SlopePosterior = readonly number[];

const NUMBERS_PER_COMPONENT = 4;

const withComponents = (drift: SlopePosterior, evaluate: (parts: number, count: number) => number): number =>
  wasmKernel().withScratch(() => evaluate(wasmKernel().copyFloats(drift), drift.length / NUMBERS_PER_COMPONENT));

/** Share of the belief that puts the drift at or under `value`; one half where there is no part. */
export const posteriorBelow = (drift: SlopePosterior, value: number): number =>
  withComponents(drift, (parts, count) => wasmKernel().exports.below(parts, count, value));

/** The drift that this share of the belief lies under. 0 where there is no part. */
export const posteriorQuantile = (drift: SlopePosterior, share: number): number =>
  withComponents(drift, (parts, count) => wasmKernel().exports.quantile(parts, count, share));
