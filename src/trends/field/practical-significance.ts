import type { Limit } from '../../sources/types.ts';
import { DAY_S, MIB } from '../../units.ts';

/**
 * Whether a growth matters to anyone: 0.4 % of the limit a day, or a tenth of the field's own level and 1 MiB a day; and
 * within the window it must have risen by 1 MiB and 1 % of the field, so that a short window does not cry over crumbs.
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
  return daily >= bytesPerDay && rise >= riseBytes;
}

/** The slowest growth of a field of bytes that is significant in practice, and how far it must have risen to be reported. */
export function smallestRelevantGrowth(
  level: number,
  limit: Limit,
): { readonly bytesPerDay: number; readonly riseBytes: number } {
  const ofLimit = typeof limit === 'number' ? 0.004 * limit : Number.POSITIVE_INFINITY;
  return { bytesPerDay: Math.min(Math.max(0.1 * level, MIB), ofLimit), riseBytes: Math.max(MIB, 0.01 * level) };
}
