export { below, normalBelow, quantile, studentBelow } from './drift';
export { means } from './means';
export { inverse, kalman, pairs, series } from './noise';
export { evidences, fits, likelihoods } from './shape';

/** Where memory is free for the caller, in bytes. */
export function free(): usize {
  return (__heap_base + 7) & ~7;
}
