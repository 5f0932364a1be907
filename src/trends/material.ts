import type { Limit } from '../sources/types.ts';

const MIB = 1_048_576;
const DAY = 86_400;

/**
 * Whether a growth matters to anyone: 0.4 % of the limit a day, or a tenth of the field's own level and 1 MiB a day; and
 * within the window it must have risen by 1 MiB and 1 % of the field, so that a short window does not cry over crumbs.
 */
export function isMaterial(slopePerSecond: number, level: number, limit: Limit, windowS: number, unit: string): boolean {
  const daily = Math.abs(slopePerSecond) * DAY;
  const rise = Math.abs(slopePerSecond) * windowS;
  const own = Math.abs(level);
  if (unit !== 'bytes') return daily >= 0.1 * own && daily >= 10 && rise >= Math.max(3, 0.01 * own);
  const ofLimit = typeof limit === 'number' && daily >= 0.004 * limit;
  return (ofLimit || (daily >= 0.1 * own && daily >= MIB)) && rise >= Math.max(MIB, 0.01 * own);
}

/** The slowest growth of a field of bytes that matters to anyone, and how far it must have risen to be told. As `isMaterial` has it. */
export function faintest(level: number, limit: Limit): { readonly slopePerSecond: number; readonly riseBytes: number } {
  const own = Math.max(0.1 * level, MIB) / DAY;
  const ofLimit = typeof limit === 'number' && limit > 0 ? (0.004 * limit) / DAY : Number.POSITIVE_INFINITY;
  return { slopePerSecond: Math.min(own, ofLimit), riseBytes: Math.max(MIB, 0.01 * level) };
}
