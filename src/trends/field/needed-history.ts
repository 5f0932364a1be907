import type { Limit } from '../../sources/types.ts';
import { DAY_S, HOUR_S } from '../../units.ts';
import type { Evaluation } from '../types.ts';
import type { FieldEvaluation } from './field-trend.ts';
import { smallestRelevantGrowth } from './practical-significance.ts';

/** A wait beyond this is no answer: at such a noise the drift would be found by its size first. */
const MAX_WAIT_S = 30 * DAY_S;

/**
 * How much more history it takes until the faintest drift that matters would show in this field; null where it would show already, or
 * where something is found.
 */
export function neededHistory(field: FieldEvaluation | undefined, limit: Limit): Evaluation['needs'] {
  if (field === undefined || field.trend === 'growing' || field.low === null || field.high === null) return null;
  const level = Math.abs(field.levelNow);
  if (level === 0) return null;
  const { bytesPerDay, riseBytes } = smallestRelevantGrowth(level, limit);
  const slopePerSecond = bytesPerDay / DAY_S;
  const half = (field.high - field.low) / 2 / HOUR_S;
  const forRise = riseBytes / slopePerSecond;
  // The interval of a slope narrows with the window to the power of 1.4 to 1.9 for errors that return to their mean within hours, and of 0.5 to
  // 0.9 for a wandering near a random walk. 1 is between them, so that most waits end no later than reported.
  const forInterval = field.windowSeconds * (half / slopePerSecond);
  const missingS = Math.max(forRise, forInterval) - field.windowSeconds;
  if (!Number.isFinite(missingS) || missingS <= 0 || missingS > MAX_WAIT_S) return null;
  return {
    hours: missingS / HOUR_S,
    for: `a drift as slow as ${((slopePerSecond * HOUR_S) / 1e6).toPrecision(2)} MB an hour to show`,
  };
}
