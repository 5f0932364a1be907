import { studentTCdf } from './student-t.ts';

/**
 * The posterior of a slope: a mixture of Student t distributions, one for each mean model under each noise model. Four numbers a component, one
 * component after the other: its weight, its mean, its deviation (the scale of t; mean and deviation in the unit of the series a window), its
 * degrees of freedom. The weights need not add up to 1. Plain numbers in one array, because interpreted code makes an object of each float.
 */
export type SlopePosterior = readonly number[];

export const NUMBERS_PER_COMPONENT = 4;

/** A deviation is never 0, so that no quotient is NaN. */
const MIN_DEVIATION = 1e-300;

/** The posterior probability of a slope at or under `slope`; 0.5 where the mixture is empty. */
export function slopeCdf(posterior: SlopePosterior, slope: number): number {
  let under = 0;
  let all = 0;
  for (let k = 0; k < posterior.length; k += NUMBERS_PER_COMPONENT) {
    const weight = posterior[k]!;
    const [mean, deviation, degrees] = [posterior[k + 1]!, posterior[k + 2]!, posterior[k + 3]!];
    all += weight;
    under += weight * studentTCdf((slope - mean) / Math.max(deviation, MIN_DEVIATION), degrees);
  }
  return all > 0 ? under / all : 0.5;
}

/** The first bracket of a quantile reaches this many deviations from each mean. */
const BRACKET_DEVIATIONS = 5;
/** Bisections: to a hundred-thousandth of the first bracket. */
const BISECTIONS = 17;

/** The slope under which `probability` (0 to 1) of the posterior lies, by bisection; 0 where the mixture is empty. */
export function slopeQuantile(posterior: SlopePosterior, probability: number): number {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let k = 0; k < posterior.length; k += NUMBERS_PER_COMPONENT) {
    const [mean, deviation] = [posterior[k + 1]!, posterior[k + 2]!];
    low = Math.min(low, mean - BRACKET_DEVIATIONS * deviation);
    high = Math.max(high, mean + BRACKET_DEVIATIONS * deviation);
  }
  if (!(low < high)) return low === Number.POSITIVE_INFINITY ? 0 : low;
  for (let k = 0; k < BISECTIONS; k++) {
    const middle = (low + high) / 2;
    if (slopeCdf(posterior, middle) < probability) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}
