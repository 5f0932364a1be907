import type { LastEnd } from '../diagnosis/rule-context.ts';
import type { History } from '../history/history.ts';
import { type FinalReport, reportedOomKill, reportedTarget } from '../history/store/final-reports.ts';
import type { Store } from '../history/store/store.ts';
import type { Target } from '../sources/types.ts';
import { SECOND_MS } from '../units.ts';

const ADDRESS = '/api/v1/verdict?epoch=-1';

/** A final verdict is written a moment after the last sample of the run before. */
const TOLERANCE_S = 1;

/**
 * The end before the current run of a container: of an earlier run in its own history; or of another target in its cgroup or container,
 * such as the JVM in whose place only a shell or an empty cgroup is left.
 */
export function lastEndOf(
  { key, target, history }: { readonly key: string; readonly target: Target; readonly history: History },
  store: Pick<Store, 'finalReports'>,
): LastEnd | null {
  const all = store.finalReports(null);
  const found = newest([store.finalReports(key)[0], all.find((report) => isBefore(report, target, history))]);
  if (found === null) return null;
  const oomKilled = reportedOomKill(found);
  const { id } = reportedTarget(found);
  return {
    atMs: found.atMs,
    oomKilled: oomKilled === 'recorded' || oomKilled === 'likely' ? oomKilled : 'no',
    address: found === all[0] || id === null ? ADDRESS : `${ADDRESS}&target=${encodeURIComponent(id)}`,
  };
}

const newest = (reports: readonly (FinalReport | undefined)[]): FinalReport | null =>
  reports.filter((report) => report !== undefined).sort((a, b) => b.atMs - a.atMs)[0] ?? null;

/** Whether another target of the same cgroup or container ended before this run began. One that runs beside it is no earlier run. */
function isBefore(report: FinalReport, { cgroup, identity, process }: Target, history: History): boolean {
  const { cgroupPath, name } = reportedTarget(report);
  if (cgroupPath !== cgroup.path && !(identity.source === 'container-name' && name === identity.name)) return false;
  const startS = Number.isFinite(history.epoch.startS) ? history.epoch.startS : (history.firstS ?? Number.POSITIVE_INFINITY);
  return process === null || report.atMs / SECOND_MS <= startS + TOLERANCE_S;
}
