import type { Series } from '../history/series.ts';
import type { JvmReading } from '../sources/types.ts';
import { evaluateSeries } from '../trends/evaluate.ts';
import { EvaluationCache } from '../trends/evaluation-cache.ts';
import { SECOND_MS } from '../units.ts';
import { composeVerdict, NOT_WATCHED } from './compose-verdict.ts';
import { leftByRuns } from './growth/left-by-runs.ts';
import type { TargetInfo, Verdict } from './types.ts';

/** The verdict for a series that nobody watches: a file, or the samples that a Prometheus server has. Pure. */
export function recordedVerdict(
  series: Series,
  {
    jvm,
    version,
    minHistorySeconds,
    cache = new EvaluationCache(),
  }: {
    readonly jvm: JvmReading | null;
    readonly version: 1 | 2;
    readonly minHistorySeconds: number;
    readonly cache?: EvaluationCache;
  },
): Verdict {
  const target: TargetInfo = {
    id: 'recorded',
    name: 'recorded',
    container: null,
    pid: null,
    reach: 'explicit',
    cgroup: { version, path: 'recorded' },
    limitBytes: series.limitBytes,
    otherJvms: [],
    jvm: series.fields.has('heap_used')
      ? { evidence: 'recorded', version: jvm?.version ?? null, collector: jvm?.collector ?? null }
      : null,
  };
  return composeVerdict({
    atMs: lastTimeOf(series.t) * SECOND_MS,
    target,
    evaluation: evaluateSeries(series, { minHistorySeconds }, cache.forAnotherSeries()),
    series,
    events: series.events,
    jvm,
    pod: { memoryRequestBytes: null, ephemeralStorageLimitBytes: null },
    ...NOT_WATCHED,
    leftByRuns: leftByRuns(series),
  });
}

/** The latest time, even if the series is unsorted. */
export function lastTimeOf(t: Float64Array): number {
  let last = 0;
  for (let i = 0; i < t.length; i++) last = Math.max(last, t[i]!);
  return last;
}
