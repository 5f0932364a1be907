import type { Series } from '../../history/series.ts';
import { sumPerHour } from '../../trends/together/growth-causes.ts';
import type { Cause, Evaluation } from '../../trends/types.ts';
import { MINUTE_S } from '../../units.ts';
import { paceSince } from './growth-pace.ts';

/** Further from the pace of its newest line, it is another growth than that of all memory used. */
const MAX_RATIO = 2;

/** Causes that the kernel counts in `file`. */
const COUNTED_IN_FILE: ReadonlySet<Cause> = new Set(['page-cache', 'shmem', 'locked-cache']);

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
  const isYoung = usage.windowSeconds < YOUNG_S;
  if (cacheFromS <= fromS && !isYoung) return evaluation;
  const share = Math.min(1, (paceSince(t, cache, fromS) ?? 0) / (paceSince(t, whole, fromS) ?? 0));
  // The causes may be those of an answer that is held, and the trend of the field of another evaluation.
  const found = sumPerHour(evaluation.causes.filter(({ cause }) => COUNTED_IN_FILE.has(cause)));
  const ratio = (share * (usage.slopeBytesPerHour ?? 0)) / found;
  // A part is no faster than its whole: of a young run that is the pace of a burst.
  const least = isYoung ? 0 : 1 / MAX_RATIO;
  if (!(ratio > 0 && ratio >= least && ratio <= MAX_RATIO)) return evaluation;
  const causes = evaluation.causes.map((one) =>
    one.cause === 'page-cache' ? { ...one, bytesPerHour: ratio * one.bytesPerHour } : one,
  );
  return { ...evaluation, causes };
}
