import type { Verdict } from '../diagnosis/types.ts';
import { toSeriesJson } from '../history/series-json.ts';
import type { FinalReport } from '../history/store/final-reports.ts';
import { HOUR_S, SECOND_MS } from '../units.ts';
import type { WatchedContainer } from './watched-container.ts';

/** Enough points to draw the end of a container, and few enough to keep several reports. */
const LAST_HOUR_POINTS = 120;

/** The last verdict of a container that has exited, with its last ledger and its last hour. */
export function finalReportOf(watched: WatchedContainer, nowMs: number, everySeconds: number): FinalReport<Verdict> {
  const { history } = watched;
  const killS = history.events.findLast((e) => e.type === 'oom_kill')?.t ?? 0;
  const oomKilled = killS * SECOND_MS > nowMs - (2 * everySeconds + 1) * SECOND_MS;
  const verdict = watched.evaluate(nowMs, { atMs: nowMs, oomKilled });
  const lastHour = toSeriesJson(
    history.series({ fields: null, fromS: nowMs / SECOND_MS - HOUR_S, toS: null, points: LAST_HOUR_POINTS, epoch: 'current' }),
  );
  return { atMs: nowMs, verdict, ledger: watched.lastLedger(), lastHour };
}
