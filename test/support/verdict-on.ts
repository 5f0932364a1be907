import { composeVerdict } from '../../src/diagnosis/compose-verdict.ts';
import type { TargetInfo, Verdict } from '../../src/diagnosis/types.ts';
import type { Series } from '../../src/history/series.ts';
import { evaluateSeries } from '../../src/trends/evaluate.ts';

/** The verdict on a series alone, at its end. */
export function verdictOn(series: Series, target: Partial<TargetInfo> = {}): Verdict {
  const { t, limitBytes, events } = series;
  return composeVerdict({
    atMs: t[t.length - 1]! * 1000,
    target: {
      id: 'made',
      name: 'made',
      container: null,
      pid: null,
      reach: 'explicit',
      cgroup: { version: 1, path: 'made' },
      limitBytes,
      otherJvms: [],
      jvm: series.fields.has('heap_used') ? { evidence: 'made', version: null, collector: null } : null,
      ...target,
    },
    evaluation: evaluateSeries(series, { minHistorySeconds: 900 }),
    series,
    events,
    jvm: null,
    allocator: null,
    pod: { memoryRequestBytes: null, ephemeralStorageLimitBytes: null },
    ended: null,
    lastEnd: null,
    otherJvms: [],
  });
}
