import { composeVerdictAfter, NOT_WATCHED } from '../../src/diagnosis/compose-verdict.ts';
import type { SteadyState } from '../../src/diagnosis/steady.ts';
import type { TargetInfo, Verdict } from '../../src/diagnosis/types.ts';
import type { FileTrack, Series } from '../../src/history/series.ts';
import { createAlarm } from '../../src/trends/alarm.ts';
import { evaluateSeries } from '../../src/trends/evaluate.ts';
import { EvaluationCache } from '../../src/trends/evaluation-cache.ts';

/** The series as it was at this time. */
function seriesUntil(series: Series, atS: number): Series {
  const n = series.t.findLastIndex((t) => t <= atS) + 1;
  const readings = series.parts.t.findLastIndex((t) => t <= atS) + 1;
  return {
    ...series,
    t: series.t.subarray(0, n),
    fields: new Map([...series.fields].map(([id, column]) => [id, column.subarray(0, n)])),
    events: series.events.filter(({ t }) => t <= atS),
    files: series.files.map((track) => trackUntil(track, atS)).filter(({ t }) => t.length > 0),
    parts: {
      t: series.parts.t.subarray(0, readings),
      parts: series.parts.parts.map((part) => ({ ...part, bytes: part.bytes.subarray(0, readings) })),
    },
  };
}

function trackUntil(track: FileTrack, atS: number): FileTrack {
  const n = track.t.findLastIndex((t) => t <= atS) + 1;
  const { t, sizeBytes, allocatedBytes, residentBytes, freeBytes, members } = track;
  return {
    ...track,
    t: t.subarray(0, n),
    sizeBytes: sizeBytes.subarray(0, n),
    allocatedBytes: allocatedBytes.subarray(0, n),
    residentBytes: residentBytes.subarray(0, n),
    freeBytes: freeBytes?.subarray(0, n) ?? null,
    members: members.map((member) => trackUntil(member, atS)),
  };
}

/** The verdicts that `watch` gives at these times, each after the one before, with the alarm and with what is held. Epoch seconds. */
export function* verdictsAlong(
  series: Series,
  times: Iterable<number>,
  { minHistorySeconds, version = 1 }: { readonly minHistorySeconds: number; readonly version?: 1 | 2 },
): Generator<{ readonly atS: number; readonly verdict: Verdict }> {
  const alarm = createAlarm();
  const cache = new EvaluationCache();
  let steady: SteadyState | null = null;
  const target: TargetInfo = {
    ...{ id: 'recorded', name: 'recorded', container: null, pid: 1, reach: 'explicit', otherJvms: [] },
    cgroup: { version, path: 'recorded' },
    limitBytes: series.limitBytes,
    jvm: series.fields.has('heap_used') ? { evidence: 'recorded', version: null, collector: null } : null,
  };
  for (const atS of times) {
    const until = seriesUntil(series, atS);
    const after = composeVerdictAfter(steady, {
      ...{ atMs: atS * 1000, target, series: until, events: until.events },
      evaluation: alarm.update(evaluateSeries(until, { minHistorySeconds }, cache), atS),
      jvm: null,
      ...NOT_WATCHED,
      pod: { memoryRequestBytes: null, ephemeralStorageLimitBytes: null },
    });
    steady = after.steady;
    yield { atS, verdict: after.verdict };
  }
}
