import type { Verdict } from '../diagnosis/types.ts';
import { toSeriesJson } from '../history/series-json.ts';
import type { FinalReport } from '../history/store/final-reports.ts';
import type { WatchedContainer } from './watched-container.ts';

/** Enough to draw the end of a container, and small enough to keep for several. */
const LAST_HOUR_POINTS = 120;

/** The last verdict of a container that has exited, with its last hour. */
export function finalReportOf(watched: WatchedContainer, nowMs: number, everySeconds: number): FinalReport<Verdict> {
  const { history } = watched;
  const killS = history.events.findLast((e) => e.type === 'oom_kill')?.t ?? 0;
  const oomKilled = killS * 1000 > nowMs - 2 * everySeconds * 1000 - 1000;
  const verdict = watched.evaluate(nowMs, { atMs: nowMs, oomKilled });
  const lastHour = toSeriesJson(
    history.series({ fields: null, fromS: nowMs / 1000 - 3600, toS: null, points: LAST_HOUR_POINTS, epoch: 'current' }),
  );
  return { atMs: nowMs, verdict, lastHour };
}
