import type { Limit } from '../sources/types.ts';
import type { Evaluation } from './types.ts';

/**
 * When another evaluation can give another answer. It passes over every row of every field, so `watch` makes one only then: the alarm
 * (alarm.ts) counts evaluations, and those in between would count the same answer again.
 */

/** The slopes of a window change only after this share of it: a window of eight hours is evaluated each minute, a day each three. */
const PAUSE_SHARE = 1 / 500;
const MAX_PAUSE_S = 600;
/** An event that is expected is evaluated at least so many times before it comes. */
const EVALUATIONS_BEFORE_EVENT = 20;
/** Usage that changes by this share of the limit is evaluated at once, however long the window is. */
const USAGE_CHANGE = 0.02;

/** Seconds for which an evaluation need not be repeated. */
export function pauseSeconds({ trend, fields, etas }: Evaluation): number {
  const windowS = trend === 'not-enough-data' ? 0 : (fields.usage?.windowSeconds ?? 0);
  const endS = etas[0]?.seconds ?? Number.POSITIVE_INFINITY;
  return Math.min(windowS * PAUSE_SHARE, endS / EVALUATIONS_BEFORE_EVENT, MAX_PAUSE_S);
}

/** Whether usage has changed so little that the pause goes on; not where it is unknown. Without a limit the change is compared with the usage itself. */
export const usageIsSteady = (beforeBytes: number, nowBytes: number, limitBytes: Limit): boolean =>
  Math.abs(nowBytes - beforeBytes) / (typeof limitBytes === 'number' ? limitBytes : beforeBytes) < USAGE_CHANGE;
