import type { Series } from '../../history/series.ts';
import type { Evaluation } from '../../trends/types.ts';
import { MINUTE_S } from '../../units.ts';
import { paceSince } from './growth-pace.ts';

/** Further from the pace of its newest line, it is another growth than that of all memory used. */
const MAX_RATIO = 2;

/** In so young a run the slopes of two fields differ by the bursts of a writer even where their lines begin at one time. */
const YOUNG_S = 30 * MINUTE_S;

/**
 * The evaluation with page cache at its share of the growth of all memory used, both since that grows as it does now. The newest line of the cache may be
 * much shorter, of one burst or one pause of its writer, and then the two would not add up.
 */
export function withCacheInTimeOfUsage(evaluation: Evaluation, { t, fields }: Pick<Series, 't' | 'fields'>): Evaluation {
  const { usage, file } = evaluation.fields;
  const [fromS, cacheFromS] = [usage?.basis.line?.fromT, file?.basis.line?.fromT];
  const [whole, cache] = [fields.get('usage'), fields.get('file')];
  if (usage?.trend !== 'growing' || whole === undefined || cache === undefined) return evaluation;
  if (fromS === undefined || cacheFromS === undefined) return evaluation;
  if (cacheFromS <= fromS && usage.windowSeconds >= YOUNG_S) return evaluation;
  const share = Math.min(1, (paceSince(t, cache, fromS) ?? 0) / (paceSince(t, whole, fromS) ?? 0));
  const ratio = (share * (usage.slopeBytesPerHour ?? 0)) / (file?.slopeBytesPerHour ?? 0);
  if (!(ratio >= 1 / MAX_RATIO && ratio <= MAX_RATIO)) return evaluation;
  const causes = evaluation.causes.map((one) =>
    one.cause === 'page-cache' ? { ...one, bytesPerHour: ratio * one.bytesPerHour } : one,
  );
  return { ...evaluation, causes };
}
