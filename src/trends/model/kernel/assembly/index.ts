export { removeDailyCycle } from './daily-cycle';
export { inverse, kalman, pairs, series } from './kalman-filter';
export { fits, likelihoods, meanLikelihoods } from './least-squares';
export { fallsBelow, isAscending, moves } from './moves';
export { means } from './robust-mean';
export { normalCdf, slopeCdf, slopeQuantile, studentTCdf } from './slope-posterior';
export { centredSums, withoutLine } from './straight-line';
export { checksum, meanOfKnown } from './sums';

/** Where memory is free for the caller, in bytes. */
export function free(): usize {
  return (__heap_base + 7) & ~7;
}
