import type { Limit } from '../../sources/types.ts';
import { DAY_S, MIB } from '../../units.ts';

const LASTING_SHARE = 0.25;

/**
 * Practical significance: whether growth is large enough to matter to an operator. It is 0.4 % of the limit a day, or a tenth of the
 * field's level and 1 MiB a day. Without a limit, growth that is slower but has lasted counts too: a quarter of the level within the window
 * (300 MiB that became 700 in two weeks). Within the window the field must also have risen by 1 MiB and 1 % of its level, so that a short
 * window does not report tiny changes.
 */
export function isPracticallySignificant(
  slopePerSecond: number,
  level: number,
  limit: Limit,
  windowS: number,
  unit: string,
): boolean {
  const daily = Math.abs(slopePerSecond) * DAY_S;
  const rise = Math.abs(slopePerSecond) * windowS;
  const own = Math.abs(level);
  if (unit !== 'bytes') return daily >= 0.1 * own && daily >= 10 && rise >= Math.max(3, 0.01 * own);
  const { bytesPerDay, riseBytes } = smallestRelevantGrowth(own, limit);
  if (typeof limit !== 'number' && daily >= MIB && rise >= Math.max(riseBytes, LASTING_SHARE * own)) return true;
  return daily >= bytesPerDay && rise >= riseBytes;
}

/** The slowest growth (of a field in bytes) that has practical significance, and the rise that is needed before it is reported. */
export function smallestRelevantGrowth(
  level: number,
  limit: Limit,
): { readonly bytesPerDay: number; readonly riseBytes: number } {
  const ofLimit = typeof limit === 'number' ? 0.004 * limit : Number.POSITIVE_INFINITY;
  return { bytesPerDay: Math.min(Math.max(0.1 * level, MIB), ofLimit), riseBytes: Math.max(MIB, 0.01 * level) };
}
