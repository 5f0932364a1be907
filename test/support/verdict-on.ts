import assert from 'node:assert/strict';
import { composeVerdict, NOT_WATCHED } from '../../src/diagnosis/compose-verdict.ts';
import type { TargetInfo, Verdict } from '../../src/diagnosis/types.ts';
import type { Series } from '../../src/history/series.ts';
import { evaluateSeries } from '../../src/trends/evaluate.ts';
import { contradictionsIn } from './contradictions.ts';

/** The verdict on a series alone, at its end. It is an error if it contradicts itself. */
export function verdictOn(series: Series, target: Partial<TargetInfo> = {}): Verdict {
  const { t, limitBytes, events } = series;
  const verdict = composeVerdict({
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
    pod: { memoryRequestBytes: null, ephemeralStorageLimitBytes: null },
    ...NOT_WATCHED,
  });
  assert.deepEqual(contradictionsIn(verdict), []);
  return verdict;
}
