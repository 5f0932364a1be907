import type { Limit } from '../sources/types.ts';
import type { Evaluation } from './types.ts';

/**
 * The time after which a new evaluation can give a different answer. `watch` evaluates only then, because an evaluation reads every row of every
 * field. The alarm (alarm.ts) counts evaluations, so extra ones would count the same answer twice.
 */

/**
 * The slopes of a window hardly change within this share of it: an hour is evaluated once a minute, eight hours every eight minutes. Three evaluations
 * in a row then take as long as a leak must be pending in any case (PENDING_SHARE in alarm.ts), so more of them would raise no alarm earlier.
 */
const PAUSE_SHARE = 1 / 60;
const MAX_PAUSE_S = 600;
/** At least this many evaluations are made before an expected event. */
const EVALUATIONS_BEFORE_EVENT = 20;
/** A change of usage by this share of the limit starts an evaluation at once, even if the window is long. */
const USAGE_CHANGE = 0.02;

/** Seconds until the next evaluation. */
export function pauseSeconds({ trend, fields, etas }: Evaluation): number {
  const windowS = trend === 'not-enough-data' ? 0 : (fields.usage?.windowSeconds ?? 0);
  const endS = etas[0]?.seconds ?? Number.POSITIVE_INFINITY;
  return Math.min(windowS * PAUSE_SHARE, endS / EVALUATIONS_BEFORE_EVENT, MAX_PAUSE_S);
}

/**
 * Whether usage has changed so little that the pause continues; false if usage is unknown (NaN). Without a limit the change is
 * compared with the usage itself.
 */
export const usageIsSteady = (beforeBytes: number, nowBytes: number, limitBytes: Limit): boolean =>
  Math.abs(nowBytes - beforeBytes) / (typeof limitBytes === 'number' ? limitBytes : beforeBytes) < USAGE_CHANGE;
