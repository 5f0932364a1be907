import { sumPerHour } from '../../trends/together/growth-causes.ts';
import type { Evaluation } from '../../trends/types.ts';
import { HOUR_S, MIB } from '../../units.ts';
import { type AnonGrowth, causeAmong } from './anon-growth.ts';

/** The JVM's memory rose, and the container's shows no lasting growth, such as where other processes come and go. */
export interface HiddenRise {
  readonly bytes: number;
  readonly seconds: number;
}

/** A smaller rise may be a warm-up. */
const MIN_RISE_BYTES = 32 * MIB;
/** The parts of the JVM outside its heap have at least this share of the rise: the rest may be a heap that fills, or mapped files. */
const MIN_SHARE = 0.6;

/** The rise of the JVM's RSS that the trends of the container do not show; null: there is none, or its parts outside the heap do not explain it. */
export function hiddenRise({ trend, fields: { rss, anon } }: Evaluation, growth: AnonGrowth | null): HiddenRise | null {
  if ((trend !== 'stable' && trend !== 'cyclic') || growth === null) return null;
  if (rss?.trend !== 'growing' || rss.slopeBytesPerHour === null || anon?.trend === 'growing') return null;
  const perHour = sumPerHour(growth.parts.filter((part) => !['heap', 'process', null].includes(causeAmong(growth.parts, part))));
  const bytes = (rss.slopeBytesPerHour * rss.windowSeconds) / HOUR_S;
  return bytes >= MIN_RISE_BYTES && perHour >= MIN_SHARE * rss.slopeBytesPerHour ? { bytes, seconds: rss.windowSeconds } : null;
}
