import type { FieldEvaluation } from '../../src/trends/field/field-trend.ts';
import type { CoMovement } from '../../src/trends/together/co-movement.ts';

/** The evaluation of a field that is constant at 100 MB for a day, except for the given values. */
export function fieldEvaluation(given: Partial<FieldEvaluation> = {}): FieldEvaluation {
  return {
    trend: 'stable',
    slopeBytesPerHour: 0,
    low: 0,
    high: 0,
    p: 0.5,
    points: 100,
    windowSeconds: 86_400,
    basis: { segments: [0], line: null, modelProbabilities: [], statistics: {}, reason: 'made' },
    levelNow: 100e6,
    levelAtStart: 100e6,
    saturating: false,
    dailyLoadExcluded: false,
    posterior: 0,
    growthOdds: null,
    undecidedRise: null,
    ...given,
  };
}

/** A field that grows, with a 90 % interval of `half` an hour on either side. */
export const growingField = (slope: number, half: number, given: Partial<FieldEvaluation> = {}): FieldEvaluation =>
  fieldEvaluation({
    trend: 'growing',
    slopeBytesPerHour: slope,
    low: slope - half,
    high: slope + half,
    p: 0.001,
    posterior: 0.99,
    ...given,
  });

/** No two fields move together. */
export const UNMOVED: CoMovement = { isExplainedByCache: () => false, isExplainedByMappings: () => false, peak: () => null };
