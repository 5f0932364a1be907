import { sumPerHour } from '../../trends/together/growth-causes.ts';
import type { Eta, Evaluation } from '../../trends/types.ts';
import { HOUR_S } from '../../units.ts';

/**
 * When what others hold of a shared limit, with what this container grows by, reaches it; null: others do not grow, or there is no limit. `roomBytes`:
 * what all of them leave of it now.
 */
export function endByOthers({ fields, causes }: Pick<Evaluation, 'fields' | 'causes'>, roomBytes: number | null): Eta | null {
  const { trend, slopeBytesPerHour, low, high } = fields.held_elsewhere ?? {};
  if (roomBytes === null || trend !== 'growing' || slopeBytesPerHour == null || slopeBytesPerHour <= 0) return null;
  const beside = sumPerHour(causes.filter(({ reclaimable }) => !reclaimable));
  const seconds = (perHour: number): number => (roomBytes / (perHour + beside)) * HOUR_S;
  return {
    event: 'oom-kill',
    seconds: seconds(slopeBytesPerHour),
    low: seconds(high ?? slopeBytesPerHour),
    high: low != null && low > 0 ? seconds(low) : null,
  };
}

/** The evaluation with the OOM kill at which its own growth ends as soon as others that grow let it. */
export function withEndByOthers(evaluation: Evaluation, roomBytes: number | null): Evaluation {
  const end = endByOthers(evaluation, roomBytes);
  const isSooner = ({ event, seconds }: Eta): boolean => event === 'oom-kill' && end !== null && end.seconds < seconds;
  return evaluation.etas.some(isSooner)
    ? { ...evaluation, etas: evaluation.etas.map((eta) => (isSooner(eta) ? end! : eta)) }
    : evaluation;
}
